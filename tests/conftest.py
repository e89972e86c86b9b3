"""Every test of a behaviour runs on every database that is there: SQLite and PostgreSQL always, MariaDB where it runs."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from tests import servers
from tests.workplace import Workplace

# The gate judges a change, and not the luck of its examples; everywhere else they are drawn anew.
hypothesis.settings.register_profile("gate", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("gate")

DATABASES = ("sqlite", "postgresql", "mariadb")


def pytest_configure() -> None:
    """Whoever started us in the background, or with nohup, made us ignore signals that our processes are to hear."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_itemcollected(item: pytest.Item) -> None:
    item.user_properties.extend(("fault", mark.args[0]) for mark in item.iter_markers("fault"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which rows of the fault matrix (tests/chaos/faults.py) were not all tried, and why."""
    skipped: dict[int, Counter[str]] = defaultdict(Counter)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for number in {number for name, number in report.user_properties if name == "fault"}:
            skipped[number][reason.removeprefix("Skipped: ")] += 1
    for number, reasons in sorted(skipped.items()):
        terminalreporter.write_line(f"fault {number}: {reasons.total()} skipped ({'; '.join(reasons)})")


@pytest.fixture(autouse=True)
def _covered_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs on several databases measures the coverage of its processes on the first alone: it makes each half as slow again."""
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and not {"postgresql", "mariadb"}.isdisjoint(map(str, callspec.params.values())):
        for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    with servers.postgresql() as url:
        yield url


def _create(server: URL, options: str = "") -> tuple[str, Callable[[], None]]:
    """A database of our own on a server, and how to drop it."""
    name = f"bd_{uuid.uuid4().hex[:16]}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}{options}")

    def drop() -> None:
        force = " WITH (FORCE)" if server.get_backend_name() == "postgresql" else ""
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")

    return server.set(database=name).render_as_string(hide_password=False), drop


@pytest.fixture
def postgresql_url(postgresql_server: URL) -> Iterator[str]:
    url, drop = _create(postgresql_server)
    yield url
    drop()


@pytest.fixture
def mariadb_url() -> Iterator[str]:
    server = servers.mariadb()
    if server is None:
        pytest.skip("no MariaDB: BATCHDRAIN_TEST_MYSQL_URL is not set and none answers on 127.0.0.1:3306")
    url, drop = _create(server)
    yield url
    drop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    path = tmp_path / "work.db"
    sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool).connect().close()
    path.touch()
    return f"sqlite:///{path}"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def work(tmp_path: Path, database_url: str) -> Workplace:
    """A project with an empty table of phases, on each database."""
    return _place(tmp_path, database_url)


@pytest.fixture(params=("postgresql", "mariadb"))
def servers_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def on_server(tmp_path: Path, servers_url: str) -> Workplace:
    """The same on the servers alone, for what SQLite does not have: row locks, users, character sets."""
    return _place(tmp_path, servers_url)


@pytest.fixture
def pg_latin1(tmp_path: Path, postgresql_server: URL) -> Iterator[Workplace]:
    """A PostgreSQL database in an old character set."""
    url, drop = _create(postgresql_server, " ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    yield _place(tmp_path, url)
    drop()


def _place(tmp_path: Path, url: str) -> Workplace:
    root = tmp_path / "project"
    root.mkdir()
    place = Workplace(root=root, url=url)
    place.make_table()
    return place


@pytest.fixture
def lite(tmp_path: Path, sqlite_url: str) -> Workplace:
    """The same on SQLite alone, for what does not touch the database's own ways."""
    return _place(tmp_path, sqlite_url)
