"""Lists the sessions of the database whose files are not in our folder: they are on another host, or in another folder."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.drain.liveness import describe_held
from batchdrain.drain.liveness import is_alive as is_holder_alive
from batchdrain.drain.project import Project
from batchdrain.execution.process_identity import is_alive
from batchdrain.reports.status_view import DIED, PAUSED, SILENT, to_fields
from batchdrain.runtime import clock
from batchdrain.sessions.session import Status


def read_elsewhere(
    project: Project, known: Container[str], lost: Container[str], held: dict[str, list[Held]]
) -> list[dict[str, Any]]:
    """These sessions as `inv sessions --format=json` shows them, the newest first. `known`: the uids of sessions in our
    folder; `lost`: the ids of sessions whose file our folder has lost. The claims of the listed sessions are removed from
    `held`. Raises DatabaseUnavailable."""
    here = str(project.folder.folder.absolute())
    return [
        _row_of(row, held.pop(row.uid, ()))
        for row in project.session_rows.read()
        if row.uid not in known and not (row.session_id in lost and row.wanted.get("folder") == here)
    ]


def fields_of_held(claims: Iterable[Held]) -> list[dict[str, Any]]:
    """The fields of the claims that a session holds."""
    return [
        {
            "run_id": claim.key.run_id,
            "phase_id": claim.key.phase_id,
            "epoch": claim.epoch,
            "alive": is_holder_alive(claim),
            "lease_left_s": claim.lease_left_ms / 1000,
            "said": describe_held(claim),
        }
        for claim in claims
    ]


def list_held(held: Mapping[str, Iterable[Held]]) -> list[str]:
    """One line for each claim."""
    return [describe_held(claim) for claims in held.values() for claim in claims]


def _row_of(row: SessionRow, claims: Sequence[Held]) -> dict[str, Any]:
    found = to_fields(row, is_alive(row.controller))
    processed, begun_at = found["processed"], found["begun_at"]
    batch_size = row.wanted.get("batch_size")
    has_ended = row.status in {Status.COMPLETE, Status.STOPPED}
    return {
        "session_id": row.session_id,
        "session_uid": row.uid,
        "chain_uid": row.chain_uid,
        "kind": found["kind"] or "",
        "status": row.status or Status.RUNNING.value,
        "alive": row.status is None and found["state"] not in {DIED, SILENT},
        "is_paused": row.status is None and found["state"] == PAUSED,
        "is_closed": False,
        "started_at": begun_at,
        "completed_at": clock.to_iso(clock.from_ms(row.ended_ms)) if has_ended and row.ended_ms is not None else None,
        "held": fields_of_held(claims),
        "batch_size": batch_size if isinstance(batch_size, int) else None,
        "total_processed": processed,
        "total_success": found["succeeded"],
        "total_failed": processed - found["succeeded"],
        "retries_waiting": 0 if row.status == Status.COMPLETE else found["retries"],
        "success_rate": found["succeeded"] / processed if processed else None,
        "elsewhere": {"host": row.host, "pid": row.controller.pid, "folder": found["folder"], "group": found["group"]},
    }
