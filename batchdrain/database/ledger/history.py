"""What the ledger knows of the past: attempts, durations, sessions. Reads only; an absent ledger is an empty one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.dialects import db_now_ms
from batchdrain.database.ledger.retry_stats_query import read_retry_stats
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.columns import from_parameter
from batchdrain.execution.order import token_of
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.phase import PhaseKey
from batchdrain.model.retry_stats import RetryStats
from batchdrain.model.states import Outcome

RECENT: Final = 200
SESSION: Final = "session/"
"""Before the session's id: the name under which batchdrain_meta keeps what a session was asked to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHistory:
    """What the ledger holds of one run."""

    successes: int = 0
    timeouts: int = 0
    mean_duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The ledger's part of a backlog, read together with it. Keyed by PhaseKey.digest and by run_id."""

    attempts: Mapping[str, int] = field(default_factory=dict)
    held: frozenset[str] = frozenset()  #: claimed by a controller now
    waits_ms: Mapping[str, int] = field(default_factory=dict)  #: not to be claimed before, in ms from now
    orphanings: Mapping[str, int] = field(default_factory=dict)  #: in a row, where there were any
    runs: Mapping[str, RunHistory] = field(default_factory=dict)
    names: frozenset[tuple[str, str]] = frozenset()  #: run_id and phase_id of every phase that the ledger knows
    retry_stats: RetryStats = field(default_factory=RetryStats)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A claim that somebody holds."""

    key: PhaseKey
    epoch: int
    owner: str
    session_uid: str
    phase_index: int | None
    attempt: int
    controller: ProcessIdentity
    guardian: ProcessIdentity | None
    lease_left_ms: int  #: by the database's clock; negative when it is over
    prior_state: str
    prior_reason: str | None
    held_state: str | None  #: the state's word that its controller wrote; None where the command sets states itself
    orphanings: int  #: in a row, before this claim
    started_ms: int
    spool_dir: str

    @property
    def token(self) -> str:
        """Names the execution among all processes of its machine."""
        return token_of(self.session_uid, self.key.digest, self.epoch)


class History:
    """The ledger, read: what selection, recovery and lists ask of it. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self.database = database
        self.ledger = ledger

    def read_past(self) -> Past:
        """Everything that selection needs to know, in six queries."""
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return Past()
            touched = self._read_touched(connection)
            runs = self._read_runs(connection)
            names = self._read_names(connection)
            retry_stats = read_retry_stats(connection, self.ledger)
        return Past(
            names=names,
            attempts={key: count for key, count, *_ in touched if count},
            held=frozenset(key for key, _, owner, *_ in touched if owner is not None),
            waits_ms={key: int(wait) for key, _, _, wait, _ in touched if wait is not None and wait > 0},
            orphanings={key: count for key, *_, count in touched if count},
            runs=runs,
            retry_stats=retry_stats,
        )

    def _read_touched(self, connection: sa.Connection) -> Sequence[sa.Row[str, int, str | None, int | None, int]]:
        """Of each phase with a claim: its key, attempts, owner, how long it is to be left alone, and its orphanings."""
        claims = self.ledger.claim
        wait_ms = claims.c.next_at_ms - db_now_ms()
        query = sa.select(claims.c.key, claims.c.attempts, claims.c.owner, wait_ms, claims.c.orphan_count)
        return connection.execute(query.where(claims.c.source == self.ledger.source)).all()

    def _read_runs(self, connection: sa.Connection) -> dict[str, RunHistory]:
        attempts = self.ledger.attempt
        is_complete = attempts.c.outcome == Outcome.COMPLETE.value
        query = sa.select(
            attempts.c.run_id,
            sa.func.sum(sa.case((is_complete, 1), else_=0)),
            sa.func.sum(sa.case((attempts.c.outcome == Outcome.TIMEOUT.value, 1), else_=0)),
            sa.func.avg(sa.case((is_complete, attempts.c.duration_ms), else_=sa.null())),
        )
        found = connection.execute(query.where(attempts.c.source == self.ledger.source).group_by(attempts.c.run_id)).all()
        return {
            run: RunHistory(
                successes=int(successes),
                timeouts=int(timeouts),
                mean_duration_s=None if mean is None else float(mean) / 1000,
            )
            for run, successes, timeouts, mean in found
        }

    def _read_names(self, connection: sa.Connection) -> frozenset[tuple[str, str]]:
        attempts = self.ledger.attempt
        query = sa.select(attempts.c.run_id, attempts.c.phase_id).where(attempts.c.source == self.ledger.source)
        return frozenset((run, phase) for run, phase in connection.execute(query.distinct()))

    def read_durations_s(self, run_type: str, category: str | None = None) -> list[float]:
        """How long the latest completed attempts of a run type took, at most RECENT of them. `category`: only those that
        set out from a failure of it."""
        attempts = self.ledger.attempt
        of = [attempts.c.source == self.ledger.source, attempts.c.run_type == run_type[:191]]
        of.append(attempts.c.outcome == Outcome.COMPLETE.value)
        if category is not None:
            of.append(attempts.c.from_category == category)
        query = sa.select(attempts.c.duration_ms).where(*of).order_by(attempts.c.started_ms.desc()).limit(RECENT)
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return []
            return [value / 1000 for value in connection.execute(query).scalars() if value is not None]

    def read_session_rows(self, session_uid: str) -> list[Mapping[str, Any]]:
        """The recorded attempts of a session, in the order in which they began."""
        attempts = self.ledger.attempt
        query = (
            sa.select(attempts)
            .where(attempts.c.session_uid == session_uid, attempts.c.outcome.is_not(None))
            .order_by(attempts.c.started_ms, attempts.c.epoch)
        )
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return []
            return [dict(row) for row in connection.execute(query).mappings()]

    def read_session_heads(self, session_id: str) -> list[str]:
        """What the ledger keeps of the sessions with this id (two hosts may have used it): JSON texts."""
        meta = self.ledger.meta
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return []
            query = sa.select(meta.c.value).where(meta.c.name.startswith(f"{SESSION}{session_id}/", autoescape=True))
            return list(connection.execute(query).scalars())

    def read_held(self) -> list[Held]:
        """The claims that somebody holds now."""
        claims, attempts = self.ledger.claim, self.ledger.attempt
        query = (
            sa.select(
                claims,
                (claims.c.lease_until_ms - db_now_ms()).label("lease_left_ms"),
                *(attempts.c[name] for name in ("session_uid", "run_id", "phase_id", "phase_index", "attempt", "started_ms")),
            )
            .join(attempts, sa.and_(*(attempts.c[name] == claims.c[name] for name in ("source", "key", "epoch"))))
            .where(claims.c.source == self.ledger.source, claims.c.owner.is_not(None))
            .order_by(attempts.c.started_ms, attempts.c.run_id, attempts.c.phase_id)
        )
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return []
            return [_to_held(row) for row in connection.execute(query).mappings()]


def _to_held(row: Any) -> Held:
    guard = row["guard_pid"], row["guard_start"]
    return Held(
        key=PhaseKey(row["run_id"], row["phase_id"]),
        epoch=row["epoch"],
        owner=row["owner"],
        session_uid=row["session_uid"],
        phase_index=row["phase_index"],
        attempt=row["attempt"],
        controller=ProcessIdentity(row["host_id"], row["ctl_pid"], row["ctl_start"]),
        guardian=None if None in guard else ProcessIdentity(row["host_id"], *guard),
        lease_left_ms=int(row["lease_left_ms"]),
        prior_state=row["prior_state"],
        prior_reason=from_parameter(row["prior_reason"]),
        held_state=row["held_state"],
        orphanings=row["orphan_count"],
        started_ms=row["started_ms"],
        spool_dir=row["spool_dir"] or "",
    )
