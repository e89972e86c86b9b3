"""What the ledger knows of the past: attempts, durations, sessions. Reads only; without a ledger the past is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.dialects import db_now_ms
from batchdrain.database.ledger.held_claims import Held, Stray, read_held, read_strays
from batchdrain.database.ledger.kept_durations import RECENT, read_kept
from batchdrain.database.ledger.past_attempts import find_sums, past_attempts
from batchdrain.database.ledger.retry_stats_query import read_retry_stats
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.retry_stats import RetryStats
from batchdrain.model.states import Outcome

SESSION: Final = "session/"
"""The prefix of the name under which batchdrain_meta keeps what a session was asked to do; the session's id follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHistory:
    """The ledger's knowledge of one run."""

    successes: int = 0
    timeouts: int = 0
    mean_duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The ledger's part of a backlog, read together with it. Keyed by PhaseKey.digest and by run_id."""

    attempts: Mapping[str, int] = field(default_factory=dict)
    held: frozenset[str] = frozenset()  #: claimed by a controller now
    waits_ms: Mapping[str, int] = field(default_factory=dict)  #: how long the phase must not be claimed, in ms from now
    orphanings: Mapping[str, int] = field(default_factory=dict)  #: how often in a row, only if there were any
    runs: Mapping[str, RunHistory] = field(default_factory=dict)
    names: frozenset[tuple[str, str]] = frozenset()  #: run_id and phase_id of every phase that the ledger knows
    summed_runs: frozenset[str] = frozenset()  #: runs with removed attempts; `names` lacks phases of them
    retry_stats: RetryStats = field(default_factory=RetryStats)

    def knows(self, digest: str) -> bool:
        """Whether a claim says anything about the phase."""
        return any(digest in of for of in (self.attempts, self.held, self.waits_ms, self.orphanings))


class History:
    """Reads the ledger for selection, recovery and lists. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database, ledger: Ledger, table: PhaseTable | None = None) -> None:
        """`table`: may be None if only the past is read, and not who holds what."""
        self.database = database
        self.ledger = ledger
        self.table = table

    def read_past(self) -> Past:
        """Read everything that selection needs to know, in a few queries."""
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return Past()
            touched = self._read_touched(connection)
            runs = self._read_runs(connection)
            names, summed_runs = self._read_names(connection), self._read_summed_runs(connection)
            retry_stats = read_retry_stats(connection, self.ledger)
        return Past(
            names=names,
            summed_runs=summed_runs,
            attempts={key: count for key, count, *_ in touched if count},
            held=frozenset(key for key, _, owner, *_ in touched if owner is not None),
            waits_ms={key: int(wait) for key, _, _, wait, _ in touched if wait is not None and wait > 0},
            orphanings={key: count for key, *_, count in touched if count},
            runs=runs,
            retry_stats=retry_stats,
        )

    def _read_touched(self, connection: sa.Connection) -> Sequence[sa.Row[str, int, str | None, int | None, int]]:
        """For each phase with a claim: its key, attempts, owner, the ms to wait before a claim, and its orphanings."""
        claims = self.ledger.claim
        wait_ms = claims.c.next_at_ms - db_now_ms()
        query = sa.select(claims.c.key, claims.c.attempts, claims.c.owner, wait_ms, claims.c.orphan_count)
        return connection.execute(query.where(claims.c.source == self.ledger.source)).all()

    def _read_runs(self, connection: sa.Connection) -> dict[str, RunHistory]:
        attempts = past_attempts(connection, self.ledger)
        is_complete, is_timeout = (attempts.c.outcome == one.value for one in (Outcome.COMPLETE, Outcome.TIMEOUT))
        query = sa.select(
            attempts.c.run_id,
            sa.func.sum(sa.case((is_complete, attempts.c.count), else_=0)),
            sa.func.sum(sa.case((is_timeout, attempts.c.count), else_=0)),
            sa.func.sum(sa.case((is_complete, attempts.c.duration_ms), else_=0)),
        )
        return {
            run: RunHistory(
                successes=int(successes),
                timeouts=int(timeouts),
                mean_duration_s=float(took_ms) / int(successes) / 1000 if successes else None,
            )
            for run, successes, timeouts, took_ms in connection.execute(query.group_by(attempts.c.run_id))
        }

    def _read_summed_runs(self, connection: sa.Connection) -> frozenset[str]:
        sums = find_sums(connection, self.ledger)
        if sums is None:
            return frozenset()
        query = sa.select(sums.c.run_id).where(sums.c.source == self.ledger.source).distinct()
        return frozenset(connection.execute(query).scalars())

    def _read_names(self, connection: sa.Connection) -> frozenset[tuple[str, str]]:
        attempts = self.ledger.attempt
        query = sa.select(attempts.c.run_id, attempts.c.phase_id).where(attempts.c.source == self.ledger.source)
        return frozenset((run, phase) for run, phase in connection.execute(query.distinct()))

    def read_durations_s(self, run_type: str, category: str | None = None) -> list[float]:
        """How many seconds the latest completed attempts of a run type took, at most RECENT of them. `category`: only
        attempts that followed a failure of this category. Attempts that were removed since are included."""
        attempts, run_type = self.ledger.attempt, run_type[:191]
        of = [attempts.c.source == self.ledger.source, attempts.c.run_type == run_type]
        of.append(attempts.c.outcome == Outcome.COMPLETE.value)
        if category is not None:
            of.append(attempts.c.from_category == category)
        of.append(attempts.c.duration_ms.is_not(None))
        query = sa.select(attempts.c.started_ms, attempts.c.duration_ms).where(*of)
        query = query.order_by(attempts.c.started_ms.desc()).limit(RECENT)
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return []
            found = [(began, took) for began, took in connection.execute(query)]
            found += read_kept(connection, self.ledger, run_type, category)
        return [took / 1000 for _, took in sorted(found, reverse=True)[:RECENT]]

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
        """What the ledger keeps of the sessions with this id, as JSON texts. Two hosts may have used the same id."""
        meta = self.ledger.meta
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return []
            query = sa.select(meta.c.value).where(meta.c.name.startswith(f"{SESSION}{session_id}/", autoescape=True))
            return list(connection.execute(query).scalars())

    def read_held(self) -> list[Held]:
        """The claims that somebody holds now, even if their attempts are gone."""
        with self.database.read() as connection:
            return [] if self.table is None else read_held(connection, self.ledger, self.table)

    def read_strays(self, most: int) -> list[Stray]:
        """At most `most` phases that stand as executing although no claim holds them."""
        with self.database.read() as connection:
            return [] if self.table is None else read_strays(connection, self.ledger, self.table, most=most)
