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
from batchdrain.model.states import Outcome
from tests.drain.judging import NOW, claim_of, ending, judged, settings_of

KEY = PhaseKey("r", "p")
SCHEDULED = ScheduledAttempt(0.0, 1, Choice(phase=claim_of().phase, reason=""))
RECORDED = judged(settings_of(), ending(exit_code=1))


class Loop:
    """A drain whose collaborators note what they are told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        names = ("take_back", "learn", "look_again", "try_again")
        chooser: Any = SimpleNamespace(**{name: self._note(f"chooser {name}") for name in names})
        claimer: Any = SimpleNamespace(look_again=self._note("claimer look_again"))
        workers: Any = SimpleNamespace(postpone=self._note("workers postpone"))
        judgements: Any = SimpleNamespace(of=lambda _, may_retry: None)
        finisher: Any = SimpleNamespace(finish=lambda *_: self.conclusion)
        stops: Any = SimpleNamespace(is_ending=lambda: False)
        nobody: Any = None
        self.drain = Drain(
            chooser=chooser, claimer=claimer, workers=workers, judgements=judgements, finisher=finisher, recorder=nobody,
            stops=stops,
        )  # fmt: skip

    def _note(self, what: str) -> Any:
        return lambda *_: self.told.append(what)

    def conclude(self, **facts: Any) -> list[str]:
        self.told.clear()
        self.conclusion = Conclusion(**facts)
        ended: Any = SimpleNamespace(running=SimpleNamespace(scheduled=SCHEDULED))
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

    lasts_s = 0.0
    due = 50.0

    def __init__(self, *, is_open: bool, opens: bool) -> None:
        self.pauses, self._opens = int(is_open), opens

    @property
    def is_open(self) -> bool:
        return self.pauses > 0

    def note(self, _: Attempt) -> float | None:
        self.pauses += self._opens
        return 5.0 if self._opens else None


class Judging:
    """Judgements of one attempt, with a breaker that is ours."""

    def __init__(self, attempt: Attempt, *, is_open: bool = False, opens: bool = False) -> None:
        self.told: list[tuple[str, float, int]] = []
        breaker: Any = Breaker(is_open=is_open, opens=opens)
        judge: Any = SimpleNamespace(judge=lambda *_, **__: attempt)
        recorder: Any = SimpleNamespace(paused=lambda *what: self.told.append(what))
        settings = settings_of().model_copy(update={"retry": settings_of().retry.model_copy(update={"max_attempts": 3})})
        self.judgements = Judgements(judge, breaker, settings, recorder)

    def of(self, executions: int = 0, *, may_retry: bool = True) -> Any:
        running: Any = SimpleNamespace(
            claim=None, limit=None, paths=None, scheduled=replace(SCHEDULED, executions=executions)
        )
        ended: Any = SimpleNamespace(judgement=None, running=running, ending=None, row_state=None)
        return self.judgements.of(ended, may_retry=may_retry)


TRANSIENT = judged(settings_of(), ending(exit_code=75))


@pytest.mark.parametrize(("executions", "is_retried"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_phase_is_executed_so_often_in_a_session_and_no_more(executions: int, is_retried: bool) -> None:
    assert (Judging(TRANSIENT).of(executions).retry_in_s is not None) is is_retried


def test_nothing_is_tried_again_once_the_session_ends() -> None:
    found = Judging(TRANSIENT, is_open=True).of(may_retry=False)
    assert (found.retry_in_s, found.is_spared, found.attempt.outcome) == (None, False, Outcome.FAILED)


def test_what_fails_transiently_during_an_outage_is_spared_and_what_begins_one_is_not() -> None:
    """That one has told us of it: it is counted."""
    spared = Judging(TRANSIENT, is_open=True).of()
    assert (spared.is_spared, spared.attempt.outcome, spared.retry_in_s) == (True, Outcome.RELEASED, None)
    begins = Judging(TRANSIENT, opens=True)
    found = begins.of()
    assert (found.is_spared, found.attempt.outcome) == (False, Outcome.FAILED)
    assert [(wait_s, number) for _, wait_s, number in begins.told] == [(5.0, 1)]


def test_a_retry_sets_out_from_its_new_failure_and_counts_its_tries() -> None:
    attempt = replace(TRANSIENT, attempt=4, wants_more_time=True)
    found = Judging(attempt).judgements.reschedule(replace(SCHEDULED, executions=1, longer=2), attempt, 77.0)
    phase = found.choice.phase
    assert (found.due, found.number, found.executions, found.longer) == (77.0, 1, 2, 3)
    assert (phase.failure, phase.attempts, found.choice.reason) == (attempt.failure, 4, "transient failure, try 3 of 3")
    assert phase.key == KEY
    assert attempt.ended_at == NOW
