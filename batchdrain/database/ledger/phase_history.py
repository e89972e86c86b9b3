"""What the ledger knows of one phase: each attempt, and its claim. Reads only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from batchdrain.database.ledger.history import SESSION
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.store import Store
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import COUNTED, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAttempt:
    """One attempt, as the ledger has it. Its words, texts and paths are as untrusted as the user's table."""

    epoch: int
    attempt: int
    session_uid: str
    session_id: str | None  #: None if only attempts are left of the session
    started_ms: int
    ended_ms: int | None  #: None while it runs, or if nobody recorded its end
    duration_ms: int | None
    outcome: str | None
    final_state: str | None
    exit_code: int | None
    signal: int | None
    reason: str | None
    category: str | None
    host: str | None  #: like the next ones None if the tables were of an earlier version
    cpu_ms: int | None
    max_rss_kb: int | None
    stdout_path: str | None
    stderr_path: str | None
    session_because: str | None = None  #: for an attempt that was given back: why its session ended, if known

    @property
    def is_counted(self) -> bool:
        """Whether it counts as an attempt."""
        return self.outcome in {outcome.value for outcome in COUNTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseHistory:
    """The ledger's history of one phase."""

    attempts: tuple[PastAttempt, ...] = ()  #: in the order of their epochs, without those that `inv prune` removed
    counted: int = 0  #: how many attempts there were over all sessions, with the removed ones
    orphanings: int = 0  #: how often in a row
    is_held: bool = False  #: whether a controller holds it, alive or dead

    @property
    def removed(self) -> int:
        """How many counted attempts were removed."""
        return max(0, self.counted - sum(one.is_counted for one in self.attempts))

    @property
    def uncounted(self) -> tuple[str, ...]:
        """The outcomes of the attempts that do not count, the earliest first: 'unrecorded' for one whose end nobody recorded."""
        return tuple(one.outcome or "unrecorded" for one in self.attempts if not one.is_counted)

    @property
    def was_completed(self) -> bool | None:
        """Whether its last counted attempt completed it; None if there is none, or it was removed."""
        last = next((one for one in reversed(self.attempts) if one.is_counted), None)
        return None if last is None else last.outcome == "complete"


def read_phase_history(store: Store, key: PhaseKey) -> PhaseHistory:
    """Read the history of a phase; empty if there is no ledger. Raises DatabaseUnavailable."""
    ledger = store.ledger
    with store.database.read() as connection:
        if not ledger.exists(connection):
            return PhaseHistory()
        claims, attempts = ledger.claim, ledger.attempt
        columns = (claims.c.attempts, claims.c.orphan_count, claims.c.owner)
        claim = connection.execute(
            sa.select(*columns).where(claims.c.source == ledger.source, claims.c.key == key.digest)
        ).first()
        query = sa.select(attempts).where(attempts.c.source == ledger.source, attempts.c.key == key.digest)
        rows = connection.execute(query.order_by(attempts.c.epoch)).mappings().all()
        sessions = _read_session_ids(connection, ledger) if rows else {}
        given_back = {row["session_uid"] for row in rows if row["outcome"] == Outcome.RELEASED}
        reasons = _read_reasons(connection, ledger, {uid: sessions[uid] for uid in given_back & sessions.keys()})
    return PhaseHistory(
        attempts=tuple(_to_attempt(row, sessions, reasons) for row in rows),
        counted=0 if claim is None else claim.attempts,
        orphanings=0 if claim is None else claim.orphan_count,
        is_held=claim is not None and claim.owner is not None,
    )


def _read_session_ids(connection: sa.Connection, ledger: Ledger) -> dict[str, str]:
    """The ids of sessions, by session_uid."""
    names = connection.execute(
        sa.select(ledger.meta.c.name).where(ledger.meta.c.name.startswith(SESSION, autoescape=True))
    ).scalars()
    found = (name.removeprefix(SESSION).rpartition("/") for name in names)
    return {uid: session_id for session_id, _, uid in found}


def _read_reasons(connection: sa.Connection, ledger: Ledger, sessions: Mapping[str, str]) -> dict[str, str]:
    """Why sessions ended, by session_uid. `sessions`: the ids of these sessions, by uid."""
    found: dict[str, str] = {}
    for uid, session_id in sessions.items():
        name = ledger.meta.c.name == f"{SESSION}{session_id}/{uid}"
        head = connection.execute(sa.select(ledger.meta.c.value).where(name)).scalar()
        if because := _because_of(head):
            found[uid] = because
    return found


def _because_of(head: str | None) -> str | None:
    """Why the session ended. None if its head does not tell, or is not ours:
    whoever may write to the ledger may have written anything."""
    try:
        found = json.loads(head or "{}")
    except (ValueError, RecursionError):
        return None
    because = found.get("stopped_because") if isinstance(found, dict) else None
    return because if isinstance(because, str) else None


def _to_attempt(row: Mapping[Any, Any], sessions: Mapping[str, str], reasons: Mapping[str, str]) -> PastAttempt:
    return PastAttempt(
        epoch=row["epoch"],
        attempt=row["attempt"],
        session_uid=row["session_uid"],
        session_id=sessions.get(row["session_uid"]),
        started_ms=row["started_ms"],
        ended_ms=row["ended_ms"],
        duration_ms=row["duration_ms"],
        outcome=row["outcome"],
        final_state=row["final_state"],
        exit_code=row["exit_code"],
        signal=row["signal"],
        reason=row["reason"],
        category=row["category"],
        host=row.get("host"),
        cpu_ms=row.get("cpu_ms"),
        max_rss_kb=row.get("max_rss_kb"),
        stdout_path=row.get("stdout_path"),
        stderr_path=row["log_path"],
        session_because=reasons.get(row["session_uid"]) if row["outcome"] == Outcome.RELEASED else None,
    )
