"""Endings, and what a judge makes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from batchdrain.config.settings import Settings
from batchdrain.drain.judge import Judge
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.failures.categories import categorise
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import GONE, Phase, RowState
from batchdrain.model.states import PhaseState

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIMIT = TimeLimit(seconds=60, rule="timeout.default_s")


def settings_of(**command: Any) -> Settings:
    return Settings.model_validate({"command": {"argv": ["true"], **command}})


def claim_of(**facts: Any) -> Claim:
    phase = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED, failure=Failure("before", "other"))
    base: dict[str, Any] = {"phase": phase, "epoch": 1, "attempt": 1, "prior_state": "FAILED", "prior_reason": "before",
                            "held_state": "EXECUTING", "claimed_at": NOW, "token": "t.1"}  # fmt: skip
    return Claim(**{**base, **facts})


def ending(by: EndedBy = EndedBy.EXIT, exit_code: int | None = None, **facts: Any) -> Ending:
    return Ending(by=by, exit_code=exit_code, duration_s=1.5, **facts)


def judged(settings: Settings, how: Ending, row_state: RowState | None = None, redact: Any = str) -> Attempt:
    return Judge(settings, redact, categorise).judge(
        claim_of(), how, limit=LIMIT, row_state=row_state, paths=("out", "err"), ended_at=NOW
    )


def row(state: str, reason: str | None = "before") -> RowState:
    return RowState(state=state, reason=reason)


def no_row(*, is_deleted: bool = True) -> RowState:
    """`is_deleted`: False where a view may only not show it."""
    return RowState(state=GONE, reason=None, is_there=False, is_deleted=is_deleted)
