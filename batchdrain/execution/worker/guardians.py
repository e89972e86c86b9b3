"""The guardians of a worker: forked by one small server process, which is started from the zip that came along."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time

from ..guardian import hire, system, wire

_TAKES_WITHIN_S = 30
_SLICE_S = 0.5
_SLACK_S = 30.0  # beyond time limit and grace: it kills for up to 5 s, and waits for the disk
_MOST_STOPS = 3


class Guardians:
    """Of one process."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._guard = threading.Lock()

    def hire(self, package: str) -> GuardianLine:
        """A guardian that is there. `package`: what its server imports from, a zip. Raises OSError."""
        for anew in (False, True):
            with self._guard:
                if anew or self._control is None:
                    self._control = self._start(package)
                control = self._control
            with contextlib.suppress(OSError):
                return _meet(hire.call_guardian(control))
        raise OSError("no guardian could be started")

    def close_in_child(self) -> None:
        """A forked child must not keep the server's socket open."""
        if self._control is not None:
            self._control.close()

    def _start(self, package: str) -> socket.socket:
        if self._control is not None:
            self._control.close()
        ours, theirs = socket.socketpair()
        hire.limit_sends(ours, _TAKES_WITHIN_S)
        with theirs:
            server = hire.start_server(theirs, package)
        threading.Thread(target=server.wait, name="batchdrain-server", daemon=True).start()
        return ours


class GuardianLine:
    """One guardian, for one order. Its socket is written by several threads: each message is one short write."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._lines = hire.GuardianLines(sock)
        self._ordered = False  # before it has the whole order a message would be read as a part of that
        self._last: dict[bytes, bytes] = {}  # by kind
        self._is_asked = False  # to end its command
        self.pid, self.start = self._lines.read_greeting()
        if system.has_proc() and system.start_of(self.pid) != self.start:
            raise OSError("our children live in another pid or time namespace than we do")

    def watch(self, order: dict[str, object], descriptors: list[int]) -> bytes:
        """Give the order and wait for its end, as the guardian tells it. b'' where the guardian died or was killed."""
        wire.send_order(self.sock, {**order, "number": 1}, descriptors)
        self._ordered = True
        for line in list(self._last.values()):
            self._send(line)
        limit_ms = wire.boottime_ms() + round(float(str(order["timeout_s"])) * 1000)
        patience_s, stops, ending_since = float(str(order["grace_s"])) + _SLACK_S, 0, None
        while (heard := self._lines.hear(_SLICE_S)) != b"":
            if heard is not None:
                if heard[:1] == b"X":
                    return heard[1:]
                continue
            if ending_since is None and (self._is_asked or wire.boottime_ms() >= limit_ms):
                ending_since = time.monotonic()
            if system.is_stopped(self.pid, self.start):
                stops += 1
                if stops <= _MOST_STOPS:
                    os.kill(self.pid, signal.SIGCONT)
            if stops > _MOST_STOPS or (ending_since is not None and time.monotonic() - ending_since > patience_s):
                break
        if heard != b"" and system.start_of(self.pid) == self.start:
            os.kill(self.pid, signal.SIGKILL)
        return b""

    def extend(self, deadline_ms: int) -> None:
        """A later deadline, by this machine's boot time."""
        self._tell(b"D", b"D1 %d\n" % deadline_ms)

    def end(self, *, kill: bool) -> None:
        """Safe in a signal handler, but for the moment in which the order is given."""
        self._is_asked = True
        self._tell(b"K" if kill else b"T", b"K1\n" if kill else b"T1\n")

    def close(self) -> None:
        """It takes us for gone: it ends its command, if it has one, and then itself."""
        self.sock.close()

    def _tell(self, kind: bytes, line: bytes) -> None:
        self._last[kind] = line
        if self._ordered:
            self._send(line)

    def _send(self, line: bytes) -> None:
        try:
            self.sock.send(line, socket.MSG_DONTWAIT)
        except OSError:  # it has ended
            return


def _meet(sock: socket.socket) -> GuardianLine:
    """Raises OSError where no guardian is there."""
    try:
        return GuardianLine(sock)
    except OSError:
        sock.close()
        raise
