"""A server that is silent, drips or never ends: every operation ends by the wall clock, from the connect on."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Patience, Source
from batchdrain.database import deadlines
from batchdrain.database.connection import open_database
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.errors import DatabaseUnavailable
from batchdrain.model.states import PhaseState
from tests.chaos.broken_ways import DRIPPING, ENDLESS, SILENT, postgresql_rows, url_of
from tests.chaos.fake_servers import Way, mute, packet, relay, strange
from tests.chaos.faults import fault
from tests.cli.telling import SECRET, told
from tests.support.workplace import DEADLINE_S, INV, Workplace

HURRY = {"operation_s": 1, "outage_s": 1}
LEFT = ("did not finish the login within 2 s", "did not answer within 1 s", "connection timeout expired", "timed out")
"""What is said, by us or by the driver, whoever is first."""


def ended(name: str, way: Way, patience: Patience) -> str:
    """What a reader of such a database is told."""
    with strange(way) as server:
        database = open_database(url_of(name, server.port), patience=patience)
        try:
            with pytest.raises(DatabaseUnavailable) as caught, database.read() as connection:
                connection.exec_driver_sql("SELECT 1").all()
        finally:
            database.close()
    assert server.met
    assert SECRET not in str(caught.value)
    return caught.value.message


@fault(63)
@pytest.mark.parametrize("name", SILENT)
def test_a_server_that_falls_silent_is_left(name: str) -> None:
    said = ended(name, SILENT[name], Patience(**HURRY))
    assert any(way in said for way in LEFT), said


@fault(64)
@pytest.mark.parametrize("name", DRIPPING)
def test_a_server_that_drips_is_left_though_each_byte_comes_in_time(name: str) -> None:
    said = ended(name, DRIPPING[name], Patience(**HURRY))
    assert any(way in said for way in LEFT), said


@fault(65)
@pytest.mark.parametrize("name", ENDLESS)
def test_a_server_that_never_ends_is_left(name: str) -> None:
    ended(name, ENDLESS[name], Patience(**HURRY))


@fault(65)
def test_rows_without_end_take_a_bounded_memory(sqlite_project: Workplace) -> None:
    with strange(postgresql_rows) as server:
        sqlite_project.configure(database_url=url_of("postgresql", server.port), patience={"operation_s": 90})
        told(sqlite_project.inv("drain"), 75, "the server's answer took more than 512 MB of memory")


@fault(63)
@pytest.mark.parametrize("name", ["postgresql: nothing after the login", "mysql: nothing after the login", "mysql: no word"])
def test_every_task_ends_whose_server_is_silent(sqlite_project: Workplace, name: str) -> None:
    tasks = ("dry-run", "drain", "resume", "recover", "pick-next-run")
    with strange(SILENT[name]) as server:
        sqlite_project.configure(database_url=url_of(name, server.port), patience=HURRY)
        started = [sqlite_project.start(*task.split()) for task in (*tasks, "doctor")]
        said = [one.communicate(timeout=DEADLINE_S) for one in started]
    codes = [one.returncode for one in started]

    assert codes == [75] * 6, said
    assert all(b"Traceback" not in err and SECRET.encode() not in out + err for out, err in said)
    assert sqlite_project.inv("summary").code == 2  # reads files alone


@fault(63)
def test_the_next_host_is_tried_where_the_first_is_silent(postgresql_url: str) -> None:
    real = sa.make_url(postgresql_url)
    if real.host is None:
        pytest.skip("the server of this machine listens on no TCP port")
    with strange(mute) as server:
        hosts = [f"127.0.0.1:{server.port}", f"{real.host}:{real.port or 5432}"]
        url = real.set(host=None, port=None).update_query_dict({"host": hosts})
        database = open_database(url.render_as_string(hide_password=False), patience=Patience(operation_s=2))
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        database.close()
    assert server.met


@fault(65)
def test_a_listing_whose_pages_never_end_is_left(
    sqlite_project: Workplace, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page comes in time, and from a real server."""
    monkeypatch.setattr(deadlines, "_OPERATIONS", 1)
    place = Workplace(root=sqlite_project.root, url=postgresql_url)
    place.sql(
        "CREATE VIEW endless AS WITH RECURSIVE numbers(n) AS (SELECT 1::bigint UNION ALL SELECT n + 1 FROM numbers) SELECT "
        "'r' AS run_id, n::text AS phase_id, 1 AS phase_index, 'FAILED' AS state, 'x' AS last_failure_reason FROM numbers"
    )
    database = open_database(postgresql_url, patience=Patience(operation_s=5))
    table = PhaseTable.reflect(database, Source(table="endless"))
    with pytest.raises(DatabaseUnavailable, match="did not finish within 5 s"), database.read() as connection:
        for _ in table.read_pages(connection, PhaseState.FAILED):
            pass
    database.close()


@fault(65)
@pytest.mark.parametrize(
    "answer", [b"\xff\x01", b"", b"\xfb/etc/passwd", b"\x01"], ids=["error", "nothing", "your file", "half"]
)
def test_an_answer_that_is_none_is_an_outage_and_no_traceback(mariadb_url: str, answer: bytes) -> None:
    """From then on; what came before it was sound. Nor does the server get a file that it asks for."""
    real = sa.make_url(mariadb_url)
    if real.host is None:
        pytest.skip("the server of this machine listens on no TCP port, so nothing can stand between")
    garbage = packet(1, answer) + packet(2, b"\x03de")
    with strange(lambda sock: relay(sock, (str(real.host), real.port or 3306), b"garbage", garbage)) as server:
        url = real.set(host="127.0.0.1", port=server.port).update_query_dict({"ssl_disabled": "true"})
        database = open_database(url.render_as_string(hide_password=False))
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        with pytest.raises(DatabaseUnavailable), database.read() as connection:
            connection.exec_driver_sql("SELECT 'garbage'").all()
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT 2").scalar() == 2
        database.close()


@pytest.fixture
def names_nowhere(tmp_path: Path) -> Iterator[Path]:
    """A resolv.conf whose server never answers, and is asked for minutes."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can give a process another /etc/resolv.conf")
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.13.13.13\noptions timeout:30 attempts:5\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind(("127.13.13.13", 53))
        except OSError:
            pytest.skip("somebody listens on every address's port 53")
        yield path


@fault(66)
@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_name_that_nobody_resolves_is_left(sqlite_project: Workplace, names_nowhere: Path, scheme: str) -> None:
    sqlite_project.configure(database_url=f"{scheme}://u@db.example.org/x", patience=HURRY)
    inside = f'mount --bind {names_nowhere} /etc/resolv.conf && exec "$@"'
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", inside, "sh", *INV, "drain"],
        cwd=sqlite_project.root, env=sqlite_project.environ(), capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    if "mount:" in ran.stderr:
        pytest.skip("this machine lets nobody mount")
    assert (ran.returncode, "did not finish the login within 2 s" in ran.stderr) == (75, True), ran
