"""The guardians of a worker. One small server process forks them; it is started from the zip that came with an order."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading

from ..guardian import hire, system, wire

_TAKES_WITHIN_S = 30
_MOST_SPARE = 64
_SOON_MS = 20_000  # a scheduler may take so long to give the ticket: what is drawn must find it there


class Guardians:
    """The guardians of one process."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._guard = threading.Lock()
        self._spare: list[GuardianLine] = []
        self._at_work: set[GuardianLine] = set()

    def hire(self, package: str) -> GuardianLine:
        """Get a guardian that is there. `package`: where its server imports from, a zip. Raises OSError."""
        found = self._hire_spare() or self._hire_new(package)
        found.stays_until_ms = None  # until it has reported the end of another order
        self._at_work.add(found)
        return found

    def give_back(self, line: GuardianLine) -> None:
        """Give back a guardian. One that takes another order is kept for a while: it costs two forks less than a new one."""
        self._at_work.discard(line)
        if line.stays_until_ms is not None and len(self._spare) < _MOST_SPARE:
            self._spare.append(line)
        else:
            line.close()

    def close_in_child(self) -> None:
        """Close our sockets in a forked child, which must not keep them open."""
        if self._control is not None:
            self._control.close()
        for line in (*self._at_work, *self._spare):
            line.close()

    def _hire_spare(self) -> GuardianLine | None:
        while (spare := self._take_spare()) is not None:
            if spare.is_there():
                return spare
            spare.close()
        return None

    def _hire_new(self, package: str) -> GuardianLine:
        for anew in (False, True):
            with self._guard:
                if anew or self._control is None:
                    self._control = self._start(package)
                control = self._control
            with contextlib.suppress(OSError):
                return _meet(hire.call_guardian(control))
        raise OSError("no guardian could be started")

    def _take_spare(self) -> GuardianLine | None:
        try:
            return self._spare.pop()
        except IndexError:  # a check in advance would not help: another thread may take the last one in between
            return None

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
    """One guardian, which serves one order after another."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._lines = hire.GuardianLines(sock)
        self.orders = 0
        self.stays_until_ms: int | None = None  #: boot time until which it waits for another order; None: it takes no other
        self.pid, self.start = self._lines.read_greeting()
        if system.has_proc() and system.start_of(self.pid) != self.start:
            raise OSError("child processes live in another pid or time namespace than this process")

    def is_there(self) -> bool:
        """Whether it waits for an order, and still will when that comes."""
        if self.stays_until_ms is None or wire.boottime_ms() >= self.stays_until_ms - _SOON_MS:
            return False
        watch = select.poll()
        watch.register(self.sock, select.POLLIN)
        return not watch.poll(0)  # between two orders it is readable only if it is gone

    def hear(self, within_s: float) -> bytes | None:
        """The next line; b'' if the guardian is gone or its line is too long; None if it said nothing within `within_s` seconds."""
        return self._lines.hear(within_s)

    def is_stopped(self) -> bool:
        """Whether somebody has stopped it."""
        return system.is_stopped(self.pid, self.start)

    def wake(self) -> None:
        """Let it go on after a stop."""
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """Kill a guardian that does not answer. Its command dies with it."""
        self._send(signal.SIGKILL)

    def close(self) -> None:
        """Close the connection. The guardian then ends its command, if it has one, and itself."""
        self.sock.close()

    def _send(self, number: signal.Signals) -> None:
        if system.start_of(self.pid) == self.start:
            with contextlib.suppress(OSError):
                os.kill(self.pid, number)


def _meet(sock: socket.socket) -> GuardianLine:
    """Read its greeting. Raises OSError if no guardian is there."""
    try:
        return GuardianLine(sock)
    except OSError:
        sock.close()
        raise
