"""Keeps how long the latest removed attempts took, if they completed, so that time limits are learnt as before.

For each run type and category the newest are kept, as many as a time limit looks at, as a JSON text in batchdrain_meta.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.ledger.schema import Ledger
from batchdrain.model.states import Outcome
from batchdrain.runtime.json_text import to_json

RECENT: Final = 200
"""How many durations of a run type, or of one of its categories, are looked at."""
_KEPT: Final = "durations/"
_NONE: Final = ""
"""The category of attempts that followed no failure."""
Taken = tuple[int, int]
"""When an attempt began, in ms since 1970, and how many ms it took."""


def read_kept(connection: sa.Connection, ledger: Ledger, run_type: str, category: str | None) -> list[Taken]:
    """The kept durations of a run type, at most RECENT of each category, unordered.
    `category`: None means all. Reads only."""
    meta = ledger.meta
    found = connection.execute(sa.select(meta.c.value).where(meta.c.name == _name_of(ledger.source, run_type))).scalar()
    kept = _parse(found)
    return [one for of, some in kept.items() if category in (None, of) for one in some]


def keep_durations(connection: sa.Connection, ledger: Ledger, attempts: Iterable[Mapping[Any, Any]]) -> None:
    """Keep the durations of the completed attempts, in the transaction that removes them.
    Raises the same as `add_to_sums`."""
    taken: dict[str, dict[str, list[Taken]]] = {}
    for row in attempts:
        if row["outcome"] == Outcome.COMPLETE.value and row["duration_ms"] is not None:
            of = taken.setdefault(row["run_type"], {}).setdefault(row["from_category"] or _NONE, [])
            of.append((row["started_ms"], row["duration_ms"]))
    for run_type, more in sorted(taken.items()):
        _keep(connection, ledger, run_type, more)


def _keep(connection: sa.Connection, ledger: Ledger, run_type: str, more: Mapping[str, list[Taken]]) -> None:
    meta, name = ledger.meta, _name_of(ledger.source, run_type)
    this = meta.c.name == name
    found = connection.execute(sa.select(meta.c.value).where(this).with_for_update()).scalar()
    kept = _parse(found)
    for category, some in more.items():
        kept[category] = sorted([*kept.get(category, []), *some], reverse=True)[:RECENT]
    value = to_json({"source": ledger.source, "run_type": run_type, "latest": kept}).decode()
    if found is None:
        connection.execute(meta.insert().values(name=name, value=value))
    elif value != found:
        connection.execute(meta.update().where(this).values(value=value))


def rename_kept(connection: sa.Connection, ledger: Ledger, former: str) -> None:
    """Give what was kept for a table of another name to the present table. Part of the transaction that renames the rest."""
    meta = ledger.meta
    query = sa.select(meta.c.name, meta.c.value).where(meta.c.name.startswith(_KEPT, autoescape=True))
    for name, value in connection.execute(query).all():
        run_type = _run_type_of(value, former)
        if run_type is not None and name == _name_of(former, run_type):
            now = {"source": ledger.source, "run_type": run_type, "latest": _parse(value)}
            this = meta.update().where(meta.c.name == name)
            connection.execute(this.values(name=_name_of(ledger.source, run_type), value=to_json(now).decode()))


def _run_type_of(value: str, source: str) -> str | None:
    """The run type; None if the value belongs to another table, or is not ours."""
    try:
        found = json.loads(value)
        return str(found["run_type"]) if found["source"] == source else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _name_of(source: str, run_type: str) -> str:
    return f"{_KEPT}{hashlib.sha256(to_json([source, run_type])).hexdigest()}"


def _parse(value: str | None) -> dict[str, list[Taken]]:
    """The durations by category; {} if the value is not ours: whoever may write to the ledger may have written anything."""
    try:
        latest = json.loads(value or "{}").get("latest", {})
        return {
            str(category): [(began, took) for began, took in some if type(began) is int and type(took) is int][:RECENT]
            for category, some in latest.items()
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
