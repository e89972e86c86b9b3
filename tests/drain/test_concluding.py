"""The end of an attempt: what is written, what is told, and what becomes of the claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.driver_errors import RowLocked, RowRefused
from batchdrain.drain import finish as room
from batchdrain.drain.finish import Conclusion, Finisher
from batchdrain.drain.in_flight import Ended, Judgement, Running
from batchdrain.drain.table_watch import SchemaChanged
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.model.attempt import Attempt, Finished
from batchdrain.model.claim import Choice, Claim, ScheduledAttempt
from batchdrain.model.errors import BatchDrainError, ClaimLost, ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.model.phase import Skip
from batchdrain.model.states import Outcome
from tests.drain.judging import LIMIT, NOW, claim_of, ending, judged, settings_of

CLAIM = claim_of()
STOP = Skip("retry.outage_after", "too long")


class Finishing:
    """A finisher, and what it asks of the others, in order."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now, self.asked, self.answer = 1_000.0, list[str](), dict[str, Any]()
        self.raises: Exception | None = None
        self.change: SchemaChanged | None = None
        self.failures: list[BatchDrainError] = []
        patch.setattr(room, "monotonic", lambda: self.now)
        judgements: Any = SimpleNamespace(
            probe=lambda scheduled, step_s: replace(scheduled, due=-1.0),
            reschedule=lambda scheduled, attempt, due: ScheduledAttempt(due, 1, scheduled.choice, executions=1),
        )
        stops: Any = SimpleNamespace(stop=self._stop, fail=self._fail, note=self._note, is_interrupted=False, is_over=False)
        self.stops = stops
        outage: Any = SimpleNamespace(retry=lambda work, meanwhile: work(), patience_s=600.0)
        claims: Any = SimpleNamespace(finish=self._finish)
        self.held: list[Claim] = []
        heartbeat: Any = SimpleNamespace(drop=lambda _: self.asked.append("heartbeat dropped"), held=self.held)
        watch: Any = SimpleNamespace(explain=lambda error: self.change or error)
        services: Any = SimpleNamespace(claims=claims, heartbeat=heartbeat, outage=outage, watch=watch)
        self.finisher = Finisher(judgements, services, self._recorder(), self.stops)

    def _recorder(self) -> Any:
        names = ("claim_lost", "discard", "released", "finished", "retry_scheduled")
        found = {name: self._noting(name) for name in names}
        return SimpleNamespace(notice=lambda text: self.asked.append(f"notice {text}"), **found)

    def _noting(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: self.asked.append(name)

    def _finish(self, claim: Any, attempt: Attempt, *, retry_in_s: float | None, may_wait: bool) -> Attempt:
        assert (claim, may_wait) == (CLAIM, False), "a row that somebody has locked keeps no other result waiting"
        self.asked.append(f"ledger, retry in {retry_in_s}")
        if self.raises is not None:
            raise self.raises
        return replace(attempt, **self.answer)

    def _stop(self, skip: Skip | None) -> None:
        if skip is not None:
            self.asked.append(f"stop {skip.rule}")

    def _fail(self, error: BatchDrainError | None) -> None:
        if error is not None:
            self.failures.append(error)

    def _note(self, attempt: Attempt, *, waits: bool) -> None:
        self.asked.append(f"noted{', waits' if waits else ''}")

    def ended(self, how: Ending, **facts: Any) -> Ended:
        scheduled = ScheduledAttempt(0.0, 1, Choice(phase=CLAIM.phase, reason=""))
        order: Any = None
        running = Running(scheduled=scheduled, claim=CLAIM, order=order, guardian=None, limit=LIMIT, paths=("out", "err"))
        return Ended(running=running, ending=how, row_state=None, **facts)

    def conclude(self, how: Ending, ended: Ended | None = None, **facts: Any) -> Conclusion:
        attempt = judged(settings_of(), how)
        judgement = Judgement(**{"attempt": attempt, "is_spared": False, "retry_in_s": None, "stop": None, **facts})
        return self.finisher.finish(ended or self.ended(how), judgement)


@pytest.fixture
def it(monkeypatch: pytest.MonkeyPatch) -> Finishing:
    return Finishing(monkeypatch)


def test_a_result_is_in_the_ledger_first_and_its_lease_is_renewed_no_more(it: Finishing) -> None:
    found = it.conclude(ending(exit_code=1))
    assert it.asked == ["ledger, retry in None", "heartbeat dropped", "discard", "finished", "noted"]
    assert (found.recorded is not None, found.retry, found.is_orphaned, found.waits_again) == (True, None, False, False)


def test_a_retry_is_due_a_moment_after_the_ledger_lets_it_be_claimed(it: Finishing) -> None:
    told = list[tuple[Any, ...]]()
    recorder: Any = it.finisher._recorder
    noting = recorder.retry_scheduled

    def note(*facts: Any, is_left: bool) -> None:
        told.append((*facts, is_left))
        noting()

    recorder.retry_scheduled = note
    found = it.conclude(ending(exit_code=75), retry_in_s=5.0)
    assert told == [(it.ended(ending()).running.scheduled, 5.0, "", False)]
    assert found.recorded is not None
    assert it.asked == [
        "ledger, retry in 5.0", "heartbeat dropped", "discard", "finished", "noted, waits", "retry_scheduled",
    ]  # fmt: skip
    assert found.retry is not None
    assert 1_005.0 < found.retry.due < 1_005.1


@pytest.mark.parametrize("answer", [{"outcome": Outcome.MOVED}, {"unwritten": "the table says no"}])
def test_what_was_not_written_as_it_was_judged_is_not_tried_again(it: Finishing, answer: dict[str, Any]) -> None:
    it.answer = answer
    found = it.conclude(ending(exit_code=75), retry_in_s=5.0, stop=STOP)
    assert found.retry is None
    assert it.asked[-2:] == ["noted", "stop retry.outage_after"]


@pytest.mark.parametrize(
    ("by", "is_orphaned", "waits_again"),
    [(EndedBy.LEASE, False, True), (EndedBy.LOST, True, True), (EndedBy.INTERRUPT, False, False)],
)
def test_what_was_given_back_may_be_taken_again_unless_we_were_asked_to_stop(
    it: Finishing, by: EndedBy, is_orphaned: bool, waits_again: bool
) -> None:
    found = it.conclude(ending(by, message="why" if by is EndedBy.LOST else ""))
    assert (found.recorded, found.is_orphaned, found.waits_again) == (None, is_orphaned, waits_again)
    assert it.asked[:4] == ["ledger, retry in None", "heartbeat dropped", "discard", "released"]
    assert it.failures == []


def test_what_an_outage_spared_is_tried_again_after_the_pause(it: Finishing) -> None:
    it.answer = {"outcome": Outcome.RELEASED}
    found = it.conclude(ending(exit_code=75), is_spared=True)
    assert found.retry is not None
    assert (found.recorded, found.retry.due) == (None, -1.0)


def test_a_claim_that_was_taken_over_ends_the_session_and_is_beaten_no_more(it: Finishing) -> None:
    it.raises = ClaimLost("taken over")
    assert it.conclude(ending(exit_code=0)) == Conclusion()
    assert it.asked[1:] == ["heartbeat dropped", "claim_lost"]
    assert it.failures == [it.raises]


def test_a_row_that_is_not_taken_back_stays_held_and_others_go_on(it: Finishing) -> None:
    it.raises = RowRefused("the table says no", remedy="mend it")
    found = it.conclude(ending(exit_code=0))
    assert (found.is_orphaned, it.finisher.refused, it.failures) == (True, it.raises, [])
    assert it.asked[1] == "heartbeat dropped"
    assert "discard" not in it.asked


def test_a_locked_row_is_concluded_later_and_told_once(it: Finishing) -> None:
    """Its claim is kept alive meanwhile."""
    it.raises = RowLocked("locked")
    first = it.conclude(ending(exit_code=0)).postponed
    assert first is not None
    assert (first.locked_since, first.judgement is not None) == (1_000.0, True)
    assert it.asked[-1].startswith("notice r / p: somebody has its row locked")
    it.now += 599
    second = it.conclude(first.ending, first).postponed
    assert second is not None
    assert second.locked_since == 1_000.0
    assert [line for line in it.asked if line.startswith("notice")] == [
        "notice r / p: somebody has its row locked; its result waits, other phases continue"
    ]
    assert "heartbeat dropped" not in it.asked
    it.now += 2
    with pytest.raises(DatabaseUnavailable, match="saved locally"):
        it.conclude(second.ending, second)


def test_a_signal_ends_the_wait_for_a_locked_row(it: Finishing) -> None:
    it.raises, it.stops.is_interrupted = RowLocked("locked"), True
    with pytest.raises(DatabaseUnavailable, match="saved locally"):
        it.conclude(ending(exit_code=0))


def test_a_command_that_can_not_be_started_ends_the_session_with_what_is_to_be_done(it: Finishing) -> None:
    it.conclude(ending(EndedBy.NOT_STARTED, errno=2, message="No such file: x"))
    it.conclude(ending(EndedBy.NOT_STARTED, errno=12, message="Cannot allocate memory"))
    assert [error.exit_code for error in it.failures] == [78, FilesUnavailable.exit_code]


def test_what_a_command_left_unsaid_by_its_guardian_is_told(it: Finishing) -> None:
    it.conclude(ending(exit_code=0, unspooled="spool: no room", guardian_stops=2))
    notices = [line for line in it.asked if line.startswith("notice")]
    assert notices == [
        "notice The result of r / p was not on disk before it was recorded: spool: no room",
        "notice The guardian of r / p was stopped, 2 times: its command did that, or somebody by hand",
    ]


@pytest.mark.parametrize(
    ("by", "notices"), [(EndedBy.LOST, ["notice Orphaned: r / p: its result is not known: why"]), (EndedBy.LEASE, [])]
)
def test_an_orphaned_phase_is_named_with_what_is_known_of_it(it: Finishing, by: EndedBy, notices: list[str]) -> None:
    it.conclude(ending(by, message="why" if by is EndedBy.LOST else ""))
    assert [line for line in it.asked if line.startswith("notice")] == notices


@pytest.mark.parametrize("wait_s", [None, 0.0, 5.0])
def test_a_result_says_when_its_phase_is_tried_again_counted_from_its_end(it: Finishing, wait_s: float | None) -> None:
    ends: list[Finished] = []
    recorder: Any = it.finisher._recorder
    recorder.finished = lambda _, end: ends.append(end)
    it.conclude(ending(exit_code=75, left_over=2), retry_in_s=wait_s)
    [end] = ends
    assert end.retry_at == (None if wait_s is None else NOW + timedelta(seconds=wait_s))
    assert (end.initial_state, end.left_over) == ("FAILED", 2)


def test_what_the_table_did_not_take_of_a_result_is_told_with_what_stands_there_now(it: Finishing) -> None:
    it.answer = {"unwritten": "the table says no", "final_state": "FAILED"}
    it.conclude(ending(exit_code=0))
    assert "notice r / p stays FAILED as its command left it: the table says no" in it.asked


@pytest.mark.parametrize(
    "error", [RowRefused("no such column", remedy="x"), ConfigError("no such column", remedy="x")], ids=repr
)
def test_a_result_behind_a_changed_table_is_kept_with_its_claim_and_ends_the_session(it: Finishing, error: Exception) -> None:
    it.raises, it.change = error, SchemaChanged("the table has changed", remedy="mend it")
    assert it.conclude(ending(exit_code=0)) == Conclusion(is_kept=True)
    assert (it.asked, it.failures, it.finisher.refused) == (["ledger, retry in None"], [it.change], None)


def test_an_error_that_is_about_no_row_is_not_taken_for_one(it: Finishing) -> None:
    it.raises = ConfigError("its own tables are gone", remedy="x")
    with pytest.raises(ConfigError, match="its own tables"):
        it.conclude(ending(exit_code=0))
    assert it.asked == ["ledger, retry in None"]


def test_of_several_rows_that_are_not_taken_back_the_first_is_what_the_session_ends_with(it: Finishing) -> None:
    first, second = RowRefused("first", remedy="x"), RowRefused("second", remedy="x")
    for it.raises in (first, second):
        it.conclude(ending(exit_code=0))
    assert it.finisher.refused is first
    assert [line for line in it.asked if line.startswith("notice")] == [
        f"notice {error}; it stays held" for error in (first, second)
    ]


def test_what_is_spared_is_no_phase_without_a_result_and_what_is_released_is(it: Finishing) -> None:
    it.answer = {"outcome": Outcome.RELEASED}
    spared, released = it.conclude(ending(exit_code=75), is_spared=True), it.conclude(ending(EndedBy.INTERRUPT))
    assert (spared.is_given_back, released.is_given_back, released.retry) == (False, True, None)


@pytest.mark.parametrize(
    ("how", "waits_again", "failure"),
    [
        (ending(EndedBy.NOT_TAKEN, message="full"), True, None),
        (ending(EndedBy.INTERRUPT, errno=12, message="no memory"), False, FilesUnavailable),
        (ending(EndedBy.INTERRUPT, errno=5, message="x"), False, None),
        (ending(EndedBy.LEASE, errno=12), True, None),
        (ending(EndedBy.NOT_STARTED, errno=13, message="denied"), False, ConfigError),
        (ending(EndedBy.NOT_STARTED, errno=11, message="later"), False, FilesUnavailable),
    ],
    ids=lambda value: f"{value.by} {value.errno}" if isinstance(value, Ending) else "",
)
def test_each_way_to_be_given_back_ends_the_session_or_does_not(
    it: Finishing, how: Ending, waits_again: bool, failure: type[BatchDrainError] | None
) -> None:
    found = it.conclude(how, stop=STOP)
    assert found.waits_again is waits_again
    assert [type(error) for error in it.failures] == ([] if failure is None else [failure])
    assert "stop retry.outage_after" in it.asked


@pytest.mark.parametrize(
    ("count", "told"), [(0, ""), (2, "0, 1"), (10, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"), (11, "0, 1, 10, 2, 3, 4, 5, 6, 7, 8, …")]
)
def test_what_is_kept_behind_a_changed_table_is_named_up_to_ten(it: Finishing, count: int, told: str) -> None:
    it.held += [replace(CLAIM, phase=replace(CLAIM.phase, phase_id=str(number))) for number in reversed(range(count))]
    it.finisher.tell_kept()
    names = ", ".join(name if name == "…" else f"r / {name}" for name in told.split(", "))
    assert it.asked == (
        [f"notice Kept, but not recorded yet: the result of {names}; `inv resume` records it"] if told else []
    )
