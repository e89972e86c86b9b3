"""The row of an attempt in the ledger, as it is written when the attempt begins."""

from __future__ import annotations

import socket
from functools import cache
from typing import Any

from batchdrain.failures.fingerprints import VERSION
from batchdrain.failures.kept_fingerprint import example_of
from batchdrain.model.claim import Claim
from batchdrain.model.states import PhaseState
from batchdrain.runtime import clock
from batchdrain.runtime.text import to_storable


def opening_row_of(claim: Claim, source: str, session_uid: str, run_type: str, *, is_newest: bool) -> dict[str, Any]:
    """The row of an attempt that begins. `from_category`, `from_fingerprint`: of the failure that the attempt is to fix; NULL
    for a queued phase. `host`: the host of this process, the controller. `is_newest`: whether the tables have the columns of
    version 4."""
    phase = claim.phase
    failed = phase.state is PhaseState.FAILED
    row = {
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
    if is_newest:
        row["group_key"] = claim.group_key
        row["host"] = _own_host()
        row["fingerprint_version"] = VERSION
        row["from_example"] = to_storable(example_of(phase.failure.text)) if failed else None
    return row


@cache
def _own_host() -> str:
    return to_storable(socket.gethostname())
