"""One session of the folder as `inv sessions` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchdrain.cli.commands.sessions_elsewhere import fields_of_held
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.session_counts import SessionCounts
from batchdrain.model.errors import BadData
from batchdrain.runtime import clock
from batchdrain.sessions.folder import LostSession, SessionFolder
from batchdrain.sessions.session import CLOSED, Session, Status


def row_of(
    folder: SessionFolder,
    name: str,
    session: Session | BadData,
    held: dict[str, list[Held]],
    known: set[str],
    paused: frozenset[str],
) -> dict[str, Any]:
    """The row that is shown for a session. Its claims are removed from `held`, and its uid is added to `known`. `paused`: the uids
    of sessions that somebody paused."""
    alive = folder.is_held(name)
    if isinstance(session, BadData):
        return {"session_id": name, "error": str(session), "lost": isinstance(session, LostSession), "alive": alive}
    known.add(session.session_uid or "")
    return {
        "session_id": session.session_id,
        "session_uid": session.session_uid,
        "chain_uid": session.chain_uid,
        "kind": session.kind.value,
        "status": session.current_status.value,
        "alive": alive,
        "is_paused": alive and session.session_uid in paused,
        "is_closed": session.current_status is Status.COMPLETE and session.stopped_because == CLOSED,
        "started_at": clock.to_iso(session.started_at),
        "completed_at": None if session.completed_at is None else clock.to_iso(session.completed_at),
        "held": fields_of_held(held.pop(session.session_uid or "", ())),
        "batch_size": session.batch_size,
        "total_processed": session.total_processed,
        "total_success": session.total_success,
        "total_failed": session.total_failed,
        "retries_waiting": session.retries_waiting,
        "success_rate": session.success_rate,
        "elsewhere": None,
    }


def is_dead(row: Mapping[str, Any]) -> bool:
    """Whether the session's file says that it runs although no process drains it."""
    return row.get("status") == Status.RUNNING and not row["alive"]


def count_anew(row: dict[str, Any], counted: SessionCounts | None) -> dict[str, Any]:
    """The row with the results that the ledger has: the file of one that died may lack the last of them, or have the failure of
    a phase that a retry completed. If the ledger has fewer, they were removed."""
    if counted is None or counted.processed < row["total_processed"]:
        return row
    failed, waiting = counted.processed - counted.succeeded, row["retries_waiting"]
    return {
        **row,
        "total_processed": counted.processed,
        "total_success": counted.succeeded,
        "total_failed": failed,
        "retries_waiting": counted.waiting_of(row["total_failed"] - waiting, waiting),
        "success_rate": counted.succeeded / counted.processed,
    }
