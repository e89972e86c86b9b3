"""Whether a view lets a phase be given back, where the command sets states itself: tried on one row, and rolled back.

A drain writes there only what a command left in the middle. Where that can't be, the row stays as it stands.
"""

from __future__ import annotations

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import RowRefused, first_line_of
from batchdrain.database.phases.dry_write import roll_back
from batchdrain.database.phases.relation import Relation
from batchdrain.database.phases.some_rows import find_some_in
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import RowState
from batchdrain.model.states import PhaseState


def find_ways_back_blocked(database: Database, table: PhaseTable, relation: Relation) -> list[str]:
    """Why a view keeps a phase in the state in which a command left it, a line each. Raises DatabaseUnavailable."""
    if relation not in {Relation.VIEW, Relation.MATERIALIZED_VIEW}:
        return []
    if relation is Relation.MATERIALIZED_VIEW:
        return ["it is a materialized view, which shows what stood at its last REFRESH, and not what a command did since"]
    if database.dialect == "mysql":  # the table behind it may be one that no rollback reaches
        return _find_on_mysql(database, table)
    try:
        return roll_back(database, lambda connection: _try_both_ways(connection, table))
    except BatchDrainError as error:
        return [error.message]


def _find_on_mysql(database: Database, table: PhaseTable) -> list[str]:
    query = sa.text(
        "SELECT is_updatable, check_option FROM information_schema.views "
        "WHERE table_name = :name AND table_schema = coalesce(:schema, database())"
    )
    with database.read() as connection:
        found = connection.execute(query, {"name": table.table.name, "schema": table.schema}).first()
    if found is None or found[0] != "YES":
        return ["it can't be updated"]
    return [] if found[1] == "NONE" else ["its CHECK OPTION may refuse what its condition does not hold for"]


def _try_both_ways(connection: sa.Connection, table: PhaseTable) -> list[str]:
    prior, executing = table.states[PhaseState.FAILED], table.states[PhaseState.EXECUTING]
    found = find_some_in(connection, table, PhaseState.FAILED, 1)
    if not found:
        prior = table.states[PhaseState.QUEUED]
        found = find_some_in(connection, table, PhaseState.QUEUED, 1)
    if not found:
        return []
    key = found[0]
    for before, after in ((prior, executing), (executing, prior)):
        try:
            table.give_back(connection, key, before, RowState(state=after, reason=None), reason_changed=False)
            now = table.read_row_state(connection, key)
        except RowRefused as refusal:
            return [refusal.message]
        except sa.exc.DBAPIError as error:
            return [first_line_of(error.orig)]
        if now is None:
            return [f"it does not show a phase that stands as {after}"]
        if now.state != after:
            return [f"the state does not become {after}"]
    return []
