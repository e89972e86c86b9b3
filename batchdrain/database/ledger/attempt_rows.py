"""An attempt as a row of the ledger: what is written when it begins, and what when it ends."""

from __future__ import annotations

import json
from typing import Any

from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim
from batchdrain.model.states import PhaseState
from batchdrain.runtime import clock
from batchdrain.runtime.text import to_storable


def opening_row_of(claim: Claim, source: str, session_uid: str, run_type: str) -> dict[str, Any]:
    """`from_category`, `from_fingerprint`: of the failure that the attempt sets out from; NULL for a queued phase."""
    phase = claim.phase
    failed = phase.state is PhaseState.FAILED
    return {
        "source": source,
        "key": phase.key.digest,
        "epoch": claim.epoch,
        "session_uid": session_uid,
        "run_id": phase.run_id,
        "phase_id": phase.phase_id,
        "phase_index": phase.phase_index,
        "attempt": claim.attempt,
        "run_type": run_type[:191],
        "initial_state": claim.prior_state,
        "from_category": phase.category if failed else None,
        "from_fingerprint": to_storable(phase.failure.fingerprint) if failed else None,
        "started_ms": clock.to_ms(claim.claimed_at),
    }


def closing_row_of(attempt: Attempt) -> dict[str, Any]:
    return {
        "the_key": attempt.phase.key.digest,
        "the_epoch": attempt.epoch,
        "ended_ms": clock.to_ms(attempt.ended_at),
        "duration_ms": round(attempt.duration_s * 1000),
        "outcome": attempt.outcome.value,
        "final_state": attempt.final_state,
        "exit_code": attempt.exit_code,
        "signal": attempt.signal,
        "reason": None if attempt.reason is None else to_storable(attempt.reason),
        "category": attempt.category,
        "fingerprint": attempt.fingerprint,
        "metrics": json.dumps(dict(attempt.metrics)) if attempt.metrics else None,
        "log_path": attempt.stderr_path,
        "log_sha256": attempt.log_sha256,
    }
