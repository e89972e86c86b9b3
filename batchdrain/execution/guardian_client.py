"""The controller's side of its guardians: hired before the claim, given an order, told to go on or to end it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import psutil

from batchdrain.execution import process_identity
from batchdrain.execution.guardian import wire
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id

_PACKAGE: Final = str(Path(__file__).parents[2])
_SERVE: Final = "import sys; sys.path.insert(0, sys.argv[1]); from batchdrain.execution.guardian.server import main; main()"
_IN_COMMAND_LINE: Final = "guardian.server"
"""In the command line of each guardian, wherever its package stood when it was started."""
_GREETS_WITHIN_S: Final = 10.0
_TAKES_WITHIN_S: Final = 30
_SLICE_MS: Final = 500
_SLACK_S: Final = 30.0  # beyond time limit and grace: it kills for up to 5 s, and waits for the disk
_KILLS_WITHIN_S: Final = 10.0  # once it was told to


class GuardianClient:
    """One guardian, which serves one order after another."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        # One that is stopped takes no order: a send that waits for it must end.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _TAKES_WITHIN_S, 0))
        self._unread = b""
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
        greeting = self.hear(round(_GREETS_WITHIN_S * 1000))
        if greeting is None or greeting[:1] != b"G":
            raise OSError("the guardian did not start")
        self.identity = _to_identity(greeting)

    def hear(self, within_ms: int) -> bytes | None:
        """The next line that it says; b'' when it is gone, None when it said nothing in time."""
        watch = select.poll()
        watch.register(self.sock, select.POLLIN)
        while b"\n" not in self._unread:
            if not watch.poll(within_ms):
                return None
            try:
                heard = self.sock.recv(1 << 12)
            except ConnectionError:
                heard = b""
            if not heard:
                return b""
            self._unread += heard
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def kill(self) -> None:
        """It does not answer. Its command dies with it."""
        if self.identity is not None:
            process_identity.kill(self.identity)
            process_identity.await_end(self.identity, _KILLS_WITHIN_S)

    def close(self) -> None:
        """The guardian takes us for gone: it ends its command, if it has one, and then itself."""
        self.sock.close()


def is_guardian_alive(guardian: ProcessIdentity) -> bool | None:
    """Whether the guardian that a claim names lives; None when we can't tell.

    The ledger may name anything: a process that is no guardian is as good as a dead one, and nobody may touch it.
    """
    alive = process_identity.is_alive(guardian)
    if not alive:
        return alive
    try:
        return any(_IN_COMMAND_LINE in argument for argument in psutil.Process(guardian.pid).cmdline())
    except psutil.AccessDenied:
        return None
    except psutil.Error:  # it ended meanwhile
        return False


def _to_identity(line: bytes) -> ProcessIdentity:
    pid, start = line[1:].split()
    return ProcessIdentity(read_host_id(), int(pid), int(start))


class GuardianOrder:
    """One order of a guardian. Its socket is written by several threads: each message is one short write."""

    def __init__(self, guard: GuardianClient) -> None:
        self._guard = guard
        guard.orders += 1
        self._number = guard.orders
        self._ordered = False  # before it has the whole order a message would be read as a part of that
        self._asked: bytes | None = None
        self._asked_at: dict[bytes, float] = {}  # monotonic
        self._late_at: float | None = None  # when the time limit was seen to be over, monotonic
        self.command: ProcessIdentity | None = None  #: once it runs
        self.killed = False  #: its guardian was, as it did not answer

    @property
    def was_asked(self) -> bool:
        """Whether `end` was called."""
        return self._asked is not None

    def execute(self, order: dict[str, Any], logs: list[int]) -> dict[str, Any] | None:
        """Give the order and wait for its end. None when the guardian died, or was killed as it did not answer in time."""
        limit_ms = wire.boottime_ms() + round(order["timeout_s"] * 1000)
        try:
            wire.send_order(self._guard.sock, {**order, "number": self._number}, logs)
        except OSError:
            return None
        self._ordered = True
        if self._asked is not None:
            self._send(self._asked)
        while (line := self._guard.hear(_SLICE_MS)) != b"":
            if line is None:
                if self._is_overdue(limit_ms, order["grace_s"]):
                    self.killed = True
                    self._guard.kill()
                    return None
            elif line[:1] == b"S":
                self.command = _to_identity(line)
            elif line[:1] == b"X":
                found: dict[str, Any] = json.loads(line[1:])
                return found
        return None

    def extend(self, deadline_ms: int) -> None:
        """`deadline_ms`: boot time. Nothing where the guardian is gone, or has not its whole order yet."""
        self._send(b"D", b" %d" % deadline_ms)

    def end(self, *, kill: bool) -> None:
        """Safe in a signal handler."""
        self._asked = b"K" if kill else self._asked or b"T"
        self._asked_at.setdefault(self._asked, time.monotonic())
        self._send(self._asked)

    def _is_overdue(self, limit_ms: int, grace_s: float) -> bool:
        """Whether a guardian that is well would have told of the end by now. Once the time limit is over, only time that the
        machine is awake counts: after its sleep the guardian has to wake up too."""
        now, grace_s = time.monotonic(), grace_s + _SLACK_S
        if self._late_at is None and wire.boottime_ms() >= limit_ms:
            self._late_at = now
        due = [] if self._late_at is None else [self._late_at + grace_s]
        due += [at + (_KILLS_WITHIN_S if kind == b"K" else grace_s) for kind, at in list(self._asked_at.items())]
        return bool(due) and now >= min(due)

    def _send(self, kind: bytes, rest: bytes = b"") -> None:
        if self._ordered:
            with contextlib.suppress(OSError):  # it has ended
                self._guard.sock.send(b"%b%d%b\n" % (kind, self._number, rest), socket.MSG_DONTWAIT)


class GuardianServer:
    """Where guardians come from: one small server process, which forks them."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()

    def hire(self, *, anew: bool = False) -> GuardianClient:
        """A guardian that will greet and wait for its order. `anew`: from a new server. Raises OSError."""
        with self._guard:
            if anew:
                self._stop()
            try:
                return self._hire_once()
            except OSError:  # the server died: its guardians live on, new ones need a new server
                self._stop()
                return self._hire_once()

    def close(self) -> None:
        """Ends the server and waits for that. Guardians that it forked live on."""
        with self._guard:
            self._stop()

    def _hire_once(self) -> GuardianClient:
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
        return GuardianClient(ours)

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
