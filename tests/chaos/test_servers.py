"""More of the fault matrix: servers that crash, deadlocks, commands that multiply, odd time zones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.checker import still_running, violations, witnessed
from tests.chaos.faults import repeated
from tests.chaos.tracing import needs_strace
from tests.chaos.watching import started, watched
from tests.execution.sleep import tasks_that_sleep_once_there_is
from tests.support import servers
from tests.support.soaking import soak
from tests.support.workplace import DEADLINE_S, INV, TASKS, Workplace, wait_for

CRASHES = 2


@pytest.fixture(params=["postgresql", "mariadb"])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[servers.OwnServer, Workplace]]:
    """A server that a test may crash, and a project on it."""
    root = tmp_path / "project"
    root.mkdir()
    if request.param == "mariadb" and not servers.mariadb_programs():
        pytest.skip("no programs of MariaDB on this machine to start a server of our own")
    with (servers.own_postgresql if request.param == "postgresql" else servers.own_mariadb)() as server:
        place = Workplace(root=root, url=server.url.render_as_string(hide_password=False))
        place.make_table()
        yield server, place
        place.engine.dispose()


@repeated(20, each=CRASHES)
@pytest.mark.timeout(600)
def test_a_server_that_crashes_again_and_again_loses_nothing(own: tuple[servers.OwnServer, Workplace]) -> None:
    server, place = own
    names = [f"run{number % 3}/p{number}~ms=100" for number in range(10 * CRASHES)]
    witness = watched(place, *names)
    drain = place.start("drain", "--batch-size=1000", "--workers=2")
    for crash in range(1, CRASHES + 1):
        started(witness, 4 * crash)
        server.stop(immediate=True)
        server.start()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 0, (out, err)
    assert violations(place, witness, out.decode()) == []
    assert set(place.states().values()) == {"COMPLETE"}
    assert len([seen for seen in witnessed(witness) if seen.word == "start"]) == len(names)


_WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND info LIKE '%FROM phases%FOR UPDATE'",
}


@repeated(26)
def test_a_deadlock_with_a_transaction_of_yours_is_tried_again(server_project: Workplace) -> None:
    """You hold the phase and want the claim; we hold the claim and want the phase. We are the server's victim."""
    backend = sa.make_url(server_project.url).get_backend_name()
    witness = watched(server_project, "run/p~fail", patience={"lock_s": 30})
    assert server_project.inv("drain").code == 1
    server_project.sql("CREATE TABLE heavy (x INTEGER)")
    if backend == "postgresql":  # the victim is who looks first, once, when it has waited so long
        server_project.sql(f"ALTER DATABASE {server_project.engine.url.database} SET deadlock_timeout = '2s'")
    with server_project.engine.connect() as yours:
        if backend == "postgresql":
            yours.exec_driver_sql("SET deadlock_timeout = '60s'")
        else:  # the victim is who changed less
            yours.execute(sa.text("INSERT INTO heavy VALUES (:x)"), [{"x": number} for number in range(500)])
        yours.execute(sa.text("SELECT * FROM phases FOR UPDATE"))
        drain = server_project.start("drain")
        wait_for(lambda: server_project.sql(_WAITING[backend]) >= [(1,)], "the drain to wait for the phase")
        yours.execute(sa.text("SELECT * FROM batchdrain_claim FOR UPDATE"))
        yours.rollback()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 1, (out, err)
    assert "database.retried" in [event["event"] for event in server_project.events()]
    assert len([seen for seen in witnessed(witness) if seen.word == "end"]) == 2
    assert violations(server_project, witness, out.decode()) == []


MULTIPLIES = """
import os, time
for number in range(500):
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
open("there", "w").close()
time.sleep(600)
"""


@repeated(14)
def test_a_command_that_multiplies_is_ended_with_all_its_children(sqlite_project: Workplace) -> None:
    """Its time is over once all are there."""
    there = sqlite_project.root / "there"
    (sqlite_project.root / "tasks.py").write_text(tasks_that_sleep_once_there_is(there, TASKS))
    sqlite_project.configure(
        command={"argv": [sys.executable, "-I", "-S", "-c", MULTIPLIES], "grace_s": 0.5}, lease={"ttl_s": 7200}
    )
    sqlite_project.fail("a/p")
    assert sqlite_project.inv("drain", "--phase-timeout=600").code == 1
    assert there.exists()
    assert sqlite_project.session()["results"][0]["timed_out"] is True
    assert list(still_running(sqlite_project)) == []


@repeated(37, cases=6)
@needs_strace
@pytest.mark.parametrize("error", ["EAGAIN", pytest.param("ENOMEM", marks=soak)])
@pytest.mark.parametrize("when", [1, 3, pytest.param(8, marks=soak)])
def test_a_machine_that_can_start_no_more_processes_is_told_and_nothing_stays_held(
    sqlite_project: Workplace, error: str, when: int
) -> None:
    """From its n-th on every fork and every thread is refused, to batchdrain and to its guardians."""
    witness = watched(sqlite_project, *(f"r{number}/p~ms=1" for number in range(6)))
    calls = "clone,clone3,fork,vfork"
    argv = [
        "strace",
        "-f",
        "-qq",
        "-o",
        str(sqlite_project.root / "trace"),
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={calls}:error={error}:when={when}+",
    ]
    drain = subprocess.run(
        [*argv, *INV, "drain"],
        cwd=sqlite_project.root,
        env=sqlite_project.environ(),
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    out, err = drain.stdout.decode(), drain.stderr.decode()

    assert drain.returncode in {0, 74}, (out, err)
    assert "Traceback" not in err
    assert sqlite_project.inv("recover").code == 0
    assert violations(sqlite_project, witness, out) == []
    assert set(sqlite_project.states().values()) <= {"COMPLETE", "FAILED"}
    assert sqlite_project.inv("drain").code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


@repeated(42, cases=4)
@pytest.mark.parametrize(
    "zone",
    ["Asia/Kathmandu", pytest.param("Pacific/Chatham", marks=soak), "nonsense", pytest.param(":/etc/passwd", marks=soak)],
)
def test_an_odd_time_zone_changes_no_time_that_is_kept(sqlite_project: Workplace, zone: str) -> None:
    sqlite_project.fail("a/p")
    before = datetime.now(UTC)
    assert sqlite_project.inv("drain", env={"TZ": zone}).code == 0
    session = sqlite_project.session()
    moments = [session["started_at"], session["completed_at"], session["results"][0]["timestamp"]]
    moments += [event["timestamp"] for event in sqlite_project.events()]
    assert all(moment.endswith("Z") for moment in moments)
    assert all(0 <= (datetime.fromisoformat(moment) - before).total_seconds() < DEADLINE_S for moment in moments)
