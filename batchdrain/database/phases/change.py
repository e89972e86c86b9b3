"""Finds what changed in the mapped table since it was opened."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.database.phases.declared_types import DeclaredType, Family, read_declared_types
from batchdrain.database.phases.identity import is_replaced
from batchdrain.database.phases.relation import read_relation
from batchdrain.database.phases.shape import read_shape
from batchdrain.database.phases.table import PhaseTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between the table now and the table that was opened."""

    message: str
    is_fatal: bool  #: whether no statement that was made for the former table can be trusted


def find_change(connection: sa.Connection, table: PhaseTable, *, failed: bool = False) -> Change | None:
    """What changed in a table that is in use; None if nothing changed that matters (a new column does not). `failed`: a
    statement just failed, so any column may matter. Reads only."""
    named, before = table.source.table, table.shape
    now = read_shape(connection, table.table, read_declared_types(connection, table.table))
    if not now.types:
        return Change(message=f"table {named!r} is gone: it was dropped or renamed", is_fatal=True)
    gone = [name for name in (before.types if failed else table.declared) if name not in now.types]
    if gone:
        new = [repr(name) for name in now.types if name not in before.types]
        what = f"{'column' if len(gone) == 1 else 'columns'} {', '.join(map(repr, gone))} {'is' if len(gone) == 1 else 'are'} gone"
        return Change(message=f"table {named!r}: {what}" + (f", and {', '.join(new)} new" if new else ""), is_fatal=True)
    relation = read_relation(connection, str(table.table.name), table.schema)
    if relation is not table.writability.relation:
        return Change(message=f"{named!r} is a {relation} now, and was a {table.writability.relation}", is_fatal=True)
    retyped = [name for name in table.declared if before.types[name].name != now.types[name].name]
    if retyped:
        what = " and ".join(
            f"column {name!r} is {now.types[name].name} now, and was {before.types[name].name}" for name in retyped
        )
        is_fatal = any(not _is_alike(before.types[name], now.types[name]) for name in retyped)
        return Change(message=f"table {named!r}: {what}", is_fatal=is_fatal)
    if is_replaced(connection, table.table, before.identity, now.identity):
        return Change(message=f"table {named!r} was replaced by another one of the same columns", is_fatal=False)
    return None


def _is_alike(one: DeclaredType, other: DeclaredType) -> bool:
    """Whether what was made for a column of one type is right for the other type too:
    they may differ in length, or in their enum words."""
    if (
        one.family is other.family is Family.WHOLE
    ):  # whole numbers of both types compare alike; one that only the new type holds was not there before
        return True
    return (one.family, one.cast, one.is_bytewise, bool(one.words)) == (
        other.family,
        other.cast,
        other.is_bytewise,
        bool(other.words) or (one.base == other.base and bool(one.words)),
    )
