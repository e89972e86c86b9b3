"""Finds the rows that a table keeps although they are marked as deleted. Pure."""

from __future__ import annotations

import re
from typing import Final

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, TableFacts
from batchdrain.cli.commands.init.vocabulary import DELETIONS, rank_columns, to_plain
from batchdrain.database.phases.names import quote_name

_YES_OR_NO: Final = frozenset({"deleted", "is_deleted"})
"""Names of columns that say whether a row is deleted. All others say when, and are NULL in rows that are not."""
_BARE: Final = re.compile("[a-z_][a-z0-9_]*")


def explain_deleted(table: TableFacts) -> list[str]:
    """What the user should check about such rows; [] if no column marks rows as deleted."""
    found = find_deleted(table)
    return (
        [f"rows that are marked as deleted are skipped (source.where: {found}): remove that condition if they are meant"]
        if found
        else []
    )


def find_deleted(table: TableFacts) -> str:
    """The SQL condition that a row is not marked as deleted; '' if no column marks rows so."""
    named = [column for column in rank_columns(table.columns, DELETIONS) if to_plain(column.name) in DELETIONS]
    return next((found for column in named if (found := _condition(table, column))), "")


def _condition(table: TableFacts, column: ColumnFacts) -> str:
    name = column.name
    if not _BARE.fullmatch(name):
        name = quote_name(None, name, "`" if table.dialect in {"mysql", "mariadb"} else '"')
    if column.kind is Kind.TRUTH:
        return f"{name} IS NOT TRUE"
    if column.kind is Kind.WHOLE and table.rows and {*table.values_of(column.name)} <= {0, 1}:
        return f"coalesce({name}, 0) = 0"
    if column.kind in {Kind.TIME, Kind.WHOLE} and column.takes_null and to_plain(column.name) not in _YES_OR_NO:
        return f"{name} IS NULL"
    return ""
