"""Every database operation ends, also against a peer that never answers.

Neither psycopg nor TCP keepalive end a call to a server that still acknowledges packets but says nothing. So one thread
watches what is checked out of the pool, and shuts down the socket of a connection that made no progress for too long:
the blocked call raises, and the pool throws the connection away.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.runtime.threads import begin

_KEY: Final = "batchdrain_deadline"


class _Watched:
    """One connection of the pool. Holds a socket of its own on the connection's file description."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.due: float | None = None  #: monotonic; None while nobody uses the connection


class Deadlines:
    """Watches the connections of an engine whose driver talks through a socket."""

    def __init__(self, engine: sa.Engine, seconds: float) -> None:
        self._seconds = seconds
        self._watched: set[_Watched] = set()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        sa.event.listen(engine, "connect", self._watch_connection)
        sa.event.listen(engine, "checkout", lambda _, record, __: self._set(record.info, self._seconds))
        sa.event.listen(engine, "checkin", lambda _, record: self._set(record.info, None))
        sa.event.listen(engine, "close", lambda _, record: self._forget(record.info))
        sa.event.listen(engine, "invalidate", lambda _, record, __: self._forget(record.info))
        sa.event.listen(engine, "before_cursor_execute", lambda connection, *_: renew(connection))
        sa.event.listen(engine, "commit", renew)

    def close(self) -> None:
        """The thread ends within a second; nobody waits for it."""
        self._over.set()

    def _watch_connection(self, dbapi: Any, record: Any) -> None:
        descriptor = dbapi.fileno() if hasattr(dbapi, "fileno") else dbapi._sock.fileno()  # noqa: SLF001 - PyMySQL has no other way
        watched = _Watched(socket.socket(fileno=os.dup(descriptor)))
        record.info[_KEY] = (watched, self._seconds)
        self._watched.add(watched)
        if self._thread is None:
            self._thread = begin(self._watch, "deadlines")

    def _set(self, info: dict[str, Any], seconds: float | None) -> None:
        if _KEY in info:
            info[_KEY][0].due = None if seconds is None else time.monotonic() + seconds

    def _forget(self, info: dict[str, Any]) -> None:
        if _KEY in info:
            watched = info.pop(_KEY)[0]
            self._watched.discard(watched)
            watched.sock.close()

    def _watch(self) -> None:
        while not self._over.wait(min(1.0, self._seconds / 10)):
            now = time.monotonic()
            for watched in list(self._watched):
                if watched.due is not None and watched.due < now:
                    watched.due = None
                    with contextlib.suppress(OSError):  # it ended in this moment
                        watched.sock.shutdown(socket.SHUT_RDWR)


def renew(connection: sa.Connection) -> None:
    """The connection made progress: its time begins anew."""
    found = connection.connection.record_info
    if found is not None and _KEY in found:
        watched, seconds = found[_KEY]
        watched.due = time.monotonic() + seconds
