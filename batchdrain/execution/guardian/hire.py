"""How guardians are started and heard, by the controller and by the runner on a worker alike.

A server process is started once. Each call for a guardian sends it a socket, over which the guardian then speaks.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import subprocess
import sys
import time
from typing import Final

SERVE: Final = "import sys; sys.path.insert(0, sys.argv[1]); from batchdrain.execution.guardian.server import main; main()"
"""The program of the server. Its argument is a folder or a zip that holds the package."""
_GREETS_WITHIN_S: Final = 10.0
_TAKES_WITHIN_S: Final = 30
_LONGEST_LINE: Final = 1 << 20
_MOST_PROCESSES: Final = 1 << 22  # the most pids that Linux has


def start_server(theirs: socket.socket, package: str) -> subprocess.Popen[bytes]:
    """Start the server. `theirs`: the socket over which it is called; `package`: where it imports from. Raises OSError."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", SERVE, package],
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={name: value for name, value in os.environ.items() if name.startswith(("LC_", "LANG"))},
        start_new_session=True,
    )


def call_guardian(control: socket.socket) -> socket.socket:
    """Call the server for a guardian. Returns the socket over which the guardian speaks. Raises OSError if the server takes no
    call."""
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            socket.send_fds(control, [b"F"], [theirs.fileno()])
    except BaseException:
        ours.close()
        raise
    return ours


def limit_sends(sock: socket.socket, within_s: int) -> None:
    """Bound every send: a process that is stopped reads nothing, and waiting for it must end. `within_s`: seconds."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", within_s, 0))


def to_process(raw: bytes) -> tuple[int, int]:
    """The pid and the start of a process, as a guardian reports them. Raises ValueError."""
    pid, start = map(int, raw.split())
    if not 0 < pid <= _MOST_PROCESSES or not 0 <= start < 1 << 63:
        raise ValueError(raw)
    return pid, start


class GuardianLines:
    """Reads the lines of one guardian."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._unread = b""
        limit_sends(sock, _TAKES_WITHIN_S)

    def read_greeting(self) -> tuple[int, int]:
        """The guardian's pid and start. Raises OSError if it did not start."""
        greeting = self.hear(_GREETS_WITHIN_S) or b""
        try:
            if greeting[:1] == b"G":
                return to_process(greeting[1:])
        except ValueError:
            pass
        raise OSError("the guardian did not start")

    def hear(self, within_s: float) -> bytes | None:
        """The next line; b'' if the guardian is gone or its line is too long; None if it said nothing within `within_s` seconds."""
        watch = select.poll()
        watch.register(self._sock, select.POLLIN)
        until = time.monotonic() + within_s
        while b"\n" not in self._unread:
            if not watch.poll(max(0.0, until - time.monotonic()) * 1000):
                return None
            try:
                heard = self._sock.recv(1 << 12)
            except ConnectionError:
                heard = b""
            if not heard or len(self._unread) > _LONGEST_LINE:
                return b""
            self._unread += heard
        line, _, self._unread = self._unread.partition(b"\n")
        return line
