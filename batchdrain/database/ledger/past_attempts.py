"""All attempts that the ledger knows: its rows, and the sums of those that were removed.

Everything that counts attempts or adds up their time uses this, so that removing old attempts changes no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.ledger.schema import Ledger

EXAMPLE_CHARS: Final = 1_000
_TOLD: tuple[str, ...] = ("run_id", "run_type", "from_category", "from_fingerprint", "fingerprint", "outcome")


def find_sums(connection: sa.Connection, ledger: Ledger) -> sa.Table | None:
    """The table of sums; None in an earlier version, or if somebody dropped it. Reads only."""
    sums = ledger.attempt_sum
    return sums if sums is not None and sa.inspect(connection).has_table(sums.name, schema=sums.schema) else None


def past_attempts(connection: sa.Connection, ledger: Ledger) -> sa.Subquery:
    """All attempts as a subquery. Its columns: run_id, run_type, from_category, from_fingerprint, fingerprint, outcome;
    fingerprint_version, from_example and reason (NULL if not kept); `count`, the number of attempts; `duration_ms`, their
    total; `started_ms`, the latest start. The connection is asked whether there are sums."""
    single, sums = ledger.attempt, find_sums(connection, ledger)
    rows = sa.select(
        *(single.c[name] for name in _TOLD),
        *versions_of(single),
        sa.func.substr(single.c.reason, 1, EXAMPLE_CHARS).label("reason"),
        sa.literal(1, sa.BigInteger).label("count"),
        sa.func.coalesce(single.c.duration_ms, 0).label("duration_ms"),
        single.c.started_ms,
    ).where(single.c.source == ledger.source)
    if sums is None:
        return rows.subquery()
    added_up = sa.select(
        *(sums.c[name] for name in _TOLD),
        *versions_of(sums),
        sa.cast(sa.null(), sa.Text).label("reason"),
        sums.c.attempts.label("count"),
        sums.c.duration_ms,
        sums.c.last_started_ms,
    ).where(sums.c.source == ledger.source)
    return sa.union_all(rows, added_up).subquery()


def versions_of(table: sa.Table) -> Iterator[sa.ColumnElement[Any]]:
    """The columns about fingerprints; NULL if the tables are of a version without them."""
    kinds: tuple[tuple[str, type[sa.types.TypeEngine[Any]]], ...] = (
        ("fingerprint_version", sa.Integer),
        ("from_example", sa.Text),
    )
    for name, kind in kinds:
        yield table.c[name] if name in table.c else sa.cast(sa.null(), kind).label(name)
