"""batchdrain's own tables, next to the user's. Made by the first drain; `doctor` prints their DDL.

Several tables of phases in one schema share them; each row says which table it is of.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.schema import CreateIndex, CreateTable

from batchdrain.database.connection import Database
from batchdrain.database.dialects import lock_table_creation
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.errors import ConfigError
from batchdrain.runtime.text import slug_of

SCHEMA_VERSION: Final = 1
UID: Final = "database_uid"
# MariaDB: a TEXT holds 64 kB and compares by a collation that takes 'X ' for 'x'; keys are ASCII digests.
_LONG: Final = sa.Text().with_variant(LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
_KEY: Final = sa.CHAR(64)
_SOURCE: Final = 64


@dataclass(frozen=True, slots=True)
class Ledger:
    """The three tables, in one schema, for one table of phases."""

    meta: sa.Table
    claim: sa.Table
    attempt: sa.Table
    source: str  #: what its rows call the table of phases

    @classmethod
    def of(cls, table: PhaseTable) -> Ledger:
        """In the schema of the phases. Asks and writes nothing: `create` makes the tables."""
        metadata = sa.MetaData(schema=table.schema)
        return cls(
            source=_name_of(table),
            meta=_make_meta_table(metadata),
            claim=_make_claim_table(metadata),
            attempt=_make_attempt_table(metadata),
        )

    @property
    def tables(self) -> tuple[sa.Table, ...]:
        """All three."""
        return (self.meta, self.claim, self.attempt)

    def exists(self, connection: sa.Connection) -> bool:
        """Whether all three stand. Reads only."""
        inspector = sa.inspect(connection)
        return all(inspector.has_table(table.name, schema=table.schema) for table in self.tables)

    def to_ddl(self, dialect: sa.Dialect) -> str:
        """The statements that make the tables, for a database administrator."""
        parts: list[str] = []
        for table in self.tables:
            parts.append(str(CreateTable(table).compile(dialect=dialect)).strip())
            parts.extend(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
        return ";\n\n".join(parts) + ";\n"

    def create(self, database: Database) -> None:
        """Make what is missing; refuse a newer version. Raises ConfigError, with the way out, where it is denied."""
        if not self._is_complete(database):
            try:
                database.write(self._create)
            except sa.exc.IntegrityError:  # another controller made them in the same moment
                pass
            except ConfigError as error:
                raise ConfigError(
                    f"database {database.name}: batchdrain's tables could not be made: {error}",
                    remedy="`inv doctor` prints their DDL for someone who may",
                ) from error
        self.require_version(database)

    def _is_complete(self, database: Database) -> bool:
        with database.read() as connection:
            exists = self.exists(connection)
        return exists and self.read_meta(database, UID) is not None

    def _create(self, connection: sa.Connection) -> None:
        with lock_table_creation(connection):
            self.meta.metadata.create_all(connection)
            known = connection.execute(sa.select(self.meta.c.name)).scalars().all()
            for name, value in (("schema_version", str(SCHEMA_VERSION)), (UID, uuid.uuid4().hex)):
                if name not in known:
                    connection.execute(self.meta.insert().values(name=name, value=value))

    def require_version(self, database: Database) -> None:
        """Raises ConfigError when a newer batchdrain made the tables."""
        found = self.read_meta(database, "schema_version")
        if found is not None and (not found.isdigit() or int(found) > SCHEMA_VERSION):
            raise ConfigError(
                f"database {database.name}: batchdrain's tables are of version {found[:20]!r}, "
                f"this program knows up to {SCHEMA_VERSION}",
                remedy="upgrade batchdrain",
            )

    def read_meta(self, database: Database, name: str) -> str | None:
        """A value of batchdrain_meta; None where it, or the table, is absent. Reads only."""
        with database.read() as connection:
            if not sa.inspect(connection).has_table(self.meta.name, schema=self.meta.schema):
                return None
            return connection.execute(sa.select(self.meta.c.value).where(self.meta.c.name == name)).scalar()

    def write_meta(self, database: Database, name: str, value: str) -> None:
        """Set a value of batchdrain_meta, whether it is there or not. Raises DatabaseUnavailable."""

        def work(connection: sa.Connection) -> None:
            if not connection.execute(self.meta.update().where(self.meta.c.name == name).values(value=value)).rowcount:
                connection.execute(self.meta.insert().values(name=name, value=value))

        database.write(work)


def _name_of(table: PhaseTable) -> str:
    """The table's name, or as much of it as a key can hold and what tells it from all others."""
    name = str(table.table.name)
    if table.dialect == "sqlite":
        name = name.lower()  # SQLite takes 'Phases' for 'phases'
    if re.fullmatch(r"[A-Za-z0-9_]{1,64}", name):
        return name
    return f"{slug_of(name)}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _make_meta_table(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "batchdrain_meta",
        metadata,
        sa.Column("name", sa.String(191), primary_key=True),
        sa.Column("value", _LONG, nullable=False),
    )


def _make_claim_table(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "batchdrain_claim",
        metadata,
        sa.Column("source", sa.String(_SOURCE), primary_key=True),
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.CHAR(32)),
        sa.Column("lease_until_ms", sa.BigInteger),
        sa.Column("host_id", sa.String(64)),
        sa.Column("ctl_pid", sa.Integer),
        sa.Column("ctl_start", sa.BigInteger),
        sa.Column("guard_pid", sa.Integer),
        sa.Column("guard_start", sa.BigInteger),
        sa.Column("spool_dir", _LONG),
        sa.Column("prior_state", _LONG),
        sa.Column("prior_reason", _LONG),
        sa.Column("held_state", _LONG),
        sa.Column("orphan_count", sa.Integer, nullable=False, default=0),
        sa.Column("attempts", sa.Integer, nullable=False, default=0),
        sa.Column("next_at_ms", sa.BigInteger),
    )


def _make_attempt_table(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "batchdrain_attempt",
        metadata,
        sa.Column("source", sa.String(_SOURCE), primary_key=True),
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("session_uid", sa.CHAR(32), nullable=False, index=True),
        sa.Column("run_id", _LONG, nullable=False),
        sa.Column("phase_id", _LONG, nullable=False),
        sa.Column("phase_index", sa.BigInteger),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("run_type", sa.String(191), nullable=False),
        sa.Column("initial_state", _LONG, nullable=False),
        sa.Column("from_category", sa.String(32)),
        sa.Column("from_fingerprint", _LONG),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("duration_ms", sa.BigInteger),
        sa.Column("outcome", sa.String(16)),
        sa.Column("final_state", _LONG),
        sa.Column("exit_code", sa.Integer),
        sa.Column("signal", sa.Integer),
        sa.Column("reason", _LONG),
        sa.Column("category", sa.String(32)),
        sa.Column("fingerprint", _LONG),
        sa.Column("metrics", _LONG),
        sa.Column("log_path", _LONG),
        sa.Column("log_sha256", sa.CHAR(64)),
    )
