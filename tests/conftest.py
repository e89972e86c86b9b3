"""Every test of a behaviour runs on every database that is there: every day on SQLite and PostgreSQL, in the soak on MariaDB."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from tests.support import poolers, servers
from tests.support.databases import Databases, own_database
from tests.support.soaking import is_drawn, soak
from tests.support.workplace import Workplace

# The gate judges a change, and not the luck of its examples; everywhere else they are drawn anew.
hypothesis.settings.register_profile("gate", derandomize=True, max_examples=50, deadline=None)
hypothesis.settings.register_profile("everyday", max_examples=25, deadline=None)
hypothesis.settings.load_profile("gate" if os.environ.get("CI") else "everyday")

MEMORY = Path("/dev/shm")
ROOMY_BYTES = 2 << 30


def in_memory() -> bool:
    """Whether the tests' folders can lie where a sync costs nothing: much of a short drain is spent waiting for the disk."""
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize >= ROOMY_BYTES and not found.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)


if in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

DATABASES = ("sqlite", "postgresql", "mariadb")
COLLECTED = pytest.StashKey[list[pytest.Item]]()
"""All the tests of this run's files, those too that are not selected."""
EVERYDAY = ("sqlite", "postgresql")
"""Where a test runs every day that does not say it otherwise: `@pytest.mark.everyday("sqlite")`."""


def pytest_configure() -> None:
    """Whoever started us in the background, or with nohup, made us ignore signals that our processes are to hear."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_itemcollected(item: pytest.Item) -> None:
    item.user_properties.extend(("fault", mark.args[0]) for mark in item.iter_markers("fault"))
    spec = getattr(item, "callspec", None)
    everyday = item.get_closest_marker("everyday")
    if spec is not None and _on(spec.params) not in {*(EVERYDAY if everyday is None else everyday.args), None}:
        item.add_marker(soak)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the soak the part that is asked for: how often a fault is tried is the matrix's to say, and what is one test is run."""
    config.stash[COLLECTED] = list(items)
    left = [item for item in items if item.get_closest_marker("soak") and not item.get_closest_marker("fault")
            and "[" in item.name and not is_drawn(item.nodeid)]  # fmt: skip
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def _on(parameters: Mapping[str, object]) -> str | None:
    """The database that one of its parameters names."""
    return next((str(value) for value in parameters.values() if value in DATABASES), None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was left out, and why; of the fault matrix (tests/chaos/faults.py) by row."""
    skipped: dict[int, Counter[str]] = defaultdict(Counter)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for number in {number for name, number in report.user_properties if name == "fault"} or {0}:
            skipped[number][reason.removeprefix("Skipped: ")] += 1
    for number, reasons in sorted(skipped.items()):
        what = f"fault {number}" if number else "no fault of the matrix"
        terminalreporter.write_line(f"{what}: {reasons.total()} skipped ({'; '.join(reasons)})")
    if place := os.environ.get("BATCHDRAIN_FAILED_TESTS"):
        failed = {report.nodeid for kind in ("failed", "error") for report in terminalreporter.stats.get(kind, [])}
        Path(place).write_text("".join(f"{name}\n" for name in sorted(failed)))


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


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: URL) -> Iterator[Databases]:
    databases = Databases(postgresql_server)
    yield databases
    databases.close()


@pytest.fixture
def postgresql_url(postgresql_databases: Databases) -> Iterator[str]:
    with postgresql_databases.lent() as url:
        yield url


@pytest.fixture(scope="session")
def transaction_pooler(postgresql_server: URL) -> Iterator[poolers.Pooler]:
    """PgBouncer in transaction mode."""
    if poolers.find_pgbouncer() is None:
        pytest.skip(poolers.MISSING)
    with poolers.pooler(postgresql_server) as pooler:
        yield pooler


@pytest.fixture
def pgbouncer_url(transaction_pooler: poolers.Pooler, postgresql_url: str) -> str:
    return transaction_pooler.url_of(postgresql_url)


@pytest.fixture
def mariadb_url() -> Iterator[str]:
    server = servers.mariadb()
    if server is None:
        pytest.skip("no MariaDB: BATCHDRAIN_TEST_MYSQL_URL is not set and none answers on 127.0.0.1:3306")
    with own_database(server) as url:
        yield url


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
def project(tmp_path: Path, database_url: str) -> Iterator[Workplace]:
    """A project with an empty table of phases, on each database."""
    with _placed(tmp_path, database_url) as place:
        yield place


@pytest.fixture(params=("postgresql", "mariadb"))
def servers_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def server_project(tmp_path: Path, servers_url: str) -> Iterator[Workplace]:
    """The same on the servers alone, for what SQLite does not have: row locks, users, character sets."""
    with _placed(tmp_path, servers_url) as place:
        yield place


@pytest.fixture
def latin1_project(tmp_path: Path, postgresql_server: URL) -> Iterator[Workplace]:
    """A PostgreSQL database in an old character set."""
    options = " ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    with own_database(postgresql_server, options) as url, _placed(tmp_path, url) as place:
        yield place


@contextmanager
def _placed(tmp_path: Path, url: str) -> Iterator[Workplace]:
    root = tmp_path / "project"
    root.mkdir()
    place = Workplace(root=root, url=url)
    try:
        place.make_table()
        yield place
    finally:
        place.end()


@pytest.fixture
def sqlite_project(tmp_path: Path, sqlite_url: str) -> Iterator[Workplace]:
    """The same on SQLite alone, for what does not touch the database's own ways."""
    with _placed(tmp_path, sqlite_url) as place:
        yield place
