"""What a chooser waits for, and what it does meanwhile: readings, batches, turns, and what foreign code may do to it."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.model.claim import Choice
from tests.drain.choosing import NOW, Holding, Room, choice, retry
from tests.drain.judging import ending, judged, settings_of

RESULT = judged(settings_of(), ending(exit_code=1))


def held(count: int, *, ends: bool = False) -> Any:
    workers: Any = Holding(set(), count)
    workers.have_ended = lambda: ends
    return workers


def pace(due: float = 0.0, *, is_due: bool = True) -> Any:
    """`told`: how often a free worker waited; `waits_s`: how long it was put off."""
    found = SimpleNamespace(due=due, permits=lambda: is_due, told=0, waits_s=list[float]())
    found.put_off = found.waits_s.append

    def tell() -> None:
        found.told += 1

    found.tell_wait = tell
    return found


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def test_before_anything_was_chosen_a_reading_is_awaited_until_it_is_due(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a")
    room.chooser.begin([])
    assert (room.chooser.wait_s(held(2)), room.tells) == (30.0, 1)
    room.chooser.try_again(retry("x", NOW + 5))
    assert room.chooser.wait_s(held(1)) == 5.0
    room.refresh.due_in_s = 3.0
    assert room.chooser.wait_s(held(1)) == 3.0


def test_after_a_choice_only_a_reading_that_is_due_is_awaited(patch: pytest.MonkeyPatch) -> None:
    """The one before it had to wait until it was affordable."""
    room = Room(patch, "")
    room.chooser.begin([])
    room.chooser.look_again()
    room.refresh.is_affordable = False
    assert room.chooser.next(held(1)) is None
    assert room.chooser.wait_s(held(1)) == 7.0
    room.left = ["a"]
    assert room.chooser.next(held(1)) is not None
    assert room.chooser.wait_s(held(2)) == 30.0


@pytest.mark.parametrize(("is_ending", "most"), [(True, None), (False, 0)], ids=["the session ends", "the batch is full"])
def test_where_nothing_more_is_taken_a_reading_is_abandoned_and_none_begun(
    patch: pytest.MonkeyPatch, is_ending: bool, most: int | None
) -> None:
    room = Room(patch, "a", most=most)
    room.chooser.begin([])
    room.is_ending, room.refresh.is_due = is_ending, True
    assert room.chooser.wait_s(held(1)) is None
    assert room.asked == ["reading abandoned"]
    room.chooser.try_again(retry("x", NOW + 5))
    assert room.chooser.wait_s(held(1)) == 5.0


def test_a_reading_that_is_due_begins_and_goes_on_for_a_tenth_of_a_second_at_most(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a")
    room.chooser.begin([])
    room.refresh.is_due, room.steps = True, 100
    assert room.chooser.wait_s(held(1)) == 0.0
    assert (room.asked, room.steps) == (["reading begun"], 104)
    room.refresh.is_due = False
    assert room.chooser.wait_s(held(1)) == 0.0
    assert (room.asked, room.steps) == (["reading begun"], 108)


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        ({}, 3), ({"ends": True}, 0), ({"ends": True, "may_step": True}, 3), ({"is_interrupted": True}, 0),
        ({"retry_in_s": 0.05}, 2), ({"retry_in_s": 50.0}, 3),
    ],
    ids=["until it is done", "until a command has ended", "unless it is cheap", "until a signal", "until a retry is due", "no retry yet"],
)  # fmt: skip
def test_a_reading_goes_on_while_nothing_else_is_to_be_done(
    patch: pytest.MonkeyPatch, facts: dict[str, Any], steps: int
) -> None:
    room = Room(patch, "")
    room.chooser.begin([retry("x", NOW + facts["retry_in_s"])] if "retry_in_s" in facts else [])
    room.refresh.is_under_way, room.refresh.may_step = True, facts.get("may_step", False)
    room.stops.is_interrupted = facts.get("is_interrupted", False)
    assert room.chooser.wait_s(held(1, ends=facts.get("ends", False))) == 0.0
    assert room.steps == steps


@pytest.mark.parametrize(("occupied", "is_paused", "told"), [(1, False, 1), (2, False, 0), (1, True, 0), (0, False, 1)])
def test_a_free_worker_that_waits_for_its_turn_is_told_of_unless_somebody_has_paused_it(
    patch: pytest.MonkeyPatch, occupied: int, is_paused: bool, told: int
) -> None:
    turns = pace()
    room = Room(patch, "a", pace=turns)
    room.chooser.begin([])
    room.stops.is_paused = is_paused
    room.chooser.wait_s(held(occupied))
    assert turns.told == told


def test_a_turn_that_has_not_come_permits_nothing_and_is_awaited(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a", pace=pace(NOW + 4, is_due=False))
    room.chooser.begin([])
    assert (room.chooser.permits, room.chooser.awaits_time(), room.until(), room.until(held=1)) == (0, True, 4.0, 4.0)


def test_of_an_outage_and_a_turn_the_later_is_awaited(patch: pytest.MonkeyPatch) -> None:
    for due, outage, awaited in ((4, 9, 9.0), (9, 4, 9.0)):
        room = Room(patch, "a", pace=pace(NOW + due, is_due=False))
        room.chooser.begin([])
        room.breaker.outage.pauses, room.breaker.outage.due_s = 1, NOW + outage
        assert room.until() == awaited


def test_no_time_is_awaited_after_a_signal_nor_while_every_worker_is_busy(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a")
    room.chooser.begin([retry("x", NOW + 5)])
    assert [room.until(held=count) for count in (0, 1, 2, 3)] == [5.0, 5.0, None, None]
    room.stops.is_interrupted = True
    assert room.until() is None


def test_one_probe_at_a_time_is_made_after_the_pause_of_an_outage(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a")
    room.chooser.begin([retry("x", NOW + 5)])
    room.breaker.outage.pauses, room.breaker.outage.due_s = 1, NOW
    assert (room.chooser.permits, room.until(held=1), room.until(held=0)) == (1, None, 5.0)


def test_a_phase_that_was_put_off_is_awaited_and_a_retry_among_them_is_a_retry_still(patch: pytest.MonkeyPatch) -> None:
    for scheduled, is_retry in ((retry("x"), True), (None, False)):
        turns = pace(NOW + 3, is_due=False)
        room = Room(patch, "a", pace=turns)
        room.chooser.begin([])
        one = scheduled or room.chooser.next(room.workers())
        assert one is not None
        assert not room.chooser.has_retries
        room.chooser.put_off(one, 3.0)
        assert (room.chooser.has_retries, turns.waits_s) == (is_retry, [3.0])
        assert room.chooser.permits == 0
        assert room.chooser.awaits_time()


def test_a_retry_that_was_put_off_comes_again_as_it_was_and_another_phase_under_the_next_number(
    patch: pytest.MonkeyPatch,
) -> None:
    room = Room(patch, "ab")
    room.chooser.begin([])
    again = retry("x")
    room.chooser.put_off(again, 1.0)
    assert (room.chooser.next(room.workers()), room.chooser.taken) == (again, 0)
    first, second = room.chooser.next(room.workers()), room.chooser.next(room.workers())
    assert first is not None
    assert second is not None
    room.chooser.put_off(second, 1.0)
    room.chooser.take_back(second)
    room.chooser.take_back(first)
    found = room.chooser.next(room.workers())
    assert found is not None
    assert (found.run_id, found.number, room.chooser.taken) == ("b", 1, 1)


def test_what_waits_to_be_tried_again_is_a_retry_left(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "")
    room.chooser.begin([])
    assert not room.chooser.has_retries
    room.chooser.try_again(retry("x", NOW + 5))
    assert (room.chooser.has_retries, room.chooser.retries_due) == (True, [NOW + 5])


@pytest.mark.parametrize(
    ("is_affordable", "read_s", "reads", "begun"),
    [(True, 0.0, 1, []), (True, 0.1, 0, ["reading begun"]), (True, 9.0, 0, ["reading begun"]), (False, 0.0, 0, [])],
)
def test_between_two_batches_the_backlog_is_read_once_at_once_if_that_is_quick(
    patch: pytest.MonkeyPatch, is_affordable: bool, read_s: float, reads: int, begun: list[str]
) -> None:
    room = Room(patch, "abcde", batch=2)
    room.read_s, room.refresh.is_affordable = read_s, is_affordable
    room.chooser.begin([])
    assert [room.pick(), room.pick(), room.reads, room.asked] == ["a", "b", 0, []]
    third = room.chooser.next(room.workers())
    assert third is not None
    room.chooser.take_back(third)
    assert (room.pick(), room.reads, room.asked) == ("d", reads, begun)
    assert room.pick() == "e"
    assert (room.reads, room.asked) == (reads, begun)


def test_an_outage_is_no_time_for_diagnoses(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "abc", most=2)
    room.chooser.begin([])
    room.chooser.look_ahead()
    assert room.asked == ["diagnoses for 2"]
    room.breaker.outage.pauses, room.breaker.outage.due_s = 1, NOW + 10
    room.chooser.look_ahead()
    assert room.asked == ["diagnoses for 2"]


def test_a_phase_that_begins_is_diagnosed_no_more(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "")
    room.chooser.cancel_diagnosis(retry("x"))
    assert room.asked == ["no diagnosis of x / p"]


def test_a_pause_that_is_heard_while_a_phase_is_to_be_chosen_holds_it_back_and_is_awaited(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a")
    room.chooser.begin([])
    assert room.chooser.permits == 2

    def hear() -> bool:
        room.stops.is_paused = True
        return False

    room.stops.is_ending = hear
    assert room.pick() is None
    assert room.chooser.awaits_time(), "there is a phase, and the pause may end"


def test_a_result_reopens_what_a_full_group_closed_and_ranks_its_run_anew(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "ab")
    room.chooser.begin([])
    room.chooser.close()
    assert (room.chooser.left, room.pick()) == (0, None)
    room.chooser.learn(RESULT)
    assert (room.chooser.left, room.pick(), room.asked) == (None, "a", ["learns of r"])
    room.chooser.close()
    room.chooser.look_again()
    assert room.pick() == "b"


def test_a_reading_that_is_under_way_ends_with_the_choosing(patch: pytest.MonkeyPatch) -> None:
    room = Room(patch, "a")
    room.chooser.end()
    assert room.asked == ["reading abandoned", "backlog ended"]


def test_what_is_asked_for_before_anything_else_is_what_the_session_knew_to_be_full(patch: pytest.MonkeyPatch) -> None:
    room, asked = Room(patch, "a"), list[object]()
    room.chooser.begin([])
    room.stops.full_clusters = lambda running: {"full": running()}

    def choose(now: datetime, busy: set[str], full: object) -> Choice:
        asked.append((busy, full))
        return choice("a")

    patch.setattr(room, "next", choose)
    room.busy = {"b"}
    assert room.pick() == "a"
    assert cast("Any", asked) == [({"b"}, {"full": {}})]


def test_where_nothing_can_begin_beside_nothing_that_runs_no_time_is_awaited(patch: pytest.MonkeyPatch) -> None:
    """Its dependencies may never be met: the drain would wait for ever."""
    room = Room(patch, "a")
    room.chooser.begin([])
    room.busy = {"a"}
    assert (room.chooser.permits, room.pick(), room.chooser.awaits_time()) == (2, None, False)
