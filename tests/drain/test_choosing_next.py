"""Which phase is next: retries whose time has come, the backlog's best, and what the budget leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from batchdrain.model.claim import ScheduledAttempt
from tests.drain.choosing import NOW, Holding, Room, choice, retry


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as found:
        yield found


def test_a_retry_whose_time_has_come_goes_first_and_one_whose_time_has_not_waits(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "ab")
    room.chooser.begin([retry("y", NOW + 5), retry("x", NOW)])
    assert [room.pick() for _ in range(4)] == ["x again", "a", "b", None]
    assert room.chooser.awaits_time()
    assert room.until() == 5.0
    room.now += 5
    assert [room.pick(), room.chooser.awaits_time()] == ["y again", False]


def test_a_retry_of_a_run_that_is_busy_waits_and_keeps_no_other_waiting(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "")
    room.chooser.begin([retry("x", NOW - 2), retry("y", NOW - 1)])
    room.busy = {"x"}
    assert [room.pick() for _ in range(2)] == ["y again", None]
    assert room.until(held=1) is None
    room.busy = set()
    assert room.pick() == "x again"


def test_after_a_transient_failure_a_phase_that_was_not_tried_yet_goes_first(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a")
    room.chooser.begin([retry("x")])
    room.breaker.outage.note(choice("z").phase.key, NOW, is_transient=True)
    assert [room.pick() for _ in range(2)] == ["a", "x again"]


def test_a_retry_costs_nothing_of_the_batch_and_gives_nothing_back_to_it(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "abc", most=2)
    room.chooser.begin([retry("x")])
    again = room.chooser.next(room.workers())
    assert again is not None
    room.chooser.take_back(again)
    assert (room.chooser.taken, room.chooser.left) == (0, 2)
    new = room.chooser.next(room.workers())
    assert new is not None
    assert room.chooser.left == 1
    room.chooser.take_back(new)
    assert room.chooser.left == 2
    assert [room.pick() for _ in range(3)] == ["b", "c", None]


def test_nothing_is_chosen_once_the_session_ends(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a")
    room.chooser.begin([retry("x")])
    room.is_ending = True
    assert room.pick() is None
    assert not room.chooser.awaits_time()


def test_a_wait_for_a_retry_is_no_longer_than_the_time_that_the_session_has(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "", minutes=2)
    room.chooser.begin([retry("x", NOW + 3600)])
    assert room.until() == 120.0
    room.stops.progress.elapsed_s = 90.0
    assert room.until() == 30.0
    room.stops.progress.elapsed_s = 130.0
    assert room.until() == 0.0


def test_a_lane_that_ran_out_is_read_again_before_a_choice_and_the_rest_is_not(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "")
    room.chooser.begin([])
    room.stale = True
    assert (room.pick(), room.refills, room.reads) == (None, 1, 0)
    assert (room.pick(), room.refills, room.reads) == (None, 1, 0)


def test_nothing_is_left_only_where_all_was_read_after_the_last_result(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "")
    room.chooser.begin([])
    assert (room.pick(), room.reads) == (None, 0)
    room.chooser.look_again()
    assert (room.pick(), room.reads) == (None, 1)
    assert (room.pick(), room.reads) == (None, 1)


def test_while_commands_run_an_empty_backlog_is_not_read_more_often_than_it_may_cost(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "")
    room.chooser.begin([])
    room.chooser.look_again()
    room.refresh.is_affordable = False
    assert (room.chooser.next(cast("Any", Holding(set(), held=1))), room.reads) == (None, 0)
    room.refresh.is_under_way, room.refresh.affordable_in_s, room.refresh.due_in_s = False, 7.0, 30.0
    assert room.chooser.wait_s(cast("Any", Holding(set(), held=1))) == 7.0, "it is, as soon as it may be"
    assert (room.pick(), room.reads) == (None, 1), "and at once where nothing runs"


def test_no_reading_keeps_a_result_waiting_that_is_there_already(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "")
    room.chooser.begin([])
    room.chooser.look_again()
    room.refresh.is_affordable = True
    assert (room.chooser.next(cast("Any", Holding(set(), held=1, ended=True))), room.reads) == (None, 0)
    assert (room.chooser.next(cast("Any", Holding(set(), held=1))), room.reads) == (None, 1)


@pytest.mark.parametrize(("most", "retry", "waiting"), [(None, False, 4), (2, False, 3), (2, True, 2), (None, True, 3)])
def test_a_phase_that_waits_for_its_turn_is_still_to_be_begun_and_a_retry_was_before(
    monkeypatch: pytest.MonkeyPatch, most: int | None, retry: bool, waiting: int
) -> None:
    room = Room(monkeypatch, "abc", most=most)
    scheduled = ScheduledAttempt(0.0, 1, choice("x"), executions=int(retry))
    room.chooser.put_off(scheduled, 5.0)
    assert room.chooser.waiting == waiting


def test_after_a_reading_an_empty_backlog_is_not_read_again_until_there_is_a_result(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "ab")
    room.chooser.begin([])
    assert [room.pick(), room.pick()] == ["a", "b"]
    room.chooser.look_again()
    assert [(room.pick(), room.reads), (room.pick(), room.reads)] == [(None, 1), (None, 1)]


@pytest.mark.parametrize(("runs", "most", "awaits"), [("a", None, True), ("a", 0, False), ("", None, False)])
def test_the_end_of_a_pause_is_awaited_where_there_is_something_for_it(
    patch: pytest.MonkeyPatch, runs: str, most: int | None, awaits: bool
) -> None:
    room = Room(patch, runs, most=most)
    room.chooser.begin([])
    assert not room.chooser.awaits_time()
    room.breaker.outage.pauses, room.breaker.outage.due_s = 1, NOW + 10
    assert (room.chooser.permits, room.chooser.awaits_time()) == (0, awaits)
    assert room.until() == 10.0
    room.now += 10
    assert (room.chooser.permits, room.chooser.awaits_time()) == (1, False)


def test_an_empty_backlog_is_read_again_at_once_while_commands_run_where_that_costs_little(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "")
    room.chooser.begin([])
    room.chooser.look_again()
    assert (room.chooser.next(cast("Any", Holding(set(), held=1))), room.reads) == (None, 1)


def test_a_phase_has_the_first_place_that_is_free_behind_all_that_have_a_result(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "abc")
    room.stops.results = 5
    room.chooser.begin(())
    first, second = room.chooser.next(room.workers()), room.chooser.next(room.workers())
    assert first is not None
    assert second is not None
    assert (first.number, first.due, first.is_retry, second.number) == (6, 0.0, False, 7)
    room.chooser.take_back(first)
    third = room.chooser.next(room.workers())
    assert third is not None
    assert third.number == 6


def test_a_pause_that_ends_before_anybody_asks_whether_it_lasts_ends_no_session(patch: pytest.MonkeyPatch) -> None:
    """The workers were filled, in vain, while it lasted."""
    room = Room(patch, "a")
    room.chooser.begin([])
    room.breaker.outage.pauses, room.breaker.outage.due_s = 1, NOW + 10
    assert room.chooser.permits == 0
    room.now += 10
    assert room.chooser.awaits_time()


def test_a_session_that_is_paused_from_elsewhere_permits_nothing_and_waits(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a", minutes=1)
    room.chooser.begin([])
    room.stops.is_paused = True
    assert (room.chooser.permits, room.chooser.awaits_time(), room.until()) == (0, True, 60.0)
    room.stops.is_paused = False
    assert (room.chooser.awaits_time(), room.chooser.permits) == (True, 2)


def test_what_had_to_wait_for_its_turn_comes_again_before_any_other(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "ab")
    room.chooser.begin([])
    scheduled = room.chooser.next(room.workers())
    assert scheduled is not None
    room.chooser.put_off(scheduled, 1.0)
    room.chooser.take_back(scheduled)
    assert room.chooser.taken == 0
    assert (room.pick(), room.chooser.taken, room.pick()) == ("a", 1, "b")
