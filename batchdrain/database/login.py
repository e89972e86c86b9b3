"""Makes a connection: name lookup, socket, TLS and login together end by the wall clock, whatever the server does.

The drivers limit each step but not their sum: a server that sends a byte now and then, or asks for the password over and
over, would hold them for ever. So another thread logs in, and is abandoned when the time is over.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.model.errors import ConfigError
from batchdrain.runtime.resources import MOST_OF_AN_ANSWER, resident_bytes, shortage_of
from batchdrain.runtime.threads import begin

_LOOK_S: Final = 0.2


class Login:
    """One attempt to get a connection. `settings`: the keyword arguments of the driver's `connect`."""

    def __init__(self, dialect: sa.Dialect, arguments: Sequence[Any], settings: Mapping[str, Any]) -> None:
        self._dialect = dialect
        self._arguments = arguments
        self._settings = settings
        self._is_over = threading.Event()
        self._is_abandoned = False
        self._one_at_a_time = threading.Lock()
        self._connection: Any = None
        self._error: Exception | None = None

    def within(self, seconds: float) -> Any:
        """The driver's connection. Raises the driver's errors,
        and ConfigError for arguments that the driver does not take."""
        if self._dialect.driver == "pymysql":
            self._connection = self._prepare()
        begin(self._run, "login")
        try:
            self._wait(seconds)
        except BaseException:
            self._abandon()
            raise
        if self._error is not None:
            raise self._error
        return self._connection

    def _wait(self, seconds: float) -> None:
        until, before = monotonic() + seconds, resident_bytes()
        while not self._is_over.wait(min(_LOOK_S, max(0.0, until - monotonic()))):
            if monotonic() >= until:
                raise self._driver_error(f"the server did not finish the login within {seconds:g} s")
            if resident_bytes() - before > MOST_OF_AN_ANSWER:
                raise self._driver_error(f"the server sent more than {MOST_OF_AN_ANSWER >> 20} MB before the login was over")

    def _prepare(self) -> Any:
        """PyMySQL's connection object, before it has a socket."""
        try:
            return self._dialect.connect(*self._arguments, **self._settings, defer_connect=True)
        except OSError as error:  # a certificate or key file can't be read
            raise ConfigError(f"database_url: {error.strerror or type(error).__name__}", remedy="correct the URL") from error
        except (TypeError, ValueError, LookupError, NotImplementedError) as error:
            # The error's own text is not shown: it contains a part of the password that can't be encoded.
            raise ConfigError(
                f"database_url: the driver does not accept its user, password or options ({type(error).__name__})",
                remedy="correct the URL; PyMySQL accepts only passwords in Latin-1",
            ) from None

    def _run(self) -> None:
        found, error = self._connection, None
        try:
            if found is None:
                found = self._dialect.connect(*self._arguments, **self._settings)
            else:
                found.connect()
        except Exception as raised:  # noqa: BLE001 - the thread that waits raises it
            error = self._to_driver_error(raised)
        with self._one_at_a_time:
            self._connection, self._error = found, error
            if self._is_abandoned and error is None:
                self._close(found)
            self._is_over.set()

    def _to_driver_error(self, error: Exception) -> Exception:
        """Turn an error from an answer that is not the database's protocol into the driver's error.
        PyMySQL raises any Python error then."""
        if isinstance(error, self._dbapi.Error) or shortage_of(error) is not None:
            return error
        return self._driver_error(
            f"what answers does not speak the protocol of {self._dialect.name} ({type(error).__name__})"
        )

    @property
    def _dbapi(self) -> Any:
        return self._dialect.loaded_dbapi

    def _driver_error(self, message: str) -> Exception:
        error: Exception = self._dbapi.OperationalError(message)
        return error

    def _abandon(self) -> None:
        """Close whatever connection the thread gets.
        PyMySQL's socket is shut down now, since nothing else would end its thread."""
        with self._one_at_a_time:
            self._is_abandoned = True
            if self._is_over.is_set():
                if self._error is None:
                    self._close(self._connection)
                return
            sock = getattr(self._connection, "_sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _close(self, connection: Any) -> None:
        """Close a connection that nobody uses. It does not matter whether the server notices."""
        with contextlib.suppress(OSError, self._dbapi.Error):
            connection.close()
