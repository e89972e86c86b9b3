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
from tests.support.workplace import DEADLINE_S, TASKS, Workplace, wait_for


@repeated(22, each=2)
def test_connections_that_the_server_ends_are_made_anew(server_project: Workplace) -> None:
    """While phases begin and end, and while one runs for long."""
    names = [*(f"run{number % 3}/p{number}~ms=20" for number in range(20)), "run9/last~until=go"]
    witness = watched(server_project, *names, policy=["run-order"])
    drain = server_project.start("drain", "--batch-size=1000")
    started(witness, 1)
    ended = 0
    while ended < 2:
        ended += cut(server_project) > 0
        time.sleep(0.1)
    (server_project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 0, (out, err)
    done(server_project, witness, out.decode(), names)


@repeated(27)
def test_a_row_that_somebody_locks_does_not_keep_the_others_waiting(server_project: Workplace) -> None:
    witness = watched(server_project, "a/locked~ms=1", "b/free~ms=1", patience={"lock_s": 1})
    with server_project.engine.connect() as other:
        other.execute(sa.text("SELECT * FROM phases WHERE run_id = 'a' FOR UPDATE"))
        ran = server_project.inv("drain")
        other.rollback()

    assert (ran.code, "somebody has its row locked" in ran.err) == (75, True), ran
    assert server_project.states() == {"a/locked~ms=1": "FAILED", "b/free~ms=1": "COMPLETE"}
    assert violations(server_project, witness, ran.out) == []


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
def test_a_server_whose_default_is_another_isolation_does_not_matter(server_project: Workplace, level: str) -> None:
    if server_project.url.startswith("postgresql"):
        name = server_project.engine.url.database
        server_project.sql(f"ALTER DATABASE {name} SET default_transaction_isolation = '{level.lower()}'")
    else:
        (server_project.root / "tasks.py").write_text(MARIADB_DEFAULT.format(level=level) + TASKS)
    names = [f"run{number}/p~ms=1" for number in range(10)]
    witness = watched(server_project, *names)
    ran = server_project.inv("drain", "--workers=4")
    assert ran.code == 0, ran.err
    done(server_project, witness, ran.out, names)


@repeated(28)
def test_a_sqlite_database_that_somebody_locks_is_waited_for_and_then_told(sqlite_project: Workplace) -> None:
    watched(sqlite_project, "a/p~ms=1", patience={"operation_s": 0.5, "outage_s": 0})
    with sqlite_project.engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        ran = sqlite_project.inv("drain")
        other.rollback()
    again = sqlite_project.inv("drain")

    assert (ran.code, "database is locked" in ran.err, "Traceback" in ran.err) == (75, True, False)
    assert again.code == 0
    assert sqlite_project.states() == {"a/p~ms=1": "COMPLETE"}


@repeated(28)
def test_a_reader_that_never_ends_keeps_no_drain_waiting(sqlite_project: Workplace) -> None:
    names = [f"run{number}/p~ms=1" for number in range(10)]
    witness = watched(sqlite_project, *names)
    sqlite_project.sql("PRAGMA journal_mode=WAL")  # as after the first drain
    with sqlite_project.engine.connect() as other:
        other.exec_driver_sql("BEGIN")
        before = other.exec_driver_sql("SELECT state FROM phases").fetchall()
        ran = sqlite_project.inv("drain")
        assert other.exec_driver_sql("SELECT state FROM phases").fetchall() == before
        other.rollback()

    assert ran.code == 0, ran.err
    done(sqlite_project, witness, ran.out, names)


@pytest.mark.parametrize("servers_url", ["postgresql"], indirect=True)
def test_a_signal_is_heard_while_a_write_of_ours_only_meets_another_transaction(server_project: Workplace) -> None:
    """Without a signal it would be tried for an hour."""
    server_project.fail("a/p")
    assert server_project.inv("drain").code == 0, "the ledger is there"
    server_project.configure(patience={"lock_s": 1, "operation_s": 3_600})
    server_project.fail("b/p")
    with server_project.engine.connect() as other:
        other.exec_driver_sql("LOCK TABLE batchdrain_meta IN EXCLUSIVE MODE")
        drain = server_project.start("drain")
        waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'batchdrain_meta'::regclass"
        wait_for(lambda: server_project.sql(waits), "its write to meet the lock")
        drain.terminate()
        out, err = drain.communicate(timeout=DEADLINE_S)
        other.rollback()
    assert (drain.returncode, server_project.states()["b/p"]) == (75, "FAILED"), (out, err)
