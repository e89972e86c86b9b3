"""The doctor's checks of what this user and this connection reach: rows that are hidden, and a server that only reads. They
write nothing."""

from __future__ import annotations

from collections.abc import Iterator

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.database.phases.inheritance import find_whole
from batchdrain.database.phases.relation import Relation
from batchdrain.drain.project import Project
from batchdrain.model.errors import DatabaseUnavailable


def check_hidden_rows(project: Project) -> Iterator[Finding]:
    """Tell what kind of view the source is, and whether rows may exist that a drain neither counts nor takes."""
    store, name = project.store, project.settings.source.table
    if store.relation is Relation.GUARDED_TABLE:
        yield Finding(
            "source", ok=True, is_warning=True,
            message=f"table {name!r} has row security: rows that its policies hide from this user are neither counted nor drained",
            cure="if they are meant, drain as a user who may see and update all of them (BYPASSRLS)",
        )  # fmt: skip
    if store.relation is Relation.VIEW and not store.table.writability.problem:
        shown = (
            "every row of its table"
            if store.shows_every_row
            else "maybe not every row of its table, and the others are not drained"
        )
        yield Finding("source", ok=True, message=f"view {name!r} can be updated: a drain writes through it; it shows {shown}")
    with store.database.read() as connection:
        whole = find_whole(connection, store.table.schema, str(store.table.table.name))
    if whole is not None:
        yield Finding(
            "source", ok=True, is_warning=True,
            message=f"table {name!r} is one partition of {whole}: rows of the other partitions are neither counted nor drained",
            cure=f"map {whole}, if they are meant",
        )  # fmt: skip


def check_takes_writes(project: Project) -> Iterator[Finding]:
    """Check whether the server takes writes. Raises DatabaseUnavailable if it takes none: a failover may end that."""
    database = project.store.database
    if database.dialect == "sqlite" or database.takes_writes():
        return
    if database.dialect == "postgresql":
        raise DatabaseUnavailable(
            f"database {database.name} takes no writes: it is a standby, or default_transaction_read_only is on",
            remedy="connect to the primary, or as a user without that setting: a drain always writes batchdrain's own tables",
        )
    yield Finding(
        "database", ok=True, is_warning=True, message="the server has read_only on, as a replica has: it takes only the writes of administrators",
        cure="connect to the primary",
    )  # fmt: skip
