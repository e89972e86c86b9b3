"""A server that takes no writes for a while, as in a failover: an outage like any other. What runs goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.watching import started, watched
from tests.support import servers
from tests.support.workplace import DEADLINE_S, Workplace

QUICK = {"operation_s": 1, "outage_s": 1, "lock_s": 0.5}


@dataclass(frozen=True)
class Switched:
    """A project on a server that can be told to take no writes."""

    place: Workplace
    close: Callable[[], None]
    open: Callable[[], None]


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql_server: URL, postgresql_url: str) -> Switched:
    """Its sessions begin read-only from now on, and those that there are end: so a demoted primary looks."""
    place = _place(tmp_path, postgresql_url)
    name = sa.make_url(postgresql_url).database
    admin = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)

    def switch(statement: str) -> None:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} {statement}")
            connection.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))

    return Switched(
        place,
        lambda: switch("SET default_transaction_read_only = on"),
        lambda: switch("RESET default_transaction_read_only"),
    )


@pytest.fixture
def on_mariadb(tmp_path: Path) -> Iterator[Switched]:
    if not servers.mariadb_programs():
        pytest.skip("no programs of MariaDB on this machine to start a server of our own")
    with servers.own_mariadb() as server:
        admin = sa.create_engine(server.url, poolclass=sa.pool.NullPool)

        def do(*statements: str) -> None:
            with admin.begin() as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)

        do(
            "CREATE DATABASE test", "CREATE USER one@localhost", "GRANT ALL ON test.* TO one@localhost"
        )  # root may always write
        place = _place(tmp_path, server.url.set(username="one", database="test").render_as_string(hide_password=False))
        yield Switched(place, lambda: do("SET GLOBAL read_only = 1"), lambda: do("SET GLOBAL read_only = 0"))


@pytest.fixture(params=["postgresql", "mariadb"])
def switched(request: pytest.FixtureRequest) -> Switched:
    found: Switched = request.getfixturevalue(f"on_{request.param}")
    return found


def _place(tmp_path: Path, url: str) -> Workplace:
    root = tmp_path / "project"
    root.mkdir()
    place = Workplace(root=root, url=url)
    place.make_table()
    return place


@fault(56)
@pytest.mark.everyday("postgresql", "mariadb")
def test_a_drain_outlasts_a_server_that_takes_no_writes_for_a_while(switched: Switched) -> None:
    place, names = switched.place, [f"run{number}/p~{'until=go' if number < 2 else 'ms=1'}" for number in range(5)]
    witness = watched(place, *names)
    drain = place.start("drain", "--policy=run-order", "--workers=3")
    started(witness, 3)
    switched.close()
    (place.root / "go").touch()
    assert drain.stdout is not None
    printed = b""
    while b"trying again for" not in printed:
        line = drain.stdout.readline()
        assert line, printed
        printed += line
    switched.open()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, err) == (0, b""), (out, err)
    assert violations(place, witness, (printed + out).decode()) == []
    assert set(place.states().values()) == {"COMPLETE"}
    assert sorted(seen.name for seen in witnessed(witness) if seen.word == "start") == sorted(names)


@fault(56)
@pytest.mark.everyday("postgresql", "mariadb")
def test_a_server_that_takes_no_writes_for_too_long_is_no_configuration_and_loses_no_result(switched: Switched) -> None:
    place = switched.place
    witness = watched(place, "a/p~until=go", "b/p~until=go", patience=QUICK)
    drain = place.start("drain", "--workers=2")
    started(witness, 2)
    switched.close()
    (place.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)
    looked, again = place.inv("doctor"), place.inv("drain")

    assert drain.returncode == 75, (out, err)
    assert b"the result is saved locally, not yet recorded" in out
    assert (looked.code, again.code, "Traceback" in again.err) == (75, 75, False), (looked, again)

    switched.open()
    ran = place.inv("recover")

    assert ran.lines[-1] == "2 recovered, 0 still held.", ran
    assert set(place.states().values()) == {"COMPLETE"}
    assert violations(place, witness, out.decode() + ran.out) == []
