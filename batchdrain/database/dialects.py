"""What differs between SQLite, PostgreSQL and MariaDB, and nothing else: clock, transactions, waiting for locks."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.compiler import compiles

from batchdrain.config.settings import Patience
from batchdrain.database.lenient_values import read_values_leniently

_ATTEMPT_S: Final = 10.0
_STUMBLES: Final = (struct.error, IndexError, AssertionError, RuntimeError)


class db_now_ms(sa.sql.functions.FunctionElement[int]):  # noqa: N801 - it reads as the SQL function that it is
    """Milliseconds since 1970 by the database's clock: leases are compared with no other."""

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
    """Bytes of a text, which every database knows without looking at the text."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(octets)
def _compile_octets(element: octets, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    return f"octet_length({compiler.process(element.clauses, **options)})"


@compiles(octets, "sqlite")
def _compile_sqlite_octets(element: octets, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    return f"length(CAST({compiler.process(element.clauses, **options)} AS BLOB))"  # octet_length came with 3.43


def login_s_of(url: URL, patience: Patience) -> float:
    """How long it may take to get a connection: each host may have two addresses, of which the first drops every packet."""
    hosts = url.query.get("host", url.host or "")
    return 2 * len((hosts if isinstance(hosts, str) else ",".join(hosts)).split(",")) * _attempt_s_of(patience)


def _attempt_s_of(patience: Patience) -> float:
    return min(_ATTEMPT_S, patience.operation_s)


def engine_options_of(url: URL, patience: Patience) -> dict[str, Any]:
    """How an engine is made: READ COMMITTED, no call without an end, and nothing that stays in a session."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        return {"hide_parameters": True, "connect_args": {"timeout": patience.operation_s}}
    arguments: dict[str, Any] = {"connect_timeout": max(1, round(_attempt_s_of(patience)))}
    if backend == "postgresql":
        arguments["application_name"] = "batchdrain"
        arguments["client_encoding"] = "utf8"  # a server that stands on SQL_ASCII would else give bytes
        # A pooler gives the next transaction another session, which knows no statement of ours, or another's by its name; and
        # a statement that was prepared before an ALTER is refused after it.
        arguments["prepare_threshold"] = None
    else:
        operation_s = max(1, round(patience.operation_s))
        arguments |= {"read_timeout": operation_s, "write_timeout": operation_s}
        # UTC, as what is written into a TIMESTAMP is; a CHAR without the blanks that some servers fill it up with.
        arguments["init_command"] = (
            f"SET SESSION innodb_lock_wait_timeout={max(1, round(patience.lock_s))}, time_zone='+00:00', "
            "sql_mode=REPLACE(@@sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', '')"
        )
    return {"hide_parameters": True, "isolation_level": "READ COMMITTED", "connect_args": arguments}


def listen(engine: sa.Engine, patience: Patience) -> None:
    """Set each connection and each writing transaction up."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_on_sqlite)
    elif engine.dialect.name == "postgresql":
        sa.event.listen(engine, "connect", lambda connection, _: read_values_leniently(connection))
        # LOCAL: nothing stays in the session, which may be one of a pooler's.
        zone = "SET LOCAL TimeZone = 'UTC'"  # in which times that are ids become texts
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
    """PyMySQL stumbles over an answer that is none with whatever Python raises then: the connection is of no use any more."""
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
    """Of several controllers that begin in one moment, one at a time makes the tables. SQLite's transactions see to that."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('batchdrain'))")
    elif dialect != "sqlite" and connection.exec_driver_sql("SELECT GET_LOCK('batchdrain', 30)").scalar() != 1:
        raise sa.exc.TimeoutError("another controller has been making the tables for 30 s")
    try:
        yield
    finally:
        if dialect not in {"postgresql", "sqlite"}:
            with suppress(sa.exc.SQLAlchemyError):  # a broken connection has released it
                connection.exec_driver_sql("SELECT RELEASE_LOCK('batchdrain')")


@contextmanager
def lock_tables(connection: sa.Connection, names: Sequence[str]) -> Iterator[None]:
    """`names`: quoted. Nobody else reads or writes the tables; waits for that no longer than for a row. SQLite's transactions see to that."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
    if connection.dialect.name in {"postgresql", "sqlite"}:
        yield
        return
    # MariaDB: ALTER TABLE would end the transaction, and a lock of the transaction with it; these locks outlast it.
    connection.exec_driver_sql("SET SESSION lock_wait_timeout = @@innodb_lock_wait_timeout")
    try:
        connection.exec_driver_sql(f"LOCK TABLES {', '.join(f'{name} WRITE' for name in names)}")
        yield
    finally:
        with suppress(sa.exc.SQLAlchemyError):  # a broken connection has released them
            connection.exec_driver_sql("UNLOCK TABLES")
            connection.exec_driver_sql("SET SESSION lock_wait_timeout = DEFAULT")


def is_read_only(connection: sa.Connection) -> bool:
    """Whether the connection was opened to read, as `Database.read` does it."""
    return bool(connection.get_execution_options().get("reads_only"))


def _set_up_sqlite(dbapi: Any, _: object) -> None:
    # The driver must not open transactions of its own: a deferred one fails with SQLITE_BUSY when it begins to write.
    dbapi.isolation_level = None
    dbapi.text_factory = _decode
    dbapi.execute("PRAGMA synchronous=FULL")


@contextmanager
def read_text_strictly(connection: sa.Connection) -> Iterator[None]:
    """SQLite: texts are decoded by the driver itself, several times as fast, and bad UTF-8 is an error. One snapshot: that of
    the transaction in which the connection is already, where there is one."""
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
    if not is_read_only(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
