"""The doctor's checks of the database. Each yields findings; what one tries to write is rolled back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.database.ledger.migration import statements_of
from batchdrain.database.ledger.tables import SCHEMA_VERSION
from batchdrain.database.network_disk import REMEDY, network_disk_problem_of
from batchdrain.database.phases.checks import find_keys, find_lost_row, find_unfit_columns, find_unwritable_view
from batchdrain.database.phases.dry_write import dry_write_ledger
from batchdrain.database.phases.names import quote_name, split_name
from batchdrain.database.phases.pages import to_text
from batchdrain.database.phases.row_counts import find_duplicate_ids
from batchdrain.database.run_counts import describe_counts
from batchdrain.database.storage import can_be_tried, examine_storage
from batchdrain.drain.project import Project
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import is_nameable

_DRAINED: Final = (PhaseState.FAILED, PhaseState.QUEUED)


def check_connection(project: Project) -> Iterator[Finding]:
    """What the database holds, and whose disk it lies on."""
    yield Finding("database", ok=True, message=f"{project.store.where}: {describe_counts(project.store.read_run_counts())}")
    problem = (
        network_disk_problem_of(Path(project.store.database.place)) if project.store.database.dialect == "sqlite" else None
    )
    if problem is not None:
        yield Finding("database", ok=False, message=problem, cure=REMEDY)


def check_storage(project: Project) -> Iterator[Finding]:
    """Before anything is tried: what is written to a table without transactions stays there."""
    store = project.store
    for check, tables in (("table", (store.table.table,)), ("ledger", store.ledger.tables)):
        for remark in examine_storage(store.database, tables):
            ok = not remark.is_refused
            yield Finding(check, ok=ok, message=remark.message, cure=remark.cure, is_warning=ok)


def check_columns(project: Project) -> Iterator[Finding]:
    """The mapped columns, their types, and a view that can't be updated."""
    database, table = project.store.database, project.store.table
    problems = find_unfit_columns(database, table)
    if project.settings.command.result_from == "exit_code":
        problems += find_unwritable_view(database, table)
    for problem in problems:
        yield Finding("table", ok=False, message=problem, cure="map it in batchdrain.source")
    if not problems:
        yield Finding("table", ok=True, message=f"{project.settings.source.table!r} has every mapped column")
        with database.read() as connection:
            time = table.update_time(connection)
        if time is not None and time.warning:
            yield Finding("updated_at", ok=True, message=time.warning, is_warning=True)


def check_ids(project: Project) -> Iterator[Finding]:
    """Whether two rows may have the same ids."""
    columns = project.settings.source.columns
    names = {columns.run_id, columns.phase_id}
    schema, name = split_name(project.settings.source.table)
    with project.store.database.read() as connection:
        if any(key and key <= names for key in find_keys(connection, schema, name)):
            yield Finding("ids", ok=True, message="run_id and phase_id are unique together")
            return
        twice = find_duplicate_ids(connection, project.store.table)
    if twice is not None:
        yield Finding(
            "ids",
            ok=False,
            message=f"{twice[0]} names {twice[1]} rows",
            cure="map columns that are unique together",
        )
    else:
        yield Finding("ids", ok=True, message="are unique now, though no key of the table says so")


def check_rows(project: Project) -> Iterator[Finding]:
    """Where nothing is written, `_check_writes` does not look for the row that it would write."""
    if project.settings.command.result_from == "exit_code":
        return
    for state in _DRAINED:
        lost = find_lost_row(project.store.database, project.store.table, state)
        if lost is not None:
            yield Finding("ids", ok=False, message=lost)


def check_names(project: Project) -> Iterator[Finding]:
    """Rows that a drain leaves out, as nobody could name them."""
    table, nameless = project.store.table, 0
    for state in _DRAINED:
        with project.store.database.read() as connection:
            for page in table.read_pages(connection, state):
                if not page.has_sound_ids:
                    nameless += sum(not (is_nameable(to_text(row[0])) and is_nameable(to_text(row[1]))) for row in page.rows)
    if nameless:
        yield Finding(
            "ids", ok=True, is_warning=True,
            message=f"{nameless} rows have a run_id or phase_id that names nothing (NULL, empty, bytes): a drain skips them",
            cure=f"give them ids: look for NULL, '' and bytes in {table.source.columns.run_id} and {table.source.columns.phase_id}",
        )  # fmt: skip


def check_privileges(project: Project) -> Iterator[Finding]:
    """What this user may write, and batchdrain's own tables."""
    schema, name = split_name(project.settings.source.table)
    with project.store.database.read() as connection:
        if project.store.database.dialect == "postgresql":
            update = connection.execute(sa.select(sa.func.has_table_privilege(quote_name(schema, name), "UPDATE"))).scalar()
            place = sa.func.current_schema() if schema is None else schema
            create = connection.execute(sa.select(sa.func.has_schema_privilege(place, "CREATE"))).scalar()
        else:
            path = Path(project.store.database.place)
            update = create = project.store.database.dialect != "sqlite" or (
                os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
            )
        ready = project.store.ledger.exists(connection)
    if not update:
        yield Finding(
            "privileges", ok=False, message=f"{name!r} may not be updated", cure="GRANT UPDATE, or make it writable"
        )
    if ready and not can_be_tried(project.store.database, project.store.ledger.tables):
        return
    if ready:
        problems = dry_write_ledger(project.store.database, project.store.ledger)
        for problem in problems:
            yield Finding(
                "ledger", ok=False, message=problem, cure="GRANT SELECT, INSERT, UPDATE, DELETE on batchdrain's tables"
            )
        if not problems:
            yield Finding("ledger", ok=True, message="batchdrain's tables are there, and can be written")
        yield from _check_version(project)
    elif create:
        yield Finding("ledger", ok=True, message="batchdrain's tables will be made by the first drain")
    else:
        ddl = project.store.ledger.to_ddl(project.store.database.engine.dialect)
        yield Finding("ledger", ok=False, message="batchdrain's tables may not be created", cure=f"have them made:\n{ddl}")


def _check_version(project: Project) -> Iterator[Finding]:
    """Tables of an earlier version are no problem: a drain goes with them."""
    store = project.store
    if store.ledger.version == SCHEMA_VERSION:
        return
    with store.database.read() as connection:
        statements = statements_of(connection, store.ledger)
    yield Finding(
        "ledger",
        ok=True,
        is_warning=True,
        message=f"batchdrain's tables are of version {store.ledger.version}; the next drain that finds no claim held makes "
        f"them version {SCHEMA_VERSION}",
        cure="where a drain may not alter them, have these run while nothing drains:\n" + ";\n".join(statements) + ";",
    )
