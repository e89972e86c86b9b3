"""The sums of removed attempts. There is one row for each combination of run, run type, failure before and outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.ledger.schema import Ledger
from batchdrain.runtime.json_text import to_json

_KEY: Final = (
    "run_id", "run_type", "from_category", "from_fingerprint", "fingerprint", "outcome", "fingerprint_version",
)  # fmt: skip


@dataclass(slots=True)
class _Sum:
    attempts: int = 0
    duration_ms: int = 0
    last_started_ms: int = 0
    from_example: str | None = None  #: the example of any one of them


def add_to_sums(connection: sa.Connection, ledger: Ledger, attempts: Iterable[Mapping[Any, Any]]) -> None:
    """Add `attempts` to the sums, in the transaction that removes them. `attempts`: rows of batchdrain_attempt that have
    ended. Raises IntegrityError if somebody else adds the same row at this moment; run the transaction again then."""
    added: dict[tuple[Any, ...], _Sum] = {}
    for row in attempts:
        one = added.setdefault(tuple(row[name] for name in _KEY), _Sum())
        one.attempts += 1
        one.duration_ms += row["duration_ms"] or 0
        one.last_started_ms = max(one.last_started_ms, row["started_ms"])
        one.from_example = one.from_example or row["from_example"]
    rows = {_digest_of(of): (of, one) for of, one in added.items()}
    # In the order of the keys, so that two transactions that add at once can't wait for each other.
    keys, sums = sorted(rows), _sums_of(ledger)
    there = sa.select(sums.c.key).where(sums.c.source == ledger.source, sums.c.key.in_(keys)).order_by(sums.c.key)
    known = frozenset(connection.execute(there.with_for_update()).scalars()) if keys else frozenset()
    counts = {
        key: {"n": rows[key][1].attempts, "ms": rows[key][1].duration_ms, "last": rows[key][1].last_started_ms}
        for key in keys
    }
    if known:
        more = [{"the_key": key, **counts[key]} for key in keys if key in known]
        connection.execute(_make_addition(sums, ledger.source), more)
    new = [
        {"key": key, **dict(zip(_KEY, rows[key][0], strict=True)), **counts[key], "example": rows[key][1].from_example}
        for key in keys
        if key not in known
    ]
    if new:
        names = {
            "attempts": "n",
            "duration_ms": "ms",
            "last_started_ms": "last",
            "from_example": "example",
            **{name: name for name in ("key", *_KEY)},
        }
        values: dict[str, Any] = {column: sa.bindparam(name) for column, name in names.items()}
        connection.execute(sums.insert().values(source=ledger.source, **values), new)


def _sums_of(ledger: Ledger) -> sa.Table:
    if ledger.attempt_sum is None:
        raise AssertionError("nothing is removed before there is a table for the sums")
    return ledger.attempt_sum


def _make_addition(sums: sa.Table, source: str) -> sa.Update:
    last = sa.bindparam("last", type_=sa.BigInteger)
    return (
        sums.update()
        .where(sums.c.source == source, sums.c.key == sa.bindparam("the_key"))
        .values(
            attempts=sums.c.attempts + sa.bindparam("n", type_=sa.BigInteger),
            duration_ms=sums.c.duration_ms + sa.bindparam("ms", type_=sa.BigInteger),
            last_started_ms=sa.case((sums.c.last_started_ms < last, last), else_=sums.c.last_started_ms),
        )
    )


def _digest_of(names: Sequence[str | int | None]) -> str:
    """The key of a row of sums; a digest, since collations may take names for equal. Attempts without a version are added to
    the sums from before there were versions."""
    names = names[:-1] if names[-1] is None else names
    return hashlib.sha256(to_json([*names])).hexdigest()
