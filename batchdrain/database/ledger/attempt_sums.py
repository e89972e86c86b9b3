"""Attempts that are removed, added up: a row for each run, run type, failure that they set out from, and way they ended."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.ledger.schema import Ledger
from batchdrain.runtime.json_text import to_json

_KEY: Final = ("run_id", "run_type", "from_category", "from_fingerprint", "fingerprint", "outcome")


@dataclass(slots=True)
class _Sum:
    attempts: int = 0
    duration_ms: int = 0
    last_started_ms: int = 0


def add_to_sums(connection: sa.Connection, ledger: Ledger, attempts: Iterable[Mapping[Any, Any]]) -> None:
    """`attempts`: rows of batchdrain_attempt that have ended. Part of the transaction that removes them. Raises
    IntegrityError where somebody adds the same row in this moment: the transaction is to be run again."""
    added: dict[tuple[Any, ...], _Sum] = {}
    for row in attempts:
        one = added.setdefault(tuple(row[name] for name in _KEY), _Sum())
        one.attempts += 1
        one.duration_ms += row["duration_ms"] or 0
        one.last_started_ms = max(one.last_started_ms, row["started_ms"])
    # In the order of their keys: of two who add at once one waits for the other, and never each for the other.
    for key, of in sorted((_digest_of(of), of) for of in added):
        _add(connection, ledger, key, {**dict(zip(_KEY, of, strict=True))}, added[of])


def _add(connection: sa.Connection, ledger: Ledger, key: str, names: Mapping[str, Any], one: _Sum) -> None:
    sums = ledger.attempt_sum
    if sums is None:
        raise AssertionError("nothing is removed before there is a table for the sums")
    more = {
        "attempts": sums.c.attempts + one.attempts,
        "duration_ms": sums.c.duration_ms + one.duration_ms,
        "last_started_ms": sa.case(
            (sums.c.last_started_ms < one.last_started_ms, one.last_started_ms), else_=sums.c.last_started_ms
        ),
    }
    this = sa.and_(sums.c.source == ledger.source, sums.c.key == key)
    if not connection.execute(sums.update().where(this).values(more)).rowcount:
        values = {"attempts": one.attempts, "duration_ms": one.duration_ms, "last_started_ms": one.last_started_ms}
        connection.execute(sums.insert().values(source=ledger.source, key=key, **names, **values))


def _digest_of(names: Iterable[str | None]) -> str:
    """No collation takes it for another."""
    return hashlib.sha256(to_json([*names])).hexdigest()
