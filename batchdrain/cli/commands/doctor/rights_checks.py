"""The doctor's checks of what this user may write, and of batchdrain's own tables. Each yields findings; whatever a check
tries is rolled back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.database.ledger.migration import statements_of
from batchdrain.database.ledger.rights import LedgerRights, try_rights
from batchdrain.database.ledger.tables import SCHEMA_VERSION
from batchdrain.database.phases.names import quote_name
from batchdrain.drain.project import Project

_GRANT: Final = "GRANT SELECT, INSERT, UPDATE, DELETE on batchdrain's tables"


def check_privileges(project: Project) -> Iterator[Finding]:
    """Check the rights on the table of phases, as far as possible without trying a row."""
    store, table = project.store, project.store.table
    if store.database.dialect == "postgresql":
        whole = quote_name(store.table.schema, str(store.table.table.name))
        columns = (table.table.c[table.source.columns.state], table.reason, table.updated_at)
        written = [] if table.writability.problem else [str(column.name) for column in columns if column is not None]
        with store.database.read() as connection:
            may = [
                connection.execute(sa.select(sa.func.has_column_privilege(whole, name, "UPDATE"))).scalar()
                for name in written
            ]
        update = all(may)
    else:
        path = Path(store.database.place)
        update = store.database.dialect != "sqlite" or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
    if not update:
        yield Finding(
            "privileges", ok=False, message=f"{store.table.table.name!r} may not be updated",
            cure="GRANT UPDATE, or make it writable",
        )  # fmt: skip


def check_ledger(project: Project) -> Iterator[Finding]:
    """Check whether batchdrain's own tables can be made, or exist and can be written."""
    rights = try_rights(project.store.database, project.store.ledger)
    if rights.untried:
        yield Finding(
            "ledger",
            ok=True,
            is_warning=True,
            message=f"its privileges were not checked: {rights.untried}",
            cure="run `inv doctor` again later",
        )
    elif rights.creation is not None:
        ddl = project.store.ledger.to_ddl(project.store.database.engine.dialect)
        yield Finding(
            "ledger", ok=False, message=f"batchdrain's tables may not be created: {rights.creation}",
            cure=f"have them created, and {_GRANT}:\n{ddl}",
        )  # fmt: skip
    else:
        yield from _tell(rights)
    if rights.are_there:
        yield from _check_version(project, rights)


def _tell(rights: LedgerRights) -> Iterator[Finding]:
    for problem in rights.of_drain:
        yield Finding("ledger", ok=False, message=problem, cure=_GRANT)
    for task, problems in (("inv prune", rights.of_prune), ("inv drain --group", rights.of_groups)):
        for problem in problems:
            yield Finding(
                "ledger", ok=True, is_warning=True, message=f"{problem}; `{task}` needs this, and no other task", cure=_GRANT
            )
    if not rights.of_drain:
        what = "are there, and can be written" if rights.are_there else "will be created by the first drain"
        yield Finding("ledger", ok=True, message=f"batchdrain's tables {what}")


def _check_version(project: Project, rights: LedgerRights) -> Iterator[Finding]:
    """Warn of tables of an earlier version. A drain works with them too."""
    store = project.store
    if store.ledger.version == SCHEMA_VERSION:
        return
    with store.database.read() as connection:
        statements = statements_of(connection, store.ledger)
    yield Finding(
        "ledger",
        ok=True,
        is_warning=True,
        message=f"batchdrain's tables are of version {store.ledger.version}; {_describe_migration(rights)}",
        cure="if a drain may not alter them, have these statements executed while nothing drains:\n"
        + ";\n".join(statements)
        + ";",
    )


def _describe_migration(rights: LedgerRights) -> str:
    if rights.migration is not None:
        return f"this user may not upgrade them to version {SCHEMA_VERSION} ({rights.migration}), so a drain works with them as they are"
    return f"the next drain that finds no held claim upgrades them to version {SCHEMA_VERSION}"
