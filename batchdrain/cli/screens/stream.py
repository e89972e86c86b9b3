"""A text stream for the time of a drain that never waits for its reader.

Whatever the reader does not take is kept and offered again with the next text, and for a while at the end. A reader who
leaves or takes nothing costs nothing but the text.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import stat
import threading
from time import monotonic
from typing import IO, Any, Final

from batchdrain.runtime import signals
from batchdrain.runtime.standard_streams import is_lost

KEPT_BYTES: Final = 1_000_000
PATIENCE_S: Final = 30.0
"""Seconds to wait at the end without progress, if nobody has asked us to stop."""
_AFTER_A_SIGNAL_S: Final = 2.0
_POLL_MS: Final = 100
_PIECE: Final = 65_536
_SURE_PIECE: Final = 512  #: a pipe that poll calls writable takes this much without waiting


class Outlet:
    """A stream over a pipe, a terminal or a socket. Other files take what they get, and are written to as usual. No failure
    is an error: the stream is just given up."""

    def __init__(self, stream: IO[str], patience_s: float = PATIENCE_S) -> None:
        self._stream = stream
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._kept = bytearray()
        self._open = True
        try:
            self._pipe = _Pipe.of(stream.fileno())
        except (OSError, ValueError):  # not a file at all, as in tests
            self._pipe = None

    def write(self, text: str) -> int:
        """Write a text without waiting, except for a disk. Returns the text's length, like every stream."""
        self._take(text, text.encode(getattr(self._stream, "encoding", None) or "ascii", "backslashreplace"))
        return len(text)

    def write_raw(self, raw: bytes) -> None:
        """Write bytes like `write`, without the stream's encoding."""
        self._take(raw, raw)

    def _take(self, content: str | bytes, raw: bytes) -> None:
        """Take a content. `raw`: the same content as bytes, for a pipe."""
        with self._lock:
            if self._pipe is not None and self._open:
                self._kept += raw
                self._offer()
                if len(self._kept) > KEPT_BYTES:
                    self._give_up()
            elif self._open:
                try:
                    require_ours(self._stream)
                    write_through(self._stream, content)
                except (OSError, ValueError):  # a closed pipe, a closed terminal, a full disk behind a redirection
                    self._give_up()

    def flush(self) -> None:
        """Flush without waiting, except for a disk. Over a pipe there is nothing to do."""
        with self._lock:
            if self._pipe is None and self._open:
                try:
                    require_ours(self._stream)
                    self._stream.flush()
                except (OSError, ValueError):
                    self._give_up()

    @property
    def is_behind(self) -> bool:
        """Whether the reader has not taken all that was written, even after one more offer."""
        with self._lock:
            if self._pipe is not None and self._open:
                self._offer()
            return bool(self._kept)

    def finish(self) -> None:
        """Wait until the reader has taken everything, as long as it takes something now and then."""
        left, since = len(self._kept), monotonic()
        while self._pipe is not None and self._open:
            with self._lock:
                self._offer()
            if not self._kept:
                return
            if len(self._kept) < left:
                left, since = len(self._kept), monotonic()
            if monotonic() - since > self._patience_now_s():
                with self._lock:
                    self._give_up()
                return
            self._pipe.wait(_POLL_MS)

    def _patience_now_s(self) -> float:
        return min(self._patience_s, _AFTER_A_SIGNAL_S) if signals.is_stop_asked_for() else self._patience_s

    def _offer(self) -> None:
        try:
            while self._kept and self._pipe is not None:
                del self._kept[: self._pipe.send(self._kept)]
        except BlockingIOError:
            return
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        self._open = False
        self._kept.clear()
        silence(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Pipe:
    """A descriptor of our own that never blocks. The given descriptor keeps its mode, since other processes share it."""

    def __init__(self, fd: int, *, is_socket: bool) -> None:
        self._given = fd
        self._socket = socket.socket(fileno=os.dup(fd)) if is_socket else None
        self._own: int | None = None
        self._is_new = not is_socket

    @classmethod
    def of(cls, fd: int) -> _Pipe | None:
        """Make one; None if the descriptor is no pipe, terminal or socket."""
        mode = os.fstat(fd).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(fd)):
            return None
        return cls(fd, is_socket=stat.S_ISSOCK(mode))

    def send(self, content: bytearray) -> int:
        """Returns how many bytes were taken. Raises BlockingIOError if none were, and OSError if nobody reads any more."""
        if self._socket is not None:
            return self._socket.send(content[:_PIECE], socket.MSG_DONTWAIT)
        if self._is_new:  # opened as late as this, since it may be the last descriptor that is left
            self._is_new = False
            with contextlib.suppress(OSError):  # no /proc, or somebody else's terminal
                self._own = os.open(f"/proc/self/fd/{self._given}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if self._own is not None:
            return os.write(self._own, content[:_PIECE])
        if not self.wait(0):
            raise BlockingIOError
        return os.write(self._given, content[:_SURE_PIECE])

    def wait(self, timeout_ms: int) -> bool:
        """Wait at most so long. Returns whether something may be taken."""
        watch = select.poll()  # select refuses descriptors beyond 1023
        watch.register(self._given, select.POLLOUT)
        return bool(watch.poll(timeout_ms))

    def __del__(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._own is not None:
            with contextlib.suppress(OSError):
                os.close(self._own)


def write_through(stream: IO[str], content: str | bytes) -> None:
    """Write text in the stream's encoding, or bytes to the stream's buffer, after all earlier text. Raises OSError."""
    if isinstance(content, str):
        stream.write(content)
    else:
        stream.flush()
        stream.buffer.write(content)  # type: ignore[attr-defined]


def require_ours(stream: IO[str]) -> None:
    """Raises OSError if other code closed the stream's descriptor: its number may belong to another file now."""
    if is_lost(stream):
        raise OSError(errno.EBADF, "closed by somebody else")


def wait_while_read(stream: IO[str] | None, timeout_s: float) -> bool:
    """Wait for this time. Returns whether somebody may still read. Returns at once if nobody does: the other end of a pipe is
    closed, or the terminal is gone."""
    watch = select.poll()
    with contextlib.suppress(OSError, ValueError, AttributeError):  # not a file at all, as in tests
        watch.register(stream.fileno(), 0)  # type: ignore[union-attr]
    return not watch.poll(timeout_s * 1000)


def silence(stream: IO[str]) -> None:
    """Send the stream to /dev/null.
    Otherwise the interpreter's last flush of stdout would exit with 120, or wait for the reader."""
    with contextlib.suppress(OSError, ValueError):
        require_ours(stream)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
