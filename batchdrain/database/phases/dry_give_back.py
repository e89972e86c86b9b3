"""Checks whether a view lets a phase be given back if the command sets the states itself. One row is tried, and rolled back.

The drain itself then writes only to phases that a command left in an intermediate state. If a view forbids that, the row
keeps its state.
"""

from __future__ import annotations

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import RowRefused, first_line_of
from batchdrain.database.phases.dry_write import roll_back
from batchdrain.database.phases.relation import Relation
from batchdrain.database.phases.some_rows import find_some_in
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.storage import can_be_tried
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import PhaseKey, RowState
from batchdrain.model.states import PhaseState


def find_ways_back_blocked(database: Database, table: PhaseTable, relation: Relation) -> list[str]:
    """Why a view would keep a phase in the state in which a command left it, one line each. Raises DatabaseUnavailable."""
    if table.writability.problem:
        return [f"it {table.writability.problem}"]
    if relation is not Relation.VIEW:
        return []
    if database.dialect == "mysql" or not can_be_tried(database, (table.table,)):
        return _find_in_catalogue(database, table)
    try:
        found = _find_row(database, table)
        return [] if found is None else roll_back(database, lambda connection: _try_both_ways(connection, table, found))
    except BatchDrainError as error:
        return [error.message]


def _find_in_catalogue(database: Database, table: PhaseTable) -> list[str]:
    """Look at the view's CHECK OPTION. Nothing is written, since a rollback may not reach what is behind the view."""
    on_mysql = database.dialect == "mysql"
    views = sa.table("views", *map(sa.column, ("table_schema", "table_name", "check_option")), schema="information_schema").c
    here = sa.func.database() if on_mysql else sa.func.current_schema()
    query = sa.select(views.check_option).where(
        views.table_name == str(table.table.name), views.table_schema == (here if table.schema is None else str(table.schema))
    )
    with database.read() as connection:
        found = connection.execute(query).scalar()
    return [] if found in {None, "NONE"} else ["its CHECK OPTION may refuse what its condition does not hold for"]


def _find_row(database: Database, table: PhaseTable) -> PhaseKey | None:
    """A phase that waits, so that trying on it harms nothing."""
    for state in (PhaseState.FAILED, PhaseState.QUEUED):
        with database.read() as connection:
            found = find_some_in(connection, table, state, 1)
        if found:
            return found[0]
    return None


def _try_both_ways(connection: sa.Connection, table: PhaseTable, key: PhaseKey) -> list[str]:
    prior, executing = (
        table.read_row_state(connection, key),
        RowState(state=table.states[PhaseState.EXECUTING].write, reason=None),
    )
    if prior is None or all(prior.state not in table.states[one] for one in (PhaseState.FAILED, PhaseState.QUEUED)):
        return []  # it changed just now
    for before, to in ((prior, executing), (executing, prior)):
        after = to.state
        try:
            table.give_back(connection, key, before.state, to, reason_changed=False)
            now = table.read_row_state(connection, key)
        except RowRefused as refusal:
            return [refusal.message]
        except sa.exc.DBAPIError as error:
            return [first_line_of(error.orig)]
        if now is None:
            return [f"it does not show a phase that is {after}"]
        if now.state != after:
            return [f"the state does not become {after}"]
    return []
