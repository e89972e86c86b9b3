"""A wire between a drain and its database server that can be cut, silenced, or lose just the reply to a commit."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


class Proxy:
    """Listens on a port of its own. `cut_commits`: how many replies to a COMMIT are still to be lost, each third one: so of
    claims as well as of results, and what is tried again comes through."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_commits = 0
        self.commits_cut = 0
        self._commits = 0
        self.slow = False  #: every packet takes a twentieth of a second, and holds at most 400 bytes: 8 kB/s
        self.leave_at = b""  #: go away when the client says this
        self._deaf = self._dumb = False
        self._sockets: set[socket.socket] = set()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def silence(self, *, deaf: bool = True, dumb: bool = True) -> None:
        """Connections stay up, packets are acknowledged; but what the client says is not heard (`deaf`), what the server
        says is not told (`dumb`)."""
        self._deaf, self._dumb = deaf, dumb

    def go_away(self) -> None:
        """As a server that was stopped: connections break, new ones are refused."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # else a thread that waits in accept takes one more
        self._listener.close()
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def come_back(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """One connection, both ways, until one side or a fault ends it."""
        cutting = False
        with client, socket.create_connection(self._target) as server, contextlib.suppress(OSError):
            self._sockets |= {client, server}
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(400 if self.slow else 65536)
                    time.sleep(0.05 if self.slow else 0)
                    if data and (self._deaf if source is client else self._dumb):
                        continue
                    if source is client and self.leave_at and self.leave_at in data:
                        self.leave_at = b""
                        self.go_away()
                        return
                    if source is client and self.cut_commits and b"COMMIT" in data:
                        self._commits += 1
                        cutting = self._commits % 3 == 1
                        self.cut_commits -= cutting
                    elif source is server and cutting:
                        data = b""
                        self.commits_cut += 1
                    if not data:
                        return
                    (server if source is client else client).sendall(data)


@contextmanager
def proxied(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the server of a URL, and the URL that leads through it; without TLS, so that it sees the words."""
    parsed = sa.make_url(url)
    postgresql = parsed.get_backend_name() == "postgresql"
    proxy = Proxy(parsed.host or "127.0.0.1", parsed.port or (5432 if postgresql else 3306))
    plain = {"sslmode": "disable", "gssencmode": "disable"} if postgresql else {"ssl_disabled": "true"}
    try:
        yield (
            proxy,
            parsed.set(host="127.0.0.1", port=proxy.port).update_query_dict(plain).render_as_string(hide_password=False),
        )
    finally:
        proxy.go_away()
