"""A server that ends connections, locks rows, stands on another isolation; SQLite that somebody locks. No wire is needed."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from tests.chaos.checker import violations
from tests.chaos.cutting import cut
from tests.chaos.faults import repeated
from tests.chaos.test_outages import done
from tests.chaos.watching import started, watched
from tests.workplace import DEADLINE_S, TASKS, Workplace


@repeated(22, each=2)
def test_connections_that_the_server_ends_are_made_anew(on_server: Workplace) -> None:
    """While phases begin and end, and while one runs for long."""
    names = [*(f"run{number % 3}/p{number}~ms=20" for number in range(20)), "run9/last~until=go"]
    witness = watched(on_server, *names, policy=["run-order"])
    drain = on_server.start("drain", "--batch-size=1000")
    started(witness, 1)
    ended = 0
    while ended < 2:
        ended += cut(on_server) > 0
        time.sleep(0.1)
    (on_server.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 0, (out, err)
    done(on_server, witness, out.decode(), names)


@repeated(27)
def test_a_row_that_somebody_locks_does_not_keep_the_others_waiting(on_server: Workplace) -> None:
    witness = watched(on_server, "a/locked~ms=1", "b/free~ms=1", patience={"lock_s": 1})
    with on_server.engine.connect() as other:
        other.execute(sa.text("SELECT * FROM phases WHERE run_id = 'a' FOR UPDATE"))
        ran = on_server.inv("drain")
        other.rollback()

    assert (ran.code, "somebody has their rows locked" in ran.err) == (75, True), ran
    assert on_server.states() == {"a/locked~ms=1": "FAILED", "b/free~ms=1": "COMPLETE"}
    assert violations(on_server, witness, ran.out) == []


# Each of its sessions begins as on a server with that default, which would be every other test's too.
MARIADB_DEFAULT = """
from pymysql.connections import Connection

real = Connection.connect

def connect(self, sock=None):
    real(self, sock)
    self.query("SET SESSION TRANSACTION ISOLATION LEVEL {level}")

Connection.connect = connect
"""


@repeated(33, cases=2)
@pytest.mark.parametrize("level", ["SERIALIZABLE", "REPEATABLE READ"])
def test_a_server_whose_default_is_another_isolation_does_not_matter(on_server: Workplace, level: str) -> None:
    if on_server.url.startswith("postgresql"):
        name = on_server.engine.url.database
        on_server.sql(f"ALTER DATABASE {name} SET default_transaction_isolation = '{level.lower()}'")
    else:
        (on_server.root / "tasks.py").write_text(MARIADB_DEFAULT.format(level=level) + TASKS)
    names = [f"run{number}/p~ms=1" for number in range(10)]
    witness = watched(on_server, *names)
    ran = on_server.inv("drain", "--workers=4")
    assert ran.code == 0, ran.err
    done(on_server, witness, ran.out, names)


@repeated(28)
def test_a_sqlite_database_that_somebody_locks_is_waited_for_and_then_told(lite: Workplace) -> None:
    watched(lite, "a/p~ms=1", patience={"operation_s": 0.5, "outage_s": 0})
    with lite.engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        ran = lite.inv("drain")
        other.rollback()
    again = lite.inv("drain")

    assert (ran.code, "database is locked" in ran.err, "Traceback" in ran.err) == (75, True, False)
    assert again.code == 0
    assert lite.states() == {"a/p~ms=1": "COMPLETE"}


@repeated(28)
def test_a_reader_that_never_ends_keeps_no_drain_waiting(lite: Workplace) -> None:
    names = [f"run{number}/p~ms=1" for number in range(10)]
    witness = watched(lite, *names)
    lite.sql("PRAGMA journal_mode=WAL")  # as after the first drain
    with lite.engine.connect() as other:
        other.exec_driver_sql("BEGIN")
        before = other.exec_driver_sql("SELECT state FROM phases").fetchall()
        ran = lite.inv("drain")
        assert other.exec_driver_sql("SELECT state FROM phases").fetchall() == before
        other.rollback()

    assert ran.code == 0, ran.err
    done(lite, witness, ran.out, names)
