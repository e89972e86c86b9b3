"""What stands in the event of each fact of a drain, and what the screen says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.triage.diagnosis import Diagnosis
from batchdrain.model.attempt import Finished
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.model.states import Outcome
from batchdrain.planning.verdicts import Verdict, VerdictKind
from tests.drain.judging import LIMIT, NOW, claim_of, ending, judged, settings_of

CLAIM = claim_of(epoch=7, attempt=3)
SCHEDULED = ScheduledAttempt(0.0, 1, Choice(phase=CLAIM.phase, reason="first"))
IDS = {"run_id": "r", "phase_id": "p"}
KEY = PhaseKey("r", "p")
VERDICT = Verdict(key=KEY, kind=VerdictKind.HOPELESS, reason="no", until=NOW + timedelta(hours=1), fingerprint="", attempts=0)
BACK = Recovered(key=KEY, epoch=9, state="FAILED", orphanings=2)


class Facts:
    """Keeps each event with its fields, and each line."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.lines: list[str] = []
        self.shown: list[str] = []
        log = SimpleNamespace(write=lambda event, **fields: self.events.append((event.value, fields)))
        record: Any = SimpleNamespace(events=log, settle=lambda: None, add=lambda *_: None, spool=Path("spool"))
        record.note_once = lambda event, skip, *, keep, **fields: self._note_once(event.value, skip, keep, fields)
        screen: Any = SimpleNamespace(notice=self.lines.append)
        for name in ("selected", "lost", "started", "finished", "released", "retry_scheduled"):
            setattr(screen, name, lambda *_, name=name: self.shown.append(name))
        self.recorder = Recorder(record, screen)

    def _note_once(self, event: str, skip: Skip, keep: bool, fields: dict[str, Any]) -> bool:
        is_new = (event, {"skip": str(skip), "keep": keep, **fields}) not in self.events
        self.events.append((event, {"skip": str(skip), "keep": keep, **fields}))
        return is_new


@pytest.fixture
def facts() -> Facts:
    return Facts()


FACTS: list[tuple[Callable[[Recorder], object], str, dict[str, Any], list[str]]] = [
    (lambda it: it.selected(SCHEDULED), "phase.selected", {**IDS, "category": "other", "reason": "first"}, ["selected"]),
    (lambda it: it.not_claimed(SCHEDULED, "why"), "claim.lost", IDS, ["lost"]),
    (lambda it: it.claimed(CLAIM), "phase.claimed", {**IDS, "epoch": 7, "attempt": 3}, []),
    (
        lambda it: it.started(SCHEDULED, CLAIM, LIMIT), "phase.started",
        {**IDS, "epoch": 7, "timeout_s": 60, "limit": "timeout.default_s"}, ["started"],
    ),
    (lambda it: it.claim_lost(CLAIM), "claim.lost", {**IDS, "epoch": 7}, []),
    (
        lambda it: it.retry_scheduled(SCHEDULED, 1.23456, "again"), "phase.retry_scheduled",
        {**IDS, "wait_s": 1.235, "reason": "again"}, ["retry_scheduled"],
    ),
    (
        lambda it: it.claim_recovered(BACK), "claim.recovered",
        {**IDS, "epoch": 9, "state": "FAILED", "recorded": None, "orphanings": 2}, [],
    ),
    (
        lambda it: it.claim_recovered(Recovered(key=KEY, epoch=9, state="COMPLETE", recorded=Outcome.COMPLETE)), "claim.recovered",
        {**IDS, "epoch": 9, "state": "COMPLETE", "recorded": "complete", "orphanings": 0}, [],
    ),
    (lambda it: it.database_retried("away", 4), "database.retried", {"error": "away", "tries": 4}, []),
]  # fmt: skip


@pytest.mark.parametrize(("tell", "event", "fields", "shown"), FACTS, ids=[event for _, event, _, _ in FACTS])
def test_each_fact_has_its_event_with_its_own_fields(
    facts: Facts, tell: Callable[[Recorder], object], event: str, fields: dict[str, Any], shown: list[str]
) -> None:
    tell(facts.recorder)
    facts.recorder.settle()
    assert (facts.events, facts.shown, facts.lines) == ([(event, fields)], shown, [])


def test_what_could_not_be_settled_is_told_and_is_no_event(facts: Facts) -> None:
    facts.recorder.recovered(Recovered(key=KEY, epoch=9, state="FAILED", problem="locked"))
    assert (facts.events, facts.lines) == ([], ["Can't be settled now: r / p: locked; the next command tries again"])
    facts.recorder.recovered(BACK)
    assert [event for event, _ in facts.events] == ["claim.recovered"]
    assert facts.lines[1:] == ["Released: r / p: it is FAILED, orphaned 2 times in a row"]


def test_the_first_pause_of_an_outage_says_all_and_the_others_count(facts: Facts) -> None:
    facts.recorder.paused("why", 4.5678, 1)
    facts.recorder.paused("why", 9.0, 2)
    assert facts.events == [("session.paused", {"reason": "why", "wait_s": wait_s}) for wait_s in (4.568, 9.0)]
    assert facts.lines == [
        "An outage: why; nothing is claimed for 5 s, then one phase is tried", "The outage continues: pause 2, of 9 s",
    ]  # fmt: skip


def test_a_diagnosis_is_told_with_its_verdict_and_of_those_without_one_the_first_alone(facts: Facts) -> None:
    facts.recorder.diagnosed(Diagnosis(phase=CLAIM.phase, verdict=VERDICT, duration_s=1.23456))
    for number in range(2):
        facts.recorder.diagnosed(Diagnosis(phase=CLAIM.phase, problem="it said nothing", log_path=f"x/{number}"))
    said = {
        **IDS,
        "verdict": "hopeless",
        "reason": "no",
        "until": "2026-01-01T13:00:00Z",
        "log_path": None,
        "duration_s": 1.235,
    }
    nothing = {"verdict": None, "reason": "it said nothing", "until": None, "duration_s": 0.0}
    assert facts.events == [
        ("phase.diagnosed", said), *(("phase.diagnosed", {**IDS, **nothing, "log_path": f"x/{number}"}) for number in range(2)),
    ]  # fmt: skip
    assert facts.lines == [
        "Diagnosed r / p: hopeless: no", "No verdict on r / p: it said nothing; further ones are only in the event log", "Log: x/0",
    ]  # fmt: skip


def test_a_run_that_is_stopped_is_told_once_and_known_to_be_told(facts: Facts) -> None:
    skip, other = Skip("stop.max_timeouts_per_run", "run r timed out once"), Skip("stop.max_timeouts_per_run", "another")
    for _ in range(2):
        facts.recorder.run_stopped("r", skip)
    assert facts.lines == [f"Skipping the rest of run r: {skip}"]
    assert facts.events[0] == ("run.stopped", {"skip": str(skip), "keep": False, "run_id": "r"})
    assert (facts.recorder.has_told_of(skip), facts.recorder.has_told_of(other)) == (True, False)


def test_what_a_success_reports_in_vain_is_told_once_each_and_not_for_ever(facts: Facts) -> None:
    def end(problem: int, code: int = 0) -> Finished:
        raw = f'{{"metrics": {{"m{problem}": "x"}}}}'.encode()
        return Finished(attempt=judged(settings_of(), ending(exit_code=code, result=raw)))

    for problem in (0, 0, 1, *range(25)):
        facts.recorder.finished(SCHEDULED, end(problem))
    facts.recorder.finished(SCHEDULED, end(99, code=1))
    assert len(facts.lines) == 20
    assert facts.lines[0] == (
        'r / p: result file: metric m0 is a text, not a number: "x" (the events name each phase with that)'
    )
    assert len(set(facts.lines)) == 20


@pytest.mark.parametrize("keep", [True, False])
def test_a_rule_is_kept_for_the_summary_where_that_is_wanted(facts: Facts, keep: bool) -> None:
    facts.recorder.skipped(Skip("stop.max_repeats", "x"), None, count=3, keep=keep)
    facts.recorder.skipped(Skip("stop.max_repeats", "y"), "told", count=None)
    assert [(event, fields["keep"], fields["count"]) for event, fields in facts.events] == [
        ("phase.skipped", keep, 3), ("phase.skipped", True, None),
    ]  # fmt: skip
    assert facts.lines == ["told"]
