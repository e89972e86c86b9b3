"""The failed attempts whose phase a retry in the same session then completed. They are credited to the failure that they
followed, as the drain did fix such a phase, although another attempt did it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.ledger.past_attempts import find_sums, versions_of
from batchdrain.database.ledger.schema import Ledger
from batchdrain.model.states import Outcome

FIXED_LATER: Final = "fixed later"
"""In the table of sums, stands for an outcome in rows that count such attempts once more: nobody counts them as attempts."""
_NAMES: Final = ("run_id", "from_fingerprint")


def retried_fixes(connection: sa.Connection, ledger: Ledger) -> sa.Subquery:
    """All that the ledger knows, also of removed attempts, as a subquery. Its columns: run_id, from_fingerprint,
    fingerprint_version, from_example and `count`. The connection is asked whether there are sums."""
    attempt, later, sums = ledger.attempt, ledger.attempt.alias("later"), find_sums(connection, ledger)
    is_completed = sa.exists().where(
        later.c.source == attempt.c.source,
        later.c.key == attempt.c.key,
        later.c.epoch > attempt.c.epoch,
        later.c.session_uid == attempt.c.session_uid,
        later.c.outcome == Outcome.COMPLETE.value,
    )
    rows = sa.select(
        *(attempt.c[name] for name in _NAMES), *versions_of(attempt), sa.literal(1, sa.BigInteger).label("count")
    ).where(
        attempt.c.source == ledger.source,
        attempt.c.outcome == Outcome.FAILED.value,
        attempt.c.from_fingerprint.is_not(None),
        is_completed,
    )
    if sums is None:
        return rows.subquery()
    removed = sa.select(*(sums.c[name] for name in _NAMES), *versions_of(sums), sums.c.attempts.label("count")).where(
        sums.c.source == ledger.source, sums.c.outcome == FIXED_LATER, sums.c.from_fingerprint.is_not(None)
    )
    return sa.union_all(rows, removed).subquery()


def find_fixed_later(
    connection: sa.Connection, ledger: Ledger, attempts: Iterable[Mapping[Any, Any]]
) -> Iterator[dict[Any, Any]]:
    """Those of `attempts`, which are about to be removed, that a retry made good, in the form in which their sum counts them.
    Nothing may have been removed yet: the retry may be on the next page, or on this one."""
    failed = [row for row in attempts if row["outcome"] == Outcome.FAILED.value and row["from_fingerprint"] is not None]
    if not failed:
        return
    table = ledger.attempt
    query = sa.select(table.c.key, table.c.session_uid, table.c.epoch).where(
        table.c.source == ledger.source,
        table.c.key.in_(sorted({row["key"] for row in failed})),
        table.c.outcome == Outcome.COMPLETE.value,
    )
    completed: dict[tuple[str, str], int] = defaultdict(int)
    for key, session_uid, epoch in connection.execute(query):
        completed[key, session_uid] = max(completed[key, session_uid], epoch)
    for row in failed:
        if completed.get((row["key"], row["session_uid"]), 0) > row["epoch"]:
            yield {**row, "fingerprint": None, "outcome": FIXED_LATER, "duration_ms": 0}
