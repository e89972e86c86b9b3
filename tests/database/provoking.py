"""How each error of the table of driver errors is provoked at a real database, or why it can't be.

By what causes it in life, where a test can do that; else the server itself is asked to raise the code, so that the driver's
way with it is what is tried.
"""

from __future__ import annotations

import contextlib
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.driver_error_table import DRIVER_ERRORS, Code

Provoke = Callable[[sa.Engine], None]
CLIENT: Final = range(2000, 2100)
"""What PyMySQL says of itself, and no server."""
NOT_TO_BE_PROVOKED: Final[dict[tuple[str, Code], str]] = {
    **{("mysql", code): "of the C client; PyMySQL has no such error" for code in
       (2000, 2001, 2004, 2005, 2007, 2008, 2009, 2010, 2011, 2012, 2020, 2048, 2055)},
    ("mysql", 2002): "of the C client, for a socket; PyMySQL says 2003",
    ("mysql", 2014): "two statements on one connection at once: ours are one thread's",
    ("mysql", 2026): "needs a server with a broken certificate",
    ("mysql", 2027): "needs a server that breaks the protocol",
    ("mysql", 2059): "needs a plugin that this machine does not have",
    ("sqlite", 2): "a mistake in SQLite itself",
    ("sqlite", 3): "no system here makes files of such modes",
    ("sqlite", 4): "of a callback that asks for it; Python's has none",
    ("sqlite", 7): "SQLite needs all memory of the process for it",
    ("sqlite", 10): "the disk itself; tests/chaos/test_disks.py breaks its steps",
    ("sqlite", 12): "inside SQLite alone",
    ("sqlite", 15): "a race of two that open a log of writes",
    ("sqlite", 16): "inside SQLite alone",
    ("sqlite", 17): "the driver prepares such a statement anew by itself",
    ("sqlite", 21): "the driver says ProgrammingError before",
    ("sqlite", 22): "a system without large files",
    ("sqlite", 24): "SQLite does not use it any more",
    ("sqlite", 25): "the driver counts parameters before",
}  # fmt: skip


def all_codes() -> Iterator[tuple[str, Code]]:
    for error in DRIVER_ERRORS:
        for code in error.codes:
            yield error.database, code


def provoke(engine: sa.Engine, code: Code) -> None:
    """Raises SQLAlchemy's error of that code."""
    database = engine.dialect.name
    natural = NATURAL.get((database, code))
    if natural is not None:
        natural(engine)
    elif isinstance(code, str):
        _raise_on_postgresql(engine, code)
    else:
        _signal_on_mariadb(engine, code)


def _raise_on_postgresql(engine: sa.Engine, code: str) -> None:
    state = code if len(code) == 5 else f"{code}001"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'provoked' USING ERRCODE = '{state}'; END $$")


def _signal_on_mariadb(engine: sa.Engine, code: int) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'provoked', MYSQL_ERRNO = {code}")


def _runs(*statements: str) -> Provoke:
    """The statements, in one transaction, of which the last fails."""

    def run(engine: sa.Engine) -> None:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
            connection.commit()

    return run


TABLE: Final = "CREATE TABLE IF NOT EXISTS things (id VARCHAR(20) PRIMARY KEY, n SMALLINT NOT NULL CHECK (n < 100))"


def _on_things(*statements: str) -> Provoke:
    def run(engine: sa.Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(TABLE)
        _runs("DELETE FROM things", "INSERT INTO things VALUES ('a', 1)", *statements)(engine)

    return run


def _beside_a_lock(first: str, second: str, *before: str) -> Provoke:
    """`second`, while another transaction has done `first`."""

    def run(engine: sa.Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(TABLE)
            connection.exec_driver_sql("DELETE FROM things")
            connection.exec_driver_sql("INSERT INTO things VALUES ('a', 1)")
        with engine.connect() as other, engine.connect() as connection:
            other.exec_driver_sql(first)
            for statement in before:
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(second)

    return run


def _killed(kill: str, me: str, then: str = "SELECT 1") -> Provoke:
    """Its session was ended by somebody else."""

    def run(engine: sa.Engine) -> None:
        with engine.connect() as connection, engine.connect() as other:
            number = connection.exec_driver_sql(me).scalar()
            other.exec_driver_sql(kill % number)
            connection.exec_driver_sql(then)

    return run


def _as(**parts: Any) -> Provoke:
    """A connection with other parts of the URL."""

    def run(engine: sa.Engine) -> None:
        other = sa.create_engine(engine.url.set(**parts), poolclass=sa.pool.NullPool)
        with other.connect():
            pass

    return run


def _to_a_port_where_nobody_listens(engine: sa.Engine) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        _as(host="127.0.0.1", port=free.getsockname()[1], query={})(engine)


def _to_a_deaf_file(mode: str) -> Provoke:
    """A SQLite file that somebody else writes."""

    def run(engine: sa.Engine) -> None:
        assert engine.url.database is not None
        with contextlib.closing(sqlite3.connect(engine.url.database, isolation_level=None)) as other:
            other.execute("CREATE TABLE IF NOT EXISTS t (x)")
            other.execute(f"BEGIN {mode}")
            quick = sa.create_engine(engine.url, poolclass=sa.pool.NullPool, connect_args={"timeout": 0})
            with quick.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")

    return run


def _locked_in_the_same_cache(engine: sa.Engine) -> None:
    uri = f"file:{engine.url.database}?cache=shared&uri=true"
    shared = sa.create_engine(f"sqlite:///{uri}", poolclass=sa.pool.NullPool)
    with shared.connect() as one, shared.connect() as two:
        one.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (x)")
        one.commit()
        one.exec_driver_sql("BEGIN IMMEDIATE")
        one.exec_driver_sql("INSERT INTO t VALUES (1)")
        two.exec_driver_sql("SELECT * FROM t")


def _to_a_file_of(content: bytes) -> Provoke:
    def run(engine: sa.Engine) -> None:
        path = Path(str(engine.url.database)).with_name("other.db")
        with contextlib.closing(sqlite3.connect(path)) as whole:
            whole.execute("CREATE TABLE IF NOT EXISTS t (x)")
            whole.commit()
        head = path.read_bytes()
        path.write_bytes(content or head[:100] + b"\xff" * (len(head) - 100))
        _as(database=str(path))(engine)
        other = sa.create_engine(engine.url.set(database=str(path)), poolclass=sa.pool.NullPool)
        with other.connect() as connection:
            connection.exec_driver_sql("SELECT * FROM t")

    return run


def _read_only(engine: sa.Engine) -> None:
    uri = f"file:{engine.url.database}?mode=ro&uri=true"
    with sa.create_engine(f"sqlite:///{uri}", poolclass=sa.pool.NullPool).connect() as connection:
        connection.exec_driver_sql("CREATE TABLE u (x)")


def _with_driver(prepare: Callable[[Any], object], statement: str) -> Provoke:
    def run(engine: sa.Engine) -> None:
        with engine.connect() as connection:
            prepare(connection.connection.driver_connection)
            connection.exec_driver_sql(statement)

    return run


ME_PG, ME_MY = "SELECT pg_backend_pid()", "SELECT connection_id()"
NATURAL: Final[dict[tuple[str, Code], Provoke]] = {
    ("postgresql", "25006"): _runs("SET TRANSACTION READ ONLY", "CREATE TABLE u (x INT)"),
    ("postgresql", "57P01"): _killed("SELECT pg_terminate_backend(%s)", ME_PG),
    ("postgresql", "55P03"): _beside_a_lock("SELECT * FROM things FOR UPDATE", "SELECT * FROM things FOR UPDATE NOWAIT"),
    ("postgresql", "57014"): _runs("SET statement_timeout = 1", "SELECT pg_sleep(60)"),
    ("postgresql", "23505"): _on_things("INSERT INTO things VALUES ('a', 2)"),
    ("postgresql", "22"): _on_things("INSERT INTO things VALUES ('b', 70000)"),
    ("postgresql", "23"): _on_things("INSERT INTO things VALUES ('b', 101)"),
    ("postgresql", "42"): _runs("SELECT * FROM nowhere"),
    ("postgresql", "3F"): _runs("CREATE TABLE nowhere.u (x INT)"),
    ("postgresql", "3D"): _as(database="nowhere"),
    ("postgresql", "28"): _as(username="nobody at all"),
    ("mysql", 2013): _killed("KILL %s", ME_MY),
    ("mysql", 1792): _on_things("COMMIT", "START TRANSACTION READ ONLY", "DELETE FROM things"),
    ("mysql", 1205): _beside_a_lock(
        "SELECT * FROM things FOR UPDATE", "SELECT * FROM things FOR UPDATE", "SET SESSION innodb_lock_wait_timeout = 1"
    ),
    ("mysql", 1969): _runs("SET STATEMENT max_statement_time = 0.01 FOR SELECT SLEEP(60)"),
    ("mysql", 1062): _on_things("INSERT INTO things VALUES ('a', 2)"),
    ("mysql", 1264): _on_things("SET SESSION sql_mode = 'STRICT_ALL_TABLES'", "INSERT INTO things VALUES ('b', 70000)"),
    ("mysql", 1406): _on_things(
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES'", "INSERT INTO things VALUES ('longer than twenty letters', 1)"
    ),
    ("mysql", 1048): _on_things("INSERT INTO things VALUES ('b', NULL)"),
    ("mysql", 4025): _on_things("INSERT INTO things VALUES ('b', 101)"),
    ("mysql", 1146): _runs("SELECT * FROM nowhere"),
    ("mysql", 1054): _on_things("SELECT nothing FROM things"),
    ("mysql", 1064): _runs("SELEC 1"),
    ("mysql", 1049): _as(database="nowhere"),
    ("mysql", 1045): _as(username="nobody at all", password="wrong"),
    ("mysql", 2003): _to_a_port_where_nobody_listens,
    ("sqlite", 1): _runs("SELECT * FROM nowhere"),
    ("sqlite", 5): _to_a_deaf_file("IMMEDIATE"),
    ("sqlite", 6): _locked_in_the_same_cache,
    ("sqlite", 8): _read_only,
    ("sqlite", 9): _with_driver(
        lambda driver: driver.set_progress_handler(lambda: 1, 1), "SELECT count(*) FROM sqlite_master a, sqlite_master b"
    ),
    ("sqlite", 11): _to_a_file_of(b""),
    ("sqlite", 13): _runs("PRAGMA max_page_count = 1", "CREATE TABLE u AS SELECT randomblob(100000) AS x"),
    ("sqlite", 14): _as(database="/nowhere/at/all.db"),
    ("sqlite", 18): _runs("SELECT zeroblob(2147483647)"),
    ("sqlite", 19): _on_things("INSERT INTO things VALUES ('b', 101)"),
    ("sqlite", 20): _runs("CREATE TABLE numbered (id INTEGER PRIMARY KEY)", "INSERT INTO numbered VALUES ('x')"),
    ("sqlite", 23): _with_driver(
        lambda driver: driver.set_authorizer(lambda *_: sqlite3.SQLITE_DENY), "SELECT count(*) FROM sqlite_master"
    ),
    ("sqlite", 26): _to_a_file_of(b"this is no database, but a text of some length" * 100),
    ("sqlite", 1555): _on_things("INSERT INTO things VALUES ('a', 2)"),
    ("sqlite", 2067): _runs("CREATE TABLE one (x UNIQUE)", "INSERT INTO one VALUES (1), (1)"),
}
