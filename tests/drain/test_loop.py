"""The loop itself: what is asked of whom and in which order, and what is done whatever ends it."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.database.ledger.groups import GroupEnded
from batchdrain.drain.finish import Conclusion
from batchdrain.drain.table_watch import SchemaChanged
from batchdrain.model.claim import NotYet, ScheduledAttempt
from batchdrain.model.errors import BadData, ConfigError, DatabaseUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from tests.drain.judging import ending, judged, settings_of
from tests.drain.looping import Looping, scheduled

AWAY = DatabaseUnavailable("away", remedy="wait")
CHANGED = SchemaChanged("the table has changed", remedy="mend it")
RESULT = judged(settings_of(), ending(exit_code=1))
BEGINS = ["claimer begin", "membership begin", "chooser begin"]
TURN = ["chooser look_ahead", "recorder settle", "waits 7.0"]
END = ["membership tell", "claimer forget_taken", "recorder settle", "chooser end"]


def taken(run: str) -> list[str]:
    """What a phase is begun with."""
    return [f"recorder selected {run}", f"chooser cancel_diagnosis {run}", f"claims {run}", f"executes {run}"]


def test_nothing_is_claimed_before_it_beats_and_knows_its_group_and_all_is_settled_before_a_wait() -> None:
    assert Looping("a").run() == [
        *BEGINS, *taken("a"), *TURN, "finishes a", "chooser take_back a", "membership give_back", "membership tell", *END,
    ]  # fmt: skip


def test_what_the_session_had_left_to_try_again_is_given_to_whoever_chooses() -> None:
    it, given = Looping(), list[Any]()
    it.chooser.begin = given.append
    retries = [scheduled("a", executions=1)]
    it.drain.run(retries)
    assert given == [retries]


def test_an_empty_backlog_ends_a_drain_at_once_and_one_that_awaits_its_time_does_not() -> None:
    assert Looping().run() == [*BEGINS, *END]
    later = Looping()
    later.awaits = 2
    assert later.run() == [*BEGINS, *TURN, "membership tell", *TURN, "membership tell", *END]


def test_every_free_worker_gets_a_phase_and_no_more_than_there_are() -> None:
    it = Looping("abc", workers=2)
    asked = it.run()
    assert asked[3:12] == [*taken("a"), *taken("b"), "chooser look_ahead"]
    assert it.drain.executed == 3


def test_a_worker_that_is_free_gets_its_next_phase_before_the_result_of_another_is_recorded() -> None:
    it = Looping("abcd", workers=2)
    asked = [what for what in it.run() if what.startswith(("finishes", "executes"))]
    assert asked == [
        "executes a", "executes b", "finishes a", "executes c", "finishes b", "executes d", "finishes c", "finishes d",
    ]  # fmt: skip


def test_a_failure_that_is_there_is_recorded_before_anything_else_begins_as_it_may_stop_the_drain() -> None:
    it = Looping("abcd", workers=2)
    it.failing = {"b"}
    asked = [what for what in it.run() if what.startswith(("finishes", "executes"))]
    assert asked[:5] == ["executes a", "executes b", "finishes a", "finishes b", "executes c"]


def test_a_phase_that_was_left_out_is_neither_told_nor_claimed_again_and_leaves_its_place_to_another() -> None:
    it = Looping("ab")
    it.left_out = {"a"}
    assert it.run()[3:8] == ["chooser take_back a", *taken("b")]
    assert it.drain.executed == 1


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (None, []),
        (NotYet(2.5), ["chooser put_off a"]),
        (GroupEnded(Skip("group", "full"), is_full=True), ["recorder not_claimed a", "chooser close"]),
        (GroupEnded(Skip("group", "over")), ["recorder not_claimed a", "stops: group: over"]),
        (CHANGED, []),
    ],
    ids=["somebody was faster", "not yet", "a full group", "a stopped group", "a changed table"],
)
def test_a_claim_that_comes_to_nothing_executes_nothing_and_leaves_its_place_to_another(
    claim: object, says: list[str]
) -> None:
    it = Looping("ab")
    it.claims = {"a": claim}
    assert it.run()[3:] == [
        *taken("a")[:3], *says, "chooser take_back a", *taken("b"), *TURN, "finishes b", "chooser take_back b",
        "membership give_back", "membership tell", "membership tell", "claimer forget_taken", "recorder settle",
        *(["finisher tell_kept"] if claim is CHANGED else []), "chooser end",
    ]  # fmt: skip
    assert it.failures == ([CHANGED] if claim is CHANGED else [])
    assert it.drain.executed == (claim is not CHANGED), "what is begun after a failure is no longer counted"


def test_a_group_that_is_stopped_leaves_a_retry_to_a_resume_and_a_full_one_does_not_need_to() -> None:
    for is_full in (False, True):
        it = Looping()
        it.waiting = [scheduled("a", executions=1)]
        it.claims = {"a": GroupEnded(Skip("group", "over"), is_full=is_full)}
        assert ("chooser try_again a" in it.run()) is not is_full


def test_a_phase_that_has_to_wait_for_its_turn_waits_as_long_as_it_was_told() -> None:
    it, told = Looping("a"), list[float]()
    it.claims = {"a": NotYet(2.5)}
    it.chooser.put_off = lambda _, wait_s: told.append(wait_s)
    it.run()
    assert told == [2.5]


@pytest.mark.parametrize("retry", [None, scheduled("a", executions=1)], ids=["for good", "tried again"])
def test_a_result_is_counted_for_the_group_with_whether_it_is_tried_again(retry: ScheduledAttempt | None) -> None:
    it, noted = Looping("a"), list[Any]()
    it.concludes = {"a": Conclusion(recorded=RESULT, retry=retry)}
    it.membership.note = lambda attempt, *, waits: noted.append((attempt, waits))
    assert "membership give_back" not in it.run()
    assert noted == [(RESULT, retry is not None)]


def test_what_stops_the_drain_is_told_to_its_group_after_each_look_and_at_the_end() -> None:
    it, told = Looping("a"), list[Any]()
    it.stops.stopped = Skip("stop.max_failures", "3")
    it.membership.tell = told.append
    it.run()
    assert told == [it.stops.stopped] * 2


@pytest.mark.parametrize(
    "when", ["claimer begin", "membership begin", "chooser begin", "claims b", "executes b", "waits 7.0"]
)
def test_an_error_gives_back_what_is_held_settles_all_and_is_what_the_session_ends_with(when: str) -> None:
    it = Looping("ab", workers=2)
    it.fails = {when: AWAY}
    asked = it.run()
    held = [run for run in "ab" if f"executes {run}" in asked and when != f"executes {run}"]
    gives_back = ["ends all", *(f"finishes {run} for good" for run in held), "recorder settle", "chooser end"]
    assert asked[-len(gives_back) :] == gives_back
    assert (it.failures, it.held) == ([AWAY], [])


def test_an_error_of_one_end_keeps_no_other_from_being_written_and_hides_not_the_first() -> None:
    it = Looping("abc", workers=3)
    it.fails = {"waits 7.0": AWAY}
    it.concludes = {"a": DatabaseUnavailable("still away", remedy="wait")}
    asked = it.run()
    assert [one for one in asked if one.startswith("finishes")] == [f"finishes {run} for good" for run in "abc"]
    assert it.failures == [AWAY]


def test_a_disk_that_is_full_while_all_is_given_back_hides_not_the_first_error() -> None:
    it = Looping("a")
    it.fails = {"chooser look_ahead": AWAY, "recorder settle": ConfigError("no room", remedy="free some")}
    assert it.run()[-3:] == ["finishes a for good", "recorder settle", "chooser end"]
    assert it.failures == [AWAY]


def test_a_fault_of_ours_gives_back_too_and_comes_out() -> None:
    it = Looping("a")
    it.fails = {"waits 7.0": KeyError("ours")}
    with pytest.raises(KeyError, match="ours"):
        it.run()
    assert it.asked[-4:] == ["ends all", "finishes a for good", "recorder settle", "chooser end"]
    assert it.failures == []


def test_where_only_the_table_changed_commands_end_by_themselves_and_what_is_kept_is_told() -> None:
    it = Looping("ab", workers=2)
    it.change = lambda _: CHANGED
    it.fails = {"waits 7.0": BadData("no such column", remedy="x")}
    it.concludes = {"a": CHANGED, "b": Conclusion(recorded=RESULT)}
    asked = it.run()
    begun = asked.index("waits None")
    assert asked[begun : begun + 2] == ["waits None", "finishes a"]
    assert "finishes b" in asked
    assert asked[-3:] == ["recorder settle", "finisher tell_kept", "chooser end"]
    assert ("ends all" in asked, it.failures, it.held) == (False, [CHANGED], [])


def test_where_the_database_goes_away_behind_a_changed_table_all_is_given_back() -> None:
    it = Looping("a")
    it.change = lambda error: CHANGED if error is not AWAY else error
    it.fails = {"waits 7.0": BadData("no such column", remedy="x"), "waits None": AWAY}
    assert it.run()[-5:] == ["ends all", "finishes a for good", "recorder settle", "finisher tell_kept", "chooser end"]
    assert it.failures == [CHANGED]


def test_phases_that_were_released_without_a_result_end_the_session_with_an_error_unless_it_was_interrupted() -> None:
    for interrupted in (False, True):
        it = Looping()
        it.stops.is_interrupted = interrupted
        it.drain.given_back = {PhaseKey("r", "a"), PhaseKey("r", "b"), PhaseKey("r", "unknown")}
        it.drain.orphaned = {PhaseKey("r", "unknown")}
        it.run()
        told = [] if interrupted else ["2 phases were released without a result; `inv resume` continues"]
        assert [str(error) for error in it.failures] == told
