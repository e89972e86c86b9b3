"""Whether the mapped table can be drained as it is configured. A line for each problem, with its place."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.phases.columns import bind
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.errors import ConfigError, did_you_mean

_NO_TEXT: Final = (sa.Integer, sa.Numeric, sa.Boolean, sa.JSON, sa.DateTime, sa.Date, sa.LargeBinary, sa.ARRAY)


def require_fit_states(table: PhaseTable) -> None:
    """Raises ConfigError for words that the state's column can't even be compared with."""
    unfit = []
    for state, text in table.states.items():
        try:
            bind(table.state, text)
        except ValueError:
            kind = str(table.state.type).lower()
            unfit.append(
                f"batchdrain.source.states.{state.value}: {text!r} is no value of the {kind} column {table.state.name!r}"
            )
    if unfit:
        raise ConfigError.of(unfit)


def find_unfit_columns(table: PhaseTable) -> list[str]:
    """Columns of the wrong kind, and words that an enum lacks."""
    known = getattr(table.state.type, "enums", None)
    found = [
        f"batchdrain.source.states.{state.value}: {text!r} is not a value of the enum column "
        f"{table.source.columns.state!r}{did_you_mean(text, known)}"
        for state, text in table.states.items()
        if known is not None and text not in known
    ]
    for key, column in (("states", table.state), ("columns.run_id", table.run_id)):
        if isinstance(column.type, sa.LargeBinary):
            found.append(f"batchdrain.source.{key}: column {column.name!r} holds bytes, not text")
    if table.reason is not None and isinstance(table.reason.type, _NO_TEXT):
        kind = str(table.reason.type).lower()
        found.append(
            f"batchdrain.source.columns.last_failure_reason: column {table.reason.name!r} holds {kind}, not text; "
            "map a text column, or null for none"
        )
    return found


def find_unwritable_view(database: Database, table: PhaseTable) -> list[str]:
    """A view that can't be updated: on SQLite none can, as a trigger's rows are not counted."""
    name, schema = table.table.name, table.schema
    with database.read() as connection:
        if name not in sa.inspect(connection).get_view_names(schema=schema):
            return []
        if database.dialect == "sqlite":
            updatable = False
        else:
            query = (
                "SELECT max(is_updatable) = 'YES' FROM information_schema.views "
                "WHERE table_name = :name AND table_schema = coalesce(:schema, %s)"
            )
            here = "current_schema()" if database.dialect == "postgresql" else "database()"
            updatable = bool(connection.execute(sa.text(query % here), {"name": name, "schema": schema}).scalar())
    if updatable:
        return []
    place = f"batchdrain.source.table: {table.source.table!r}"
    cure = "map the table behind it, or let the command set the state (command.result_from: database)"
    return [f"{place} is a view that can't be updated; {cure}"]
