"""What a drain diagnoses of what comes next, and that no fault there is a fault of the drain."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from batchdrain.drain.triage.diagnosis import Diagnosis, DiagnosisJudge
from batchdrain.drain.triage.lookahead import TriageLookahead
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.runtime.signals import Cut
from tests.drain.judging import NOW, claim_of, ending
from tests.drain.test_diagnosing_ends import TRIAGE

PHASE = claim_of().phase


class Told:
    def __init__(self) -> None:
        self.found: list[Diagnosis] = []
        self.notices: list[str] = []

    def diagnosed(self, found: Diagnosis) -> None:
        self.found.append(found)

    def notice(self, text: str) -> None:
        self.notices.append(text)


class Coming:
    """A backlog of phases to come."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.applied: list[object] = []

    def upcoming(self, most: int, _: object) -> list[Phase]:
        self.asked.append(most)
        return [PHASE]

    def apply(self, verdict: object, _: object) -> None:
        self.applied.append(verdict)


class Runner:
    """Diagnoses that end when the test lets them."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.futures: list[Future[Diagnosis]] = []
        self.did: list[str] = []

    def ask(self, _: Phase) -> Future[Diagnosis] | None:
        if self.error is not None:
            raise self.error
        if self.futures:  # as the real one: each phase once
            return None
        self.futures.append(Future())
        return self.futures[-1]

    def tidy(self) -> None:
        if self.error is not None:
            raise self.error

    def cancel(self, _: PhaseKey) -> None:
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.did.append("close")


def lookahead(triage: Any, limit: int = 20) -> tuple[TriageLookahead, Any, Any]:
    backlog: Any = Coming()
    told: Any = Told()
    return TriageLookahead(triage, backlog, told, limit), backlog, told


VERDICT = DiagnosisJudge(TRIAGE, str).judge(PHASE, "boom", ending(exit_code=0), paths=("", ""), now=NOW)
PROBLEM = Diagnosis(phase=PHASE, problem="it broke")
ENDED = Diagnosis(phase=PHASE, was_ended=True)


@pytest.mark.parametrize(("left", "most"), [(None, 20), (25, 20), (20, 20), (3, 3), (0, 0)])
def test_no_more_is_diagnosed_than_the_limit_and_than_the_drain_has_left(left: int | None, most: int) -> None:
    ahead, backlog, _ = lookahead(Runner())
    ahead.submit(left)
    assert backlog.asked == [most]


@pytest.mark.parametrize(("came", "told", "applied"), [(VERDICT, 1, 1), (PROBLEM, 1, 0), (ENDED, 0, 0)])
def test_what_came_is_told_once_and_only_a_verdict_is_heeded(came: Diagnosis, told: int, applied: int) -> None:
    runner = Runner()
    ahead, backlog, recorder = lookahead(runner)
    ahead.submit(None)
    ahead.apply()
    assert (recorder.found, backlog.applied) == ([], []), "it still runs"
    runner.futures[0].set_result(came)
    for _ in range(2):
        ahead.submit(None)
        ahead.apply()
        assert (len(recorder.found), len(backlog.applied)) == (told, applied)


def test_what_was_called_back_before_it_began_is_told_to_nobody() -> None:
    runner = Runner()
    ahead, _, recorder = lookahead(runner)
    ahead.submit(None)
    assert runner.futures[0].cancel()
    ahead.apply()
    assert (recorder.found, recorder.notices) == ([], [])


def test_what_was_said_until_the_end_is_told_after_all_is_ended_and_heeded_no_more() -> None:
    runner = Runner()
    ahead, backlog, recorder = lookahead(runner)
    ahead.submit(None)
    runner.futures[0].set_result(VERDICT)
    ahead.close()
    assert (runner.did, recorder.found, backlog.applied) == (["close"], [VERDICT], [])


@pytest.mark.parametrize("does", ["submit", "cancel", "tidy"])
def test_advice_that_breaks_is_told_once_ends_what_runs_and_is_asked_no_more(does: str) -> None:
    runner = Runner(ZeroDivisionError("it broke"))
    ahead, _, recorder = lookahead(runner)
    for _ in range(2):
        {"submit": lambda: ahead.submit(None), "cancel": lambda: ahead.cancel(PHASE.key), "tidy": ahead.tidy}[does]()
    ahead.close()
    assert recorder.notices == ["Triage has ended: ZeroDivisionError: it broke; the drain continues without it"]
    assert runner.did == ["close"]


def test_a_diagnosis_that_broke_ends_the_advice_and_not_the_drain() -> None:
    runner = Runner()
    ahead, _, recorder = lookahead(runner)
    ahead.submit(None)
    runner.futures[0].set_exception(ZeroDivisionError("it broke"))
    ahead.apply()
    ahead.apply()
    assert (len(recorder.notices), runner.did) == (1, ["close"])


def test_a_signal_that_cuts_the_choice_of_what_to_diagnose_is_the_drains_and_no_fault() -> None:
    runner = Runner(Cut())
    ahead, _, recorder = lookahead(runner)
    ahead.submit(None)
    assert (recorder.notices, runner.did) == ([], [])


def test_a_drain_that_diagnoses_nothing_asks_for_nothing() -> None:
    ahead, backlog, recorder = lookahead(None)
    ahead.tidy()
    ahead.submit(None)
    ahead.apply()
    ahead.cancel(PHASE.key)
    ahead.close()
    assert (backlog.asked, recorder.found, recorder.notices) == ([], [], [])
