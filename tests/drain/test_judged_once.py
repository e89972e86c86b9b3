"""An ending is judged once, by the session's own settings, with all that is known of it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain.circuit_breaker import CircuitBreaker
from batchdrain.drain.in_flight import Ended, Running
from batchdrain.drain.judgements import Judgements
from batchdrain.execution.order import Ending
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import RowState
from batchdrain.model.states import Outcome
from batchdrain.runtime import clock
from tests.drain.judging import LIMIT, NOW, claim_of, ending, row

CLAIM = claim_of()
SCHEDULED = ScheduledAttempt(5.0, 3, Choice(phase=CLAIM.phase, reason="why"), executions=1, longer=2)


def ended(how: Ending, row_state: RowState | None = None) -> Ended:
    order: Any = None
    limit = replace(LIMIT, seconds=77)
    running = Running(scheduled=SCHEDULED, claim=CLAIM, order=order, guardian=None, limit=limit, paths=("the out", "the err"))
    return Ended(running=running, ending=how, row_state=row_state)


def judgements(settings: Settings | None = None, redact: Any = str) -> Judgements:
    found = settings or Settings.model_validate({"command": {"argv": ["true"]}, "retry": {"max_attempts": 3}})
    it: Any = SimpleNamespace(
        request=SimpleNamespace(settings=found),
        project=SimpleNamespace(store=SimpleNamespace(redact=redact), settings=Settings()),
    )
    return Judgements.of_session(it, CircuitBreaker(found.retry), cast("Any", SimpleNamespace(paused=lambda *_: None)))


def test_an_attempt_is_of_its_claim_its_limit_its_logs_and_ended_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    found = judgements().of(ended(ending(exit_code=1, stderr_tail=b"boom")), goes_on=True)
    attempt = found.attempt
    assert (attempt.phase, attempt.limit.seconds, attempt.ended_at) == (CLAIM.phase, 77, NOW)
    assert (attempt.stdout_path, attempt.stderr_path, attempt.log_path) == ("the out", "the err", "the err")
    assert (found.is_spared, found.retry_in_s, found.stop) == (False, None, None)


def test_the_sessions_own_settings_judge_and_not_the_projects_of_now() -> None:
    own = Settings.model_validate(
        {
            "command": {"argv": ["true"], "result_from": "database", "transient_exit_codes": [7]},
            "categories": [{"match": "no such thing", "category": "patch"}],
        }
    )
    of = judgements(own, lambda text: text.replace("secret", "***")).of
    assert of(ended(ending(exit_code=1), row("COMPLETE")), goes_on=True).attempt.outcome is Outcome.COMPLETE
    told = of(ended(ending(exit_code=1, stderr_tail=b"no such thing: secret"), row("FAILED")), goes_on=True).attempt
    assert (told.category, told.reason) == ("patch", "no such thing: *** [exit 1]")
    assert of(ended(ending(exit_code=7), row("FAILED")), goes_on=True).attempt.category == "transient"


def test_what_was_judged_stays_judged_however_often_it_is_asked_for() -> None:
    """Its row was locked: a second look would count its failure twice, as a sign of an outage and for its retries."""
    ours = judgements()
    first = ended(ending(exit_code=75))
    judged = ours.of(first, goes_on=True)
    assert judged.retry_in_s is not None
    before = ours._breaker.is_suspect
    assert ours.of(replace(first, judgement=judged, ending=ending(exit_code=0)), goes_on=False) is judged
    assert ours._breaker.is_suspect is before


def test_a_probe_is_the_same_try_a_moment_after_the_pause() -> None:
    ours = judgements()
    ours._breaker.outage.due_s = 100.0
    found = ours.probe(SCHEDULED, 0.5)
    assert (found.due, found.number, found.executions, found.longer, found.choice) == (100.5, 3, 1, 2, SCHEDULED.choice)
