"""The differences between SQLite, PostgreSQL and MariaDB: clock, transactions, waiting for locks."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.compiler import compiles

from batchdrain.config.settings import Patience
from batchdrain.database.driver_cursor import execute_directly, is_heard
from batchdrain.database.lenient_values import read_values_leniently

_ATTEMPT_S: Final = 10.0
_STUMBLES: Final = (struct.error, IndexError, AssertionError, RuntimeError)


class db_now_ms(sa.sql.functions.FunctionElement[int]):  # noqa: N801 - it reads as the SQL function that it is
    """Milliseconds since 1970 by the database's clock. Leases are compared with no other clock."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(db_now_ms, "sqlite")
def _compile_sqlite_now(*_: object, **__: object) -> str:
    return "CAST((julianday('now')-2440587.5)*86400000.0 AS INTEGER)"


@compiles(db_now_ms, "postgresql")
def _compile_postgresql_now(*_: object, **__: object) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp())*1000 AS BIGINT)"


@compiles(db_now_ms, "mysql")
@compiles(db_now_ms, "mariadb")
def _compile_mysql_now(*_: object, **__: object) -> str:
    return "TIMESTAMPDIFF(MICROSECOND,'1970-01-01 00:00:00',UTC_TIMESTAMP(6)) DIV 1000"


class octets(sa.sql.functions.FunctionElement[int]):  # noqa: N801 - as above
    """The length of a text in bytes, which every database knows without reading the text."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(octets)
def _compile_octets(element: octets, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    return f"octet_length({compiler.process(element.clauses, **options)})"


@compiles(octets, "sqlite")
def _compile_sqlite_octets(element: octets, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    return f"length(CAST({compiler.process(element.clauses, **options)} AS BLOB))"  # octet_length came with 3.43


def login_s_of(url: URL, patience: Patience) -> float:
    """How many seconds getting a connection may take.
    Each host may have two addresses, and the first may drop every packet."""
    hosts = url.query.get("host", url.host or "")
    return 2 * len((hosts if isinstance(hosts, str) else ",".join(hosts)).split(",")) * _attempt_s_of(patience)


def _attempt_s_of(patience: Patience) -> float:
    return min(_ATTEMPT_S, patience.operation_s)


def engine_options_of(url: URL, patience: Patience) -> dict[str, Any]:
    """The options of an engine: READ COMMITTED, no call without an end, and nothing that stays in a session."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        # The connection that was used last comes first: if another one has written since, SQLite drops all pages that it holds.
        return {"hide_parameters": True, "pool_use_lifo": True, "connect_args": {"timeout": patience.operation_s}}
    arguments: dict[str, Any] = {"connect_timeout": max(1, round(_attempt_s_of(patience)))}
    if backend == "postgresql":
        arguments["application_name"] = "batchdrain"
        arguments["client_encoding"] = "utf8"  # a server with SQL_ASCII would otherwise give bytes
        # A pooler gives the next transaction another session, which may not know our prepared statement, or may know another
        # one by its name. Besides, a statement that was prepared before an ALTER is refused after it.
        arguments["prepare_threshold"] = None
    else:
        operation_s = max(1, round(patience.operation_s))
        arguments |= {"read_timeout": operation_s, "write_timeout": operation_s}
        # UTC, like the values that are written into a TIMESTAMP. A CHAR comes without the blanks that some servers pad it
        # with.
        arguments["init_command"] = (
            f"SET SESSION innodb_lock_wait_timeout={max(1, round(patience.lock_s))}, time_zone='+00:00', "
            "sql_mode=REPLACE(@@sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', '')"
        )
    return {"hide_parameters": True, "isolation_level": "READ COMMITTED", "connect_args": arguments}


def listen(engine: sa.Engine, patience: Patience) -> None:
    """Set up each connection and each writing transaction."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_on_sqlite)
    elif engine.dialect.name == "postgresql":
        sa.event.listen(engine, "connect", lambda connection, _: read_values_leniently(connection))
        # LOCAL: nothing stays in the session, which may belong to a pooler.
        zone = "SET LOCAL TimeZone = 'UTC'"  # times that are ids become texts in this zone
        limits = (
            f"{zone}; SET LOCAL lock_timeout = {round(patience.lock_s * 1000)}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {round(patience.operation_s * 2000)}"
        )

        def begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql(zone if is_read_only(connection) else limits)

        sa.event.listen(engine, "begin", begin)
    else:
        sa.event.listen(engine, "handle_error", _give_up_on_garbage)


def _give_up_on_garbage(context: sa.engine.ExceptionContext) -> None:
    """Make the connection invalid after an answer that is not MySQL's protocol. PyMySQL raises any Python error then, and the
    connection is of no use any more."""
    error, dialect = context.original_exception, context.dialect
    if isinstance(error, _STUMBLES):
        context.is_disconnect = True
        dbapi: Any = dialect.loaded_dbapi
        lost = dbapi.OperationalError(2013, f"what answers does not speak the protocol of mysql ({type(error).__name__})")
        raise sa.exc.DBAPIError.instance(
            None, None, lost, dbapi.Error, connection_invalidated=True, dialect=dialect
        ) from error


@contextmanager
def lock_table_creation(connection: sa.Connection) -> Iterator[None]:
    """Let only one controller at a time make the tables, if several begin at the same moment.
    On SQLite its transactions already do that."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('batchdrain'))")
    elif dialect != "sqlite" and connection.exec_driver_sql("SELECT GET_LOCK('batchdrain', 30)").scalar() != 1:
        raise sa.exc.TimeoutError("another controller has been making the tables for 30 s")
    try:
        yield
    finally:
        if dialect not in {"postgresql", "sqlite"}:
            with suppress(sa.exc.SQLAlchemyError):  # a broken connection has released the lock already
                connection.exec_driver_sql("SELECT RELEASE_LOCK('batchdrain')")


@contextmanager
def lock_tables(connection: sa.Connection, names: Sequence[str]) -> Iterator[None]:
    """Keep everybody else from reading or writing the tables; waits no longer than for a row. `names`: quoted. On SQLite its
    transactions already do that."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
    if connection.dialect.name in {"postgresql", "sqlite"}:
        yield
        return
    # MariaDB: ALTER TABLE would end the transaction and release its locks; LOCK TABLES outlasts it.
    connection.exec_driver_sql("SET SESSION lock_wait_timeout = @@innodb_lock_wait_timeout")
    try:
        connection.exec_driver_sql(f"LOCK TABLES {', '.join(f'{name} WRITE' for name in names)}")
        yield
    finally:
        with suppress(sa.exc.SQLAlchemyError):  # a broken connection has released the locks already
            connection.exec_driver_sql("UNLOCK TABLES")
            connection.exec_driver_sql("SET SESSION lock_wait_timeout = DEFAULT")


def is_read_only(connection: sa.Connection) -> bool:
    """Whether the connection was opened only to read, as `Database.read` does."""
    return bool(connection.get_execution_options().get("reads_only"))


def _set_up_sqlite(dbapi: Any, _: object) -> None:
    # The driver must not open transactions itself: a deferred one fails with SQLITE_BUSY when it begins to write.
    dbapi.isolation_level = None
    dbapi.text_factory = _decode
    dbapi.execute("PRAGMA synchronous=FULL")


@contextmanager
def read_text_strictly(connection: sa.Connection) -> Iterator[None]:
    """On SQLite let the driver decode texts itself: that is several times as fast, and bad UTF-8 is an error. All reads see
    one snapshot: that of the connection's open transaction if it has one, else that of a new one."""
    dbapi: Any = connection.connection.driver_connection
    if not dbapi.in_transaction:
        connection.exec_driver_sql("BEGIN")
    dbapi.text_factory = str
    try:
        yield
    finally:
        dbapi.text_factory = _decode


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _begin_on_sqlite(connection: sa.Connection) -> None:
    if is_read_only(connection):
        return
    if is_heard(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        execute_directly(connection, "BEGIN IMMEDIATE")
