"""A real PgBouncer before the PostgreSQL of the tests: each transaction may get another of the server's sessions."""

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
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from tests.support.servers import DEADLINE_S

SESSIONS = 4
"""Of the server, for each database, unless a test asks for fewer: they mix the more."""
MISSING = "no pgbouncer is installed (Debian: apt-get install pgbouncer)"


def find_pgbouncer() -> str | None:
    """Debian has it where only root looks."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Pooler:
    """PgBouncer on a port of its own, with nothing set that it would not be by itself but the mode and the sizes."""

    def __init__(self, home: Path, server: URL, mode: str, sessions: int) -> None:
        self._home = home
        self._user = "nobody" if os.geteuid() == 0 else None  # it refuses root
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = server.set(host="127.0.0.1", port=self.port, password=None, query={})
        (home / "pgbouncer.ini").write_text(
            f"[databases]\n* = {_behind(server)}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = {mode}\ndefault_pool_size = {sessions}\nmax_client_conn = 1000\nserver_login_retry = 0.2\n"
        )
        if self._user is not None:
            shutil.chown(home, self._user)
        self.start()

    def url_of(self, url: str) -> str:
        """The way through the pooler to the same database."""
        return self.url.set(database=make_url(url).database).render_as_string(hide_password=False)

    def start(self) -> None:
        with (self._home / "log").open("ab") as log:
            argv = [str(find_pgbouncer()), str(self._home / "pgbouncer.ini")]
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=self._home, user=self._user)
        deadline = time.monotonic() + DEADLINE_S
        while not self._listens():
            assert self._process.poll() is None, (self._home / "log").read_text()
            assert time.monotonic() < deadline, "PgBouncer does not listen"
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """As it goes away in an upgrade: whoever is connected is cut off."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=DEADLINE_S)


def _behind(server: URL) -> str:
    host = server.query.get("host") or server.host or "127.0.0.1"
    password = f" password={server.password}" if server.password else ""
    return f"host={host} port={server.port or 5432} user={server.username}{password}"


@contextlib.contextmanager
def pooler(server: URL, mode: str = "transaction", sessions: int = SESSIONS) -> Iterator[Pooler]:
    """Where `find_pgbouncer` finds one."""
    home = Path(tempfile.mkdtemp(prefix="bdpb", dir="/tmp"))
    try:
        home.chmod(0o755)
        found = Pooler(home, server, mode, sessions)
        try:
            yield found
        finally:
            found.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
