"""Finds phases with values that no command can be given, before any of them is claimed. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import as_trouble_of
from batchdrain.database.phases.table import PhaseTable, RowGone
from batchdrain.model.errors import BadData
from batchdrain.model.phase import PhaseKey

_AT_ONCE: Final = 200


def find_refused_values(database: Database, table: PhaseTable, keys: Sequence[PhaseKey]) -> dict[PhaseKey, BadData]:
    """The error that a claim of each of these phases would raise because of the columns for the command. Raises
    DatabaseUnavailable."""
    found: dict[PhaseKey, BadData] = {}
    for at in range(0, len(keys), _AT_ONCE):
        some = keys[at : at + _AT_ONCE]
        try:
            with as_trouble_of(some[0]), database.read() as connection:
                found.update(table.find_refused(connection, some))
        except BadData:  # a row breaks the statement: find out which
            found.update(_find_singly(database, table, some))
    return found


def _find_singly(database: Database, table: PhaseTable, keys: Sequence[PhaseKey]) -> dict[PhaseKey, BadData]:
    found: dict[PhaseKey, BadData] = {}
    for key in keys:
        try:
            with suppress(RowGone), as_trouble_of(key), database.read() as connection:
                table.read_given(connection, key)
        except BadData as error:
            found[key] = error
    return found
