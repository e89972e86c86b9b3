"""What the loop does with each conclusion."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.finish import Conclusion
from batchdrain.drain.judgements import Judgements
from batchdrain.drain.loop import Drain
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome, PhaseState
from tests.drain.judging import NOW, claim_of, ending, judged, settings_of

KEY = PhaseKey("r", "p")
SCHEDULED = ScheduledAttempt(0.0, 1, Choice(phase=claim_of().phase, reason=""))
RECORDED = judged(settings_of(), ending(exit_code=1))
TRANSIENT = judged(settings_of(), ending(exit_code=75))


class Loop:
    """A drain whose collaborators note what they are told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        names = ("take_back", "learn", "look_again", "try_again")
        chooser: Any = SimpleNamespace(**{name: self._note(f"chooser {name}") for name in names})
        claimer: Any = SimpleNamespace(look_again=self._note("claimer look_again"))
        workers: Any = SimpleNamespace(postpone=self._note("workers postpone"))
        judgements: Any = SimpleNamespace(of=lambda _, goes_on: f"judged, {goes_on}")
        finisher: Any = SimpleNamespace(finish=self._finish)
        stops: Any = SimpleNamespace(is_ending=lambda: False)
        nobody: Any = None
        alone: Any = SimpleNamespace(give_back=lambda _: None, note=lambda _, **__: None)
        self.drain = Drain(
            chooser=chooser, claimer=claimer, workers=workers, judgements=judgements, finisher=finisher, recorder=nobody,
            stops=stops, membership=alone, watch=nobody,
        )  # fmt: skip

    def _finish(self, ended: Any, judgement: object) -> Conclusion:
        assert (ended.running.scheduled, judgement) == (SCHEDULED, "judged, True")
        return self.conclusion

    def _note(self, what: str) -> Any:
        return lambda *_: self.told.append(what)

    def conclude(self, **facts: Any) -> list[str]:
        self.told.clear()
        self.conclusion = Conclusion(**facts)
        ended: Any = SimpleNamespace(running=SimpleNamespace(scheduled=SCHEDULED, claim=None))
        self.drain._conclude(ended)
        return self.told


def test_a_result_is_learnt_from_and_lets_what_was_passed_over_be_tried_again() -> None:
    assert Loop().conclude(recorded=RECORDED) == ["chooser learn", "claimer look_again"]


def test_a_result_that_is_tried_again_waits_for_its_time() -> None:
    assert Loop().conclude(recorded=RECORDED, retry=SCHEDULED) == ["chooser learn", "claimer look_again", "chooser try_again"]


def test_what_was_given_back_leaves_its_place_in_the_batch_to_another() -> None:
    assert Loop().conclude() == ["chooser take_back"]
    assert Loop().conclude(waits_again=True) == ["chooser take_back", "chooser look_again"]
    assert Loop().conclude(retry=SCHEDULED) == ["chooser try_again"]


def test_what_is_locked_comes_later_and_is_nothing_else() -> None:
    postponed: Any = object()
    assert Loop().conclude(postponed=postponed) == ["workers postpone"]


def test_an_orphaned_phase_that_has_a_result_later_is_orphaned_no_more() -> None:
    """The session's exit code is 1 as long as nobody knows what became of a phase."""
    loop = Loop()
    loop.conclude(is_orphaned=True, waits_again=True)
    assert loop.drain.orphaned == {KEY}
    loop.conclude()
    assert loop.drain.orphaned == {KEY}
    loop.conclude(recorded=RECORDED)
    assert loop.drain.orphaned == set()


class Breaker:
    """One that opens with the next result, if it is told to."""

    due = 50.0

    def __init__(self, *, is_open: bool, opens: bool, lasts_s: float) -> None:
        self.pauses, self._opens, self.lasts_s = int(is_open), opens, lasts_s

    @property
    def is_open(self) -> bool:
        return self.pauses > 0

    def note(self, _: Attempt) -> float | None:
        self.pauses += self._opens
        return 5.0 if self._opens else None


class Judging:
    """Judgements of one attempt, with a breaker that is ours."""

    def __init__(self, attempt: Attempt, *, is_open: bool = False, opens: bool = False, lasts_s: float = 0.0) -> None:
        self.told: list[tuple[str, float, int]] = []
        breaker: Any = Breaker(is_open=is_open, opens=opens, lasts_s=lasts_s)
        judge: Any = SimpleNamespace(judge=lambda *_, **__: attempt)
        recorder: Any = SimpleNamespace(paused=lambda *what: self.told.append(what))
        settings = settings_of().model_copy(update={"retry": settings_of().retry.model_copy(update={"max_attempts": 3})})
        self.judgements = Judgements(judge, breaker, settings, recorder)

    def of(self, executions: int = 0, *, goes_on: bool = True) -> Any:
        running: Any = SimpleNamespace(
            claim=None, limit=None, paths=None, scheduled=replace(SCHEDULED, executions=executions)
        )
        ended: Any = SimpleNamespace(judgement=None, running=running, ending=None, row_state=None)
        return self.judgements.of(ended, goes_on=goes_on)


@pytest.mark.parametrize(("executions", "is_retried"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_phase_is_executed_so_often_in_a_session_and_no_more(executions: int, is_retried: bool) -> None:
    assert (Judging(TRANSIENT).of(executions).retry_in_s is not None) is is_retried


def test_once_the_drain_ends_a_retry_is_left_to_a_resume_and_no_outage_spares_the_attempt() -> None:
    found = Judging(TRANSIENT, is_open=True).of(goes_on=False)
    assert (found.retry_in_s is not None, found.is_spared, found.attempt.outcome) == (True, False, Outcome.FAILED)
    assert Judging(TRANSIENT).of(2, goes_on=False).retry_in_s is None, "its tries are used up"


def test_what_fails_transiently_during_an_outage_is_spared_and_what_begins_one_is_not() -> None:
    """That one has told us of it: it is counted."""
    spared = Judging(TRANSIENT, is_open=True).of()
    assert (spared.is_spared, spared.attempt.outcome, spared.retry_in_s) == (True, Outcome.RELEASED, None)
    begins = Judging(TRANSIENT, opens=True)
    found = begins.of()
    assert (found.is_spared, found.attempt.outcome) == (False, Outcome.FAILED)
    assert [(wait_s, number) for _, wait_s, number in begins.told] == [(5.0, 1)]


@pytest.mark.parametrize(
    "attempt",
    [RECORDED, judged(settings_of(), ending(exit_code=0)), replace(TRANSIENT, wants_more_time=True)],
    ids=["another failure", "a success", "want of time"],
)
def test_an_outage_spares_nothing_that_it_is_not_to_blame_for(attempt: Attempt) -> None:
    found = Judging(attempt, is_open=True).of()
    assert (found.is_spared, found.attempt) == (False, attempt)


@pytest.mark.parametrize(("lasts_s", "is_over"), [(600.0, False), (600.5, True)])
def test_an_outage_that_outlasts_our_patience_ends_the_session_and_begins_no_pause(lasts_s: float, is_over: bool) -> None:
    judging = Judging(TRANSIENT, opens=True, lasts_s=lasts_s)
    stop = judging.of().stop
    assert (stop is not None, judging.told == []) == (is_over, is_over)
    assert stop is None or str(stop) == "retry.outage_after: an outage lasts for more than 600 s: try again later"


def test_a_queued_phase_that_failed_transiently_is_tried_again_as_the_failed_one_that_it_is_now() -> None:
    attempt = replace(TRANSIENT, phase=replace(TRANSIENT.phase, state=PhaseState.QUEUED))
    assert Judging(attempt).judgements.reschedule(SCHEDULED, attempt, 0.0).choice.phase.state is PhaseState.FAILED


def test_a_pause_is_told_only_where_a_result_begins_one() -> None:
    quiet = Judging(TRANSIENT)
    assert (quiet.of().stop, quiet.told) == (None, [])


def test_a_retry_sets_out_from_its_new_failure_and_counts_its_tries() -> None:
    attempt = replace(TRANSIENT, attempt=4, wants_more_time=True)
    found = Judging(attempt).judgements.reschedule(replace(SCHEDULED, executions=1, longer=2), attempt, 77.0)
    phase = found.choice.phase
    assert (found.due, found.number, found.executions, found.longer) == (77.0, 1, 2, 3)
    assert (phase.failure, phase.attempts, found.choice.reason) == (attempt.failure, 4, "transient failure, try 3 of 3")
    assert phase.key == KEY
    assert attempt.ended_at == NOW


TAKEN: dict[str, Any] = {"locked_out": 1, "taken": {PhaseKey("r", "0")}}
"""A phase that was locked, since another controller took it."""


class Complete:
    """A drain at its end."""

    def __init__(self, *, locked_out: int = 0, left: int | None = None, **facts: Any) -> None:
        self.failures: list[Any] = []
        nobody: Any = None
        keys = {PhaseKey("r", str(number)) for number in range(locked_out)}
        lost: Any = SimpleNamespace(to_failure=lambda *, executed: f"lost of {executed}")
        stops: Any = SimpleNamespace(
            is_ending=lambda: facts.get("is_ending", False),
            is_interrupted=facts.get("is_interrupted", False),
            fail=self.failures.append,
        )
        chooser: Any = SimpleNamespace(left=left, has_retries=facts.get("has_retries", False))
        taken: set[PhaseKey] = facts.get("taken", set())
        claimer: Any = SimpleNamespace(locked_out=keys, lost_rows=lost, forget_taken=lambda: keys.difference_update(taken))
        self.drain = Drain(
            chooser=chooser, claimer=claimer, workers=nobody, judgements=nobody, finisher=nobody, recorder=nobody, stops=stops, executed=3,
            membership=nobody, watch=nobody,
        )  # fmt: skip

    def tell(self) -> list[str]:
        self.drain._require_complete()
        return [str(failure) for failure in self.failures]


def test_a_drain_that_passed_locked_rows_over_is_not_complete_unless_its_batch_is_full_or_it_ends_anyway() -> None:
    [locked, lost] = Complete(locked_out=1).tell()
    assert locked.startswith("1 phase was skipped, because somebody has its row locked, or it took too long")
    assert lost == "lost of 3"
    assert Complete(locked_out=2).tell()[0].startswith("2 phases were skipped, because somebody has their rows locked")
    for facts in ({}, {"locked_out": 1, "left": 0}, {"locked_out": 1, "is_ending": True}, TAKEN):
        assert Complete(**facts).tell() == ["lost of 3"]
    assert Complete(is_interrupted=True).tell() == []


@pytest.mark.parametrize(
    ("facts", "waiting", "is_done"),
    [
        ({}, 0, True), ({}, 1, False), ({"left": 0}, 1, True), ({"left": 1}, 1, False), ({"left": 1}, 0, True),
        ({"has_retries": True}, 0, False), ({"locked_out": 1}, 0, False), ({"has_retries": True, "left": 0}, 0, False),
    ],
)  # fmt: skip
def test_a_drain_is_done_once_nothing_is_left_of_what_it_was_to_take(
    facts: dict[str, Any], waiting: int, is_done: bool
) -> None:
    drain = Complete(**facts).drain
    assert drain.is_done(waiting) is is_done
    drain.orphaned.add(KEY)
    assert not drain.is_done(waiting)


def test_a_phase_that_was_given_back_and_has_a_result_later_is_left_without_one_no_more() -> None:
    """What is left so ends the session with an error."""
    loop = Loop()
    loop.conclude(is_given_back=True)
    assert loop.drain.given_back == {KEY}
    loop.conclude(recorded=RECORDED)
    assert loop.drain.given_back == set()


def test_what_is_kept_for_the_mended_mapping_is_neither_a_result_nor_given_back() -> None:
    loop = Loop()
    assert loop.conclude(is_kept=True) == []
    assert (loop.drain.orphaned, loop.drain.given_back) == (set(), set())
