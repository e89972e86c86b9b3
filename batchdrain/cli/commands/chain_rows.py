"""Shows the sessions of a chain as one line of `inv sessions`, and reads which chains are still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchdrain.cli.commands.open import open_to_look
from batchdrain.cli.invocation import Invocation
from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.model.errors import ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.sessions.session import Status

_LEFT = (Status.RUNNING, Status.INTERRUPTED, Status.STOPPED)


def join_chains(rows: Sequence[dict[str, Any]], left: Mapping[str, ChainRow]) -> list[dict[str, Any]]:
    """Join the rows of each chain into one, in the place of its newest. `rows`: newest first; `left`: the chains that are not
    complete, by uid. Pure."""
    chains: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row.get("chain_uid"):
            chains.setdefault(row["chain_uid"], []).append(row)
    joined = []
    for row in rows:
        parts = chains.pop(row.get("chain_uid") or "", None)
        if parts is not None:
            joined.append(_join(parts, left.get(row["chain_uid"])))
        elif not row.get("chain_uid"):
            joined.append(row)
    return joined


def read_chains_left(invocation: Invocation) -> dict[str, ChainRow]:
    """The chains that are not complete, by uid; empty if the database does not answer."""
    try:
        with open_to_look(invocation) as project:
            return Chains(project.store.database, project.store.ledger).read_left()
    except (DatabaseUnavailable, FilesUnavailable, ConfigError):
        return {}


def _join(parts: Sequence[dict[str, Any]], row: ChainRow | None) -> dict[str, Any]:
    """Join the rows of one chain. `parts`: newest first; `row`: the ledger's row if the chain is not complete. The line names
    the session by which the chain is resumed."""
    states = [part["status"] for part in parts]
    alive = any(part["alive"] for part in parts)
    status = next((state for state in _LEFT if state in states), Status.COMPLETE)
    if alive:
        status = Status.RUNNING
    elif row is not None and status is Status.COMPLETE:
        status = Status.INTERRUPTED if row.ended_at is None else Status.STOPPED
    named = next((part for part in parts if part["completed_at"] is None), parts[0])
    processed, success, failed = (sum(part[f"total_{name}"] for part in parts) for name in ("processed", "success", "failed"))
    return {
        **named,
        "kind": "chain",
        "status": status.value,
        "alive": alive,
        "is_paused": any(part["is_paused"] for part in parts),
        "is_closed": status is Status.COMPLETE and any(part["is_closed"] for part in parts),
        "started_at": parts[-1]["started_at"],
        "held": [claim for part in parts for claim in part["held"]],
        "batch_size": None,
        "total_processed": processed,
        "total_success": success,
        "total_failed": failed,
        "retries_waiting": sum(part["retries_waiting"] for part in parts),
        "success_rate": success / processed if processed else None,
    }
