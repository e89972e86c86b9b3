"""Ends every database operation in time, even if the server never answers or its answer never ends.

Neither psycopg nor TCP keepalive ends a call to a server that acknowledges packets but says nothing; PyMySQL's timeouts start
again with every byte. So one thread watches every connection from its login on. It shuts down the socket of a connection that
made no progress for too long, or whose answer takes too much memory. The blocked call then raises, and the pool throws the
connection away.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import weakref
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.login import Login
from batchdrain.database.silence_notice import SilenceNotice
from batchdrain.runtime.resources import MOST_OF_AN_ANSWER, resident_bytes
from batchdrain.runtime.threads import begin

_KEY: Final = "batchdrain_deadline"
_OPERATIONS: Final = 20
"""A transaction, or each part of it that `restart` begins, may last this many deadlines in all. Without this limit a listing
whose pages never end would make progress for ever."""
_LOOK_S: Final = 0.25


class _Memory:
    """The memory of this process at the latest look. It is not read with each statement: that takes longer than many a one."""

    def __init__(self) -> None:
        self.bytes = resident_bytes()

    def look(self) -> int:
        """Read it now."""
        self.bytes = resident_bytes()
        return self.bytes


class _Watched:
    """One connection of the pool. Holds its own duplicate of the connection's socket."""

    def __init__(self, sock: socket.socket, seconds: float, memory: _Memory) -> None:
        self.sock = sock
        self.seconds = seconds
        self._memory = memory
        self.due: float | None = None  #: monotonic time of the next deadline; None while nobody uses the connection
        self.ends = 0.0  #: monotonic time of the last deadline, which no progress moves
        self.before: int | None = None  #: bytes of memory used before the answer began; None while no answer is awaited
        self.user = 0  #: the id of the thread that uses the connection

    def use(self) -> None:
        """Start the deadlines: from now on somebody waits for the server."""
        self.user = threading.get_ident()
        self.ends = time.monotonic() + _OPERATIONS * self.seconds
        self.renew()

    def renew(self) -> None:
        """Start the next deadline: the connection made progress."""
        self.due = min(self.ends, time.monotonic() + self.seconds)
        self.before = self._memory.bytes

    def rest(self) -> None:
        """Stop the deadlines: nobody waits for the server."""
        self.due = self.before = None

    def problem(self, now: float, bytes_now: int) -> str | None:
        """Why the connection must be ended now; None if it need not."""
        if self.before is not None and bytes_now - self.before > MOST_OF_AN_ANSWER:
            return f"the server's answer took more than {MOST_OF_AN_ANSWER >> 20} MB of memory"
        if self.due is None or now < self.due:
            return None
        if now >= self.ends:
            return f"the server did not finish within {_OPERATIONS * self.seconds:g} s"
        return f"the server did not answer within {self.seconds:g} s (patience.operation_s)"


class Deadlines:
    """Watches the connections of an engine whose driver talks through a socket."""

    def __init__(self, engine: sa.Engine, seconds: float, login_s: float, notice: SilenceNotice) -> None:
        self._seconds = seconds
        self._login_s = login_s
        self._notice = notice
        self._memory = _Memory()
        self._watched: set[_Watched] = set()
        self._problems: dict[int, str] = {}  # by the id of the thread whose connection was ended
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        sa.event.listen(engine, "do_connect", self._connect)
        sa.event.listen(engine, "checkout", lambda _, record, __: self._take(record.info))
        sa.event.listen(engine, "checkin", lambda _, record: _rest(record.info))
        sa.event.listen(engine, "close", lambda _, record: self._forget(record.info))
        sa.event.listen(engine, "invalidate", lambda _, record, __: self._forget(record.info))
        sa.event.listen(engine, "before_cursor_execute", lambda connection, *_: renew(connection))
        sa.event.listen(engine, "after_cursor_execute", _answered)
        sa.event.listen(engine, "commit", renew)

    def close(self) -> None:
        """Tell the thread to end. It does so within a second; nobody waits for it."""
        self._over.set()

    def take_problem(self) -> str | None:
        """Why an operation of this thread was ended, told only once; None if none was."""
        return self._problems.pop(threading.get_ident(), None)

    def _connect(self, dialect: sa.Dialect, record: Any, arguments: Any, settings: Any) -> Any:
        """Connect, and watch also the connection's first operations, of which SQLAlchemy fires no events."""
        if self._thread is None:  # first, so that no connection is left open if no thread can begin
            self._thread = begin(self._watch, "deadlines")
        self._memory.look()
        self._notice.await_login(self._login_s)
        try:
            dbapi = Login(dialect, arguments, settings).within(self._login_s)
        finally:
            self._notice.end()
        descriptor = dbapi.fileno() if hasattr(dbapi, "fileno") else dbapi._sock.fileno()  # noqa: SLF001 - PyMySQL has no other way
        watched = _Watched(socket.socket(fileno=os.dup(descriptor)), self._seconds, self._memory)
        weakref.finalize(dbapi, watched.sock.close)
        watched.use()
        record.info[_KEY] = watched
        self._watched.add(watched)
        self._notice.await_answer(self._seconds)
        return dbapi

    def _take(self, info: dict[str, Any]) -> None:
        self._notice.end()
        _use(info)

    def _forget(self, info: dict[str, Any]) -> None:
        self._notice.end()
        if _KEY in info:
            watched = info.pop(_KEY)
            self._watched.discard(watched)
            watched.sock.close()

    def _watch(self) -> None:
        while not self._over.wait(min(_LOOK_S, self._seconds / 10)):
            now, bytes_now = time.monotonic(), self._memory.look()
            for watched in list(self._watched):
                if (problem := watched.problem(now, bytes_now)) is not None:
                    watched.rest()
                    self._problems[watched.user] = problem
                    with contextlib.suppress(OSError):  # the connection may have ended in this moment
                        watched.sock.shutdown(socket.SHUT_RDWR)


def renew(connection: sa.Connection) -> None:
    """Start the connection's next deadline: it made progress."""
    if (watched := _watched_of(connection)) is not None:
        watched.renew()


def restart(connection: sa.Connection) -> None:
    """Start the limit of the whole transaction again, as the next of a known number of parts begins."""
    if (watched := _watched_of(connection)) is not None:
        watched.use()


def _watched_of(connection: sa.Connection) -> _Watched | None:
    found: _Watched | None = connection.connection.info.get(_KEY)  # not `record_info`, which outlasts a connection
    return found


def _use(info: dict[str, Any]) -> None:
    if _KEY in info:
        info[_KEY].use()


def _rest(info: dict[str, Any]) -> None:
    if _KEY in info:
        info[_KEY].rest()


def _answered(connection: sa.Connection, *details: Any) -> None:
    """The whole answer is here, so its memory is no longer watched: what grows now is our own. An answer that is read page by
    page stays watched."""
    context = details[3]
    is_paged = context is not None and context.execution_options.get("stream_results")
    if not is_paged and (watched := _watched_of(connection)) is not None:
        watched.before = None
