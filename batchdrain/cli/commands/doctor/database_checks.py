"""The doctor's checks of the database. Each yields findings; whatever a check tries to write is rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.doctor.reason_checks import check_reasons
from batchdrain.database.network_disk import REMEDY, network_disk_problem_of
from batchdrain.database.phases.checks import find_keys, find_lost_row, find_unfit_columns, find_unwritable_view
from batchdrain.database.phases.names import split_name
from batchdrain.database.phases.row_counts import find_duplicate_ids
from batchdrain.database.run_counts import describe_totals
from batchdrain.database.storage import examine_storage
from batchdrain.drain.project import Project
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import agree, count_of, is_nameable

_DRAINED: Final = (PhaseState.FAILED, PhaseState.QUEUED)


def check_connection(project: Project) -> Iterator[Finding]:
    """Tell what the database holds, and whether its file lies on a disk of this machine."""
    yield Finding("database", ok=True, message=f"{project.store.where}: {describe_totals(project.store.read_totals())}")
    problem = (
        network_disk_problem_of(Path(project.store.database.place)) if project.store.database.dialect == "sqlite" else None
    )
    if problem is not None:
        yield Finding("database", ok=False, message=problem, cure=REMEDY)


def check_storage(project: Project) -> Iterator[Finding]:
    """Check the storage before anything is tried: writes to a table without transactions can't be rolled back."""
    store = project.store
    for check, tables in (("table", (store.table.table,)), ("ledger", store.ledger.tables)):
        for remark in examine_storage(store.database, tables):
            ok = not remark.is_refused
            yield Finding(check, ok=ok, message=remark.message, cure=remark.cure, is_warning=ok)


def check_columns(project: Project) -> Iterator[Finding]:
    """Check the mapped columns, their types, and whether a view can be updated."""
    database, table = project.store.database, project.store.table
    problems = find_unfit_columns(database, table)
    if project.settings.command.result_from == "exit_code":
        problems += find_unwritable_view(table)
    for problem in problems:
        yield Finding("table", ok=False, message=problem, cure="map it in batchdrain.source")
    if not problems:
        yield Finding("table", ok=True, message=f"{project.settings.source.table!r} has every mapped column")
        with database.read() as connection:
            time = table.update_time(connection)
        if time is not None and time.warning:
            yield Finding("updated_at", ok=True, message=time.warning, is_warning=True)
        yield from check_reasons(project)


def check_ids(project: Project) -> Iterator[Finding]:
    """Check whether two rows may have the same ids."""
    names = project.store.table.ids.column_names
    schema, name = split_name(project.settings.source.table)
    with project.store.database.read() as connection:
        keys = find_keys(connection, schema, name)
        if any(key and key <= names for key in keys):
            yield Finding("ids", ok=True, message="run_id and phase_id are unique together")
            return
        twice = find_duplicate_ids(connection, project.store.table)
    if twice is not None:
        yield Finding(
            "ids",
            ok=False,
            message=f"{twice[0]} names {twice[1]} rows",
            cure=_name_missing(keys, names) or "map columns that are unique together",
        )
    else:
        yield Finding("ids", ok=True, message="are unique now, though no key of the table says so")


def _name_missing(keys: Iterable[set[str]], names: frozenset[str]) -> str:
    """A cure that names the columns which a key of the table has beside the mapped ones; '' if there is no key."""
    nearest = min((key for key in keys if key), key=lambda key: (len(key - names), sorted(key)), default=None)
    if nearest is None:
        return ""
    lacking = ", ".join(map(repr, sorted(nearest - names)))
    return f"a key of the table has {lacking} too: map lists of columns, as docs/tables.md says"


def check_rows(project: Project) -> Iterator[Finding]:
    """Check that a row is found again by its ids.
    Done only if the command writes the states, since otherwise the check of writes does it."""
    if project.settings.command.result_from == "exit_code":
        return
    for state in _DRAINED:
        lost = find_lost_row(project.store.database, project.store.table, state)
        if lost is not None:
            yield Finding("ids", ok=False, message=lost)


def check_names(project: Project) -> Iterator[Finding]:
    """Count the rows that a drain skips because their ids name nothing."""
    table, nameless = project.store.table, 0
    for state in _DRAINED:
        with project.store.database.read() as connection:
            for page in table.read_pages(connection, state):
                if not page.has_sound_ids:
                    nameless += sum(not (is_nameable(run) and is_nameable(phase)) for run, phase in page.ids)
    if nameless:
        yield Finding(
            "ids", ok=True, is_warning=True,
            message=f"{count_of(nameless, 'row')} {agree(nameless, 'has', 'have')} an unusable run_id or phase_id (NULL, empty, bytes): a drain skips "
            f"{agree(nameless, 'it', 'them')}",
            cure=f"give {agree(nameless, 'it', 'them')} ids: look for NULL, '' and bytes in {', '.join((*table.run_id.names, *table.phase_id.names))}",
        )  # fmt: skip
