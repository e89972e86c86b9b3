"""batchdrain's own tables, next to the user's. The first drain makes them; `doctor` prints their DDL.

Several tables of phases in one schema share them; each row names its table.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from batchdrain.database.connection import Database
from batchdrain.database.dialects import lock_table_creation
from batchdrain.database.ledger.own_writes import write_own
from batchdrain.database.ledger.source_names import bare_name_of, find_source
from batchdrain.database.ledger.tables import ADDED, ADDED_TABLES, SCHEMA_VERSION, make_tables
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.errors import ConfigError

UID: Final = "database_uid"
VERSION: Final = "schema_version"


@dataclass(frozen=True, slots=True)
class Ledger:
    """batchdrain's tables in one schema, as used for one table of phases."""

    meta: sa.Table
    claim: sa.Table
    attempt: sa.Table
    source: str  #: the name of the table of phases in their rows
    version: int = SCHEMA_VERSION  #: the version of the tables; an earlier one lacks what was added later
    later: Mapping[str, sa.Table] = field(default_factory=dict, compare=False)  #: tables that were added later, by name

    @classmethod
    def of(cls, table: PhaseTable, version: int = SCHEMA_VERSION, source: str | None = None) -> Ledger:
        """The ledger in the schema of the phases. `source`: the table's name in its rows, if that is not the bare one. Does not
        touch the database: `create` makes the tables."""
        made = make_tables(table.schema, version, table.dialect)
        meta, claim, attempt = (made.pop(f"batchdrain_{name}") for name in ("meta", "claim", "attempt"))
        return cls(source=source or bare_name_of(table), meta=meta, claim=claim, attempt=attempt, version=version, later=made)

    @classmethod
    def find(cls, database: Database, table: PhaseTable) -> Ledger:
        """The ledger that exists, of whatever version; the newest if there is none. Reads only. Raises ConfigError if a newer
        batchdrain made it."""
        newest = cls.of(table)
        if database.dialect == "mysql":
            with database.read() as connection:
                newest = replace(newest, source=find_source(connection, table, newest.claim))
        found = newest.read_meta(database, VERSION)
        if found is None:  # there are none, or they were made from a printed DDL
            return cls.of(table, newest.read_version_of_columns(database), newest.source)
        require_known(found, database.name)
        return newest if int(found) == SCHEMA_VERSION else cls.of(table, int(found), newest.source)

    @property
    def attempt_sum(self) -> sa.Table | None:
        """The table of sums of removed attempts; None if the tables' version has none."""
        return self.later.get("batchdrain_attempt_sum")

    @property
    def is_newest(self) -> bool:
        """Whether the tables have everything that this version of batchdrain adds."""
        return self.version == SCHEMA_VERSION

    @property
    def tables(self) -> tuple[sa.Table, ...]:
        """All tables of its version."""
        return (self.meta, self.claim, self.attempt, *self.later.values())

    @property
    def chain(self) -> sa.Table | None:
        """The table of chains; None if the tables' version has none."""
        return self.later.get("batchdrain_chain")

    @property
    def group(self) -> sa.Table | None:
        """The table of groups of controllers; None if the tables' version has none."""
        return self.later.get("batchdrain_group")

    @property
    def session(self) -> sa.Table | None:
        """The table of sessions and their controllers; None if the tables' version has none."""
        return self.later.get("batchdrain_session")

    def exists(self, connection: sa.Connection) -> bool:
        """Whether the tables of the first version exist. Reads only."""
        return _stand(connection, (self.meta, self.claim, self.attempt))

    def to_ddl(self, dialect: sa.Dialect) -> str:
        """The statements that make the tables, for a database administrator."""
        parts: list[str] = []
        for table in self.tables:
            parts.append(str(CreateTable(table).compile(dialect=dialect)).strip())
            parts.extend(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
        return ";\n\n".join(parts) + ";\n"

    def create(self, database: Database) -> None:
        """Make the missing tables; refuse a newer version. Raises ConfigError with a remedy if that is denied."""
        from batchdrain.database.storage import require_transactions

        require_transactions(database, self.tables)
        if not self._is_complete(database):
            try:
                database.write(self._create)
            except sa.exc.IntegrityError:  # another controller made them at the same moment
                pass
            except ConfigError as error:
                raise ConfigError(
                    f"database {database.name}: batchdrain's tables could not be created: "
                    f"{error.within(f'database {database.name}')}",
                    remedy="`inv doctor` prints their DDL for someone who may",
                ) from error
            require_transactions(database, self.tables)  # the server may have used another engine than requested
        self.require_version(database)

    def _is_complete(self, database: Database) -> bool:
        with database.read() as connection:
            exists = _stand(connection, self.tables)
        return exists and self.read_meta(database, UID) is not None

    def _create(self, connection: sa.Connection) -> None:
        with lock_table_creation(connection):
            self.meta.metadata.create_all(connection)
            known = connection.execute(sa.select(self.meta.c.name)).scalars().all()
            for name, value in ((VERSION, str(self.version)), (UID, uuid.uuid4().hex)):
                if name not in known:
                    connection.execute(self.meta.insert().values(name=name, value=value))

    def require_version(self, database: Database) -> None:
        """Raises ConfigError if a newer batchdrain made the tables."""
        found = self.read_meta(database, VERSION)
        if found is not None:
            require_known(found, database.name)

    def read_version_of_columns(self, database: Database) -> int:
        """The version that the existing columns show; the newest if there are no tables. Reads only."""
        with database.read() as connection:
            if not self.exists(connection):
                return SCHEMA_VERSION
            inspector = sa.inspect(connection)
            columns = {
                table.name: {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
                for table in self.tables
                if _stand(connection, (table,))
            }
        missing = [
            since for since, by in ADDED.items() if any(not set(by[table]) <= columns.get(table, set()) for table in by)
        ]
        missing += [since for since, tables in ADDED_TABLES.items() if not set(tables) <= columns.keys()]
        return min(missing, default=SCHEMA_VERSION + 1) - 1

    def read_meta(self, database: Database, name: str) -> str | None:
        """A value of batchdrain_meta; None if the value or the table does not exist. Reads only."""
        with database.read() as connection:
            if not sa.inspect(connection).has_table(self.meta.name, schema=self.meta.schema):
                return None
            return connection.execute(sa.select(self.meta.c.value).where(self.meta.c.name == name)).scalar()

    def write_meta(self, database: Database, name: str, value: str) -> None:
        """Set a value of batchdrain_meta, whether it exists or not. Raises DatabaseUnavailable and ConfigError."""

        def work(connection: sa.Connection) -> None:
            if not connection.execute(self.meta.update().where(self.meta.c.name == name).values(value=value)).rowcount:
                connection.execute(self.meta.insert().values(name=name, value=value))

        write_own(database, work)


def _stand(connection: sa.Connection, tables: Iterable[sa.Table]) -> bool:
    inspector = sa.inspect(connection)
    return all(inspector.has_table(table.name, schema=table.schema) for table in tables)


def require_known(version: str, database: str) -> None:
    """Raises ConfigError if a newer batchdrain made the tables.
    `version`: from batchdrain_meta; `database`: its name, for people."""
    if not version.isdigit() or int(version) > SCHEMA_VERSION:
        raise ConfigError(
            f"database {database}: batchdrain's tables are of version {version[:20]!r}, "
            f"this program knows up to {SCHEMA_VERSION}",
            remedy="upgrade batchdrain",
        )


def error_of_no_version() -> ConfigError:
    """The error of tables that have no version any more."""
    return ConfigError(
        "batchdrain_meta has no schema_version any more: somebody emptied it",
        remedy="the next drain creates it again; earlier sessions can't be resumed then",
    )
