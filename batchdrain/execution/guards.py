"""The controller's side of its guardians: hired before the claim, given an order, told to go on or to end it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

from batchdrain.execution.host import ProcessIdentity, host_id
from batchdrain.guardian import wire

_PACKAGE: Final = str(Path(__file__).parents[2])
_SERVE: Final = "import sys; sys.path.insert(0, sys.argv[1]); from batchdrain.guardian.server import main; main()"
_GREETS_WITHIN_S: Final = 10.0


class Guard:
    """One guardian, which serves one order after another."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.lines = sock.makefile("rb")
        self.identity: ProcessIdentity | None = None  #: once it has greeted
        self.orders = 0

    def is_there(self) -> bool:
        """Whether it waits for an order, or will once it has greeted."""
        watch = select.poll()
        watch.register(self.sock, select.POLLIN)
        return self.identity is None or not watch.poll(0)  # it says nothing between two orders but that it is gone

    def greet(self) -> None:
        """Wait until it is there. Raises OSError when it did not start."""
        if self.identity is not None:
            return
        self.sock.settimeout(_GREETS_WITHIN_S)
        greeting = self.lines.readline()
        self.sock.settimeout(None)
        if greeting[:1] != b"G":
            raise OSError("the guardian did not start")
        pid, start = greeting[1:].split()
        self.identity = ProcessIdentity(host_id(), int(pid), int(start))

    def close(self) -> None:
        self.lines.close()
        self.sock.close()


class Duty:
    """One order of a guardian. Its socket is written by several threads: each word is one short write."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        guard.orders += 1
        self._number = guard.orders
        self._ordered = False  # before it has the whole order a word would be read as a part of that
        self._asked: bytes | None = None

    def execute(self, order: dict[str, Any], logs: list[int]) -> dict[str, Any] | None:
        """Give the order and wait for its end. None when the guardian died."""
        try:
            wire.send_order(self._guard.sock, {**order, "number": self._number}, logs)
        except OSError:
            return None
        self._ordered = True
        if self._asked is not None:
            self._say(self._asked)
        while line := self._guard.lines.readline():
            if line[:1] == b"X":
                found: dict[str, Any] = json.loads(line[1:])
                return found
        return None

    def extend(self, deadline_ms: int) -> None:
        self._say(b"D", b" %d" % deadline_ms)

    def end(self, *, kill: bool) -> None:
        """Safe in a signal handler."""
        self._asked = b"K" if kill else self._asked or b"T"
        self._say(self._asked)

    def _say(self, word: bytes, rest: bytes = b"") -> None:
        if self._ordered:
            with contextlib.suppress(OSError):  # it has ended
                self._guard.sock.send(b"%b%d%b\n" % (word, self._number, rest), socket.MSG_DONTWAIT)


class Guardhouse:
    """Where guardians come from: one small server process, which forks them."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()

    def hire(self, *, anew: bool = False) -> Guard:
        """A guardian that will greet and wait for its order. `anew`: from a new server. Raises OSError."""
        with self._guard:
            if anew:
                self._stop()
            try:
                return self._hired()
            except OSError:  # the server died: its guardians live on, new ones need a new server
                self._stop()
                return self._hired()

    def close(self) -> None:
        with self._guard:
            self._stop()

    def _hired(self) -> Guard:
        if self._control is None:
            self._start()
        if self._control is None:
            raise AssertionError("started")
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [b"F"], [theirs.fileno()])
        except BaseException:
            ours.close()
            raise
        return Guard(ours)

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _SERVE, _PACKAGE],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={name: value for name, value in os.environ.items() if name.startswith(("LC_", "LANG"))},
                start_new_session=True,
            )

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            self._server.wait()
        self._control = self._server = None
