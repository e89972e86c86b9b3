"""Sums up the ledger's attempts: how retries of each category, fingerprint, run and run type went. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.ledger.past_attempts import past_attempts
from batchdrain.database.ledger.retried_fixes import retried_fixes
from batchdrain.database.ledger.schema import Ledger
from batchdrain.failures.fingerprints import VERSION
from batchdrain.failures.kept_fingerprint import FIRST, KeptFingerprint
from batchdrain.model.failure_change import FailureChange
from batchdrain.model.retry_stats import NOTHING, RetryCount, RetryStats
from batchdrain.model.states import Outcome

MOST: Final = 10_000
"""How many are remembered: fingerprints and their changes (the most frequent), and pairs of run and failure (the latest)."""
_FAILED: Final = (Outcome.FAILED.value, Outcome.TIMEOUT.value)
_ENDED: Final = (Outcome.COMPLETE.value, *_FAILED)


def read_retry_stats(connection: sa.Connection, ledger: Ledger) -> RetryStats:
    """Read the statistics in four queries, each one pass over the attempts. An attempt of a queued phase followed no failure,
    so it teaches nothing."""
    attempt = past_attempts(connection, ledger)
    counts = _count_columns_of(attempt)
    learns = attempt.c.outcome.in_(_ENDED) & attempt.c.from_category.is_not(None)
    groups = (attempt.c.from_category, attempt.c.run_type, attempt.c.run_id)
    categories: dict[str, RetryCount] = defaultdict(RetryCount)
    run_types: dict[str, RetryCount] = defaultdict(RetryCount)
    runs: dict[str, RetryCount] = defaultdict(RetryCount)
    for category, run_type, run_id, *numbers in connection.execute(
        sa.select(*groups, *counts).where(learns).group_by(*groups)
    ):
        counted = _to_retry_count(*numbers)
        for by_name, name in ((categories, category), (run_types, run_type), (runs, run_id)):
            by_name[name] = by_name.get(name, NOTHING).plus(counted)
    failed_by = attempt.c.from_fingerprint
    version, example = _version_of(attempt), _example_of(attempt, attempt.c.from_example)
    frequent = (
        sa.select(failed_by, version, example, *counts)
        .where(learns & (failed_by != ""))
        .group_by(failed_by, version)
        .order_by(counts[0].desc(), failed_by)
        .limit(MOST)
    )
    fingerprints: dict[str, RetryCount] = {}
    for kept, of, text, *numbers in connection.execute(frequent):
        fingerprint = _renew(kept, of, text)
        fingerprints[fingerprint] = fingerprints.get(fingerprint, NOTHING).plus(_to_retry_count(*numbers))
    failures, seen_in = _read_failures(connection, attempt)
    return RetryStats(
        categories=dict(categories),
        fingerprints=fingerprints,
        runs=dict(runs),
        run_types=dict(run_types),
        failures=failures,
        seen_in=seen_in,
        changes=_read_changes(connection, attempt),
    )


def _read_changes(connection: sa.Connection, attempt: sa.Subquery) -> dict[FailureChange, int]:
    """How often each failure followed which other one. Only attempts that failed by themselves count."""
    names = (attempt.c.from_category, attempt.c.from_fingerprint, attempt.c.fingerprint, _version_of(attempt))
    times = sa.func.sum(attempt.c.count)
    query = (
        sa.select(*names, _example_of(attempt, attempt.c.from_example), _example_of(attempt, attempt.c.reason), times)
        .where(attempt.c.outcome == Outcome.FAILED.value, attempt.c.from_category.is_not(None))
        .group_by(*names)
        .order_by(times.desc(), *names[:3])
        .limit(MOST)
    )
    changes: dict[FailureChange, int] = {}
    for category, before, after, version, from_text, text, count in connection.execute(query):
        of = FailureChange(category, _renew(before or "", version, from_text), _renew(after or "", version, text))
        changes[of] = changes.get(of, 0) + int(count)
    return changes


def _count_columns_of(attempt: sa.Subquery) -> tuple[sa.ColumnElement[Any], ...]:
    complete, took = attempt.c.outcome == Outcome.COMPLETE.value, attempt.c.duration_ms
    return (
        sa.func.sum(attempt.c.count),
        sa.func.sum(sa.case((complete, attempt.c.count), else_=0)),
        sa.func.sum(sa.case((complete, took), else_=0)),
        sa.func.sum(sa.case((complete, 0), else_=took)),
    )


def _to_retry_count(tried: int, fixed: int, fixed_ms: int, failed_ms: int) -> RetryCount:
    return RetryCount(int(tried), int(fixed), float(fixed_ms) / 1000, float(failed_ms) / 1000)


def _read_failures(connection: sa.Connection, attempt: sa.Subquery) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    """The fingerprint of each run's latest failed attempt, and the runs of each of these fingerprints."""
    latest, version = sa.func.max(attempt.c.started_ms), _version_of(attempt)
    query = (
        sa.select(attempt.c.run_id, attempt.c.fingerprint, version, _example_of(attempt, attempt.c.reason))
        .where(attempt.c.outcome.in_(_FAILED), attempt.c.from_category.is_not(None), attempt.c.fingerprint != "")
        .group_by(attempt.c.run_id, attempt.c.fingerprint, version)
        .order_by(latest.desc(), attempt.c.run_id, attempt.c.fingerprint)
        .limit(MOST)
    )
    failures: dict[str, str] = {}
    seen_in: dict[str, frozenset[str]] = {}
    for run_id, kept, of, text in connection.execute(query):
        fingerprint = _renew(kept, of, text)
        failures.setdefault(run_id, fingerprint)
        seen_in[fingerprint] = seen_in.get(fingerprint, frozenset()) | {run_id}
    return failures, seen_in


def read_retries_by_fingerprint(
    database: Database, ledger: Ledger, is_asked: Callable[[str], bool] | None = None
) -> dict[str, RetryCount]:
    """The retries by fingerprint, over all sessions. An attempt counts as fixed if it completed its phase, or if a retry in the
    same session did. `is_asked`: which run_ids count; None: all. {} if there is no ledger."""
    with database.read() as connection:
        if not ledger.exists(connection):
            return {}
        attempts, retried = past_attempts(connection, ledger), retried_fixes(connection, ledger)
        tried, fixed, *_ = _count_columns_of(attempts)
        followed = (attempts.c.from_fingerprint.is_not(None), attempts.c.outcome.in_(_ENDED))
        found: dict[str, RetryCount] = {}
        for of, query in (
            (attempts, sa.select(tried, fixed).where(*followed)),
            (retried, sa.select(sa.literal(0), sa.func.sum(retried.c.count))),
        ):
            names = [of.c.from_fingerprint, _version_of(of), *(() if is_asked is None else (of.c.run_id,))]
            grouped = query.add_columns(_example_of(of, of.c.from_example), *names).group_by(*names)
            for count, done, text, kept, version, *run in connection.execute(grouped):
                if is_asked is None or is_asked(run[0]):
                    fingerprint = _renew(kept, version, text)
                    found[fingerprint] = found.get(fingerprint, NOTHING).plus(RetryCount(int(count), int(done)))
        return found


def read_fixed(database: Database, ledger: Ledger, is_asked: Callable[[str], bool] | None = None) -> int:
    """How often an attempt completed a phase, over all sessions. `is_asked`: which run_ids count; None: all."""
    with database.read() as connection:
        if not ledger.exists(connection):
            return 0
        attempts = past_attempts(connection, ledger)
        query = sa.select(attempts.c.run_id, sa.func.sum(attempts.c.count)).group_by(attempts.c.run_id)
        rows = connection.execute(query.where(attempts.c.outcome == Outcome.COMPLETE.value))
        return sum(int(count) for run_id, count in rows if is_asked is None or is_asked(run_id))


def read_fingerprints(database: Database, ledger: Ledger) -> frozenset[str]:
    """The fingerprints with which attempts failed, or of the failures that they followed; empty if there is no ledger."""
    with database.read() as connection:
        if not ledger.exists(connection):
            return frozenset()
        attempts = past_attempts(connection, ledger)
        version = _version_of(attempts)
        pairs = ((attempts.c.from_fingerprint, attempts.c.from_example), (attempts.c.fingerprint, attempts.c.reason))
        return frozenset(
            _renew(kept, of, text)
            for name, example in pairs
            for kept, of, text in connection.execute(
                sa.select(name, version, _example_of(attempts, example)).where(name.is_not(None)).group_by(name, version)
            )
        )


def _version_of(attempt: sa.Subquery) -> sa.ColumnElement[int]:
    """The version of the rules that made an attempt's fingerprints."""
    return sa.func.coalesce(attempt.c.fingerprint_version, FIRST)


def _example_of(attempt: sa.Subquery, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """One text of each group, needed if older rules made its fingerprint."""
    return sa.func.min(sa.case((attempt.c.fingerprint_version == VERSION, None), else_=text))


def _renew(kept: str, version: int, example: str | None) -> str:
    """The fingerprint that the present rules would make."""
    return KeptFingerprint(fingerprint=kept, version=int(version), example=example or "").nearest
