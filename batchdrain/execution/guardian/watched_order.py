"""One order of a guardian, as seen by whoever hired it: it is given, extended or ended, and watched until the guardian reports its
end.

The controller and the runner on a worker use the same code.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any, Final, Protocol

from . import wire
from .hire import to_process

SLICE_S: Final = 0.5
SLACK_S: Final = 30.0  # seconds beyond time limit and grace: it kills for up to 5 s, and waits for the disk
KILLS_WITHIN_S: Final = 10.0  # seconds after it was told to kill
MOST_STOPS: Final = 3
"""A guardian that somebody stops while it watches a command is woken this often."""


class Hired(Protocol):
    """A guardian, which serves one order after another."""

    sock: socket.socket
    orders: int  #: how many orders it was given

    def hear(self, within_s: float) -> bytes | None:
        """The next line; b'' if the guardian is gone or its line is too long; None if it said nothing within `within_s` seconds."""

    def is_stopped(self) -> bool:
        """Whether somebody has stopped it. Then it neither ends its command nor hears anything."""

    def wake(self) -> None:
        """Let it go on after a stop."""

    def kill(self) -> None:
        """Kill a guardian that does not answer. Its command dies with it. Raises OSError if it lives on."""


class WatchedOrder:
    """Gives one order and watches it. Several threads write to the guardian's socket, so each message is one short write."""

    def __init__(self, guard: Hired) -> None:
        self._guard = guard
        guard.orders += 1
        self._number = guard.orders
        self._ordered = False  # a message that is sent before the whole order would be read as a part of it
        self.extended_ms = 0  #: boot time in ms: the latest deadline that it was told after its order
        self._asked: bytes | None = None
        self._asked_at: dict[bytes, float] = {}  # monotonic, in seconds
        self._late_at: float | None = None  # when the time limit was seen to be over; monotonic, in seconds
        self.process: tuple[int, int] | None = None  #: pid and start of the command, once it runs
        self.killed = False  #: the guardian was killed, because it did not answer
        self.stops = 0  #: how often somebody stopped the guardian

    @property
    def was_asked(self) -> bool:
        """Whether `end` was called."""
        return self._asked is not None

    @property
    def is_unguarded(self) -> bool:
        """Whether the guardian was stopped again and again."""
        return self.stops > MOST_STOPS

    def watch(self, order: dict[str, Any], descriptors: list[int]) -> bytes | None:
        """Give the order, and wait for the guardian's report of its end. Returns None if the guardian died, said something that no
        guardian says, or was killed because it did not answer in time. Raises OSError if it could not be killed."""
        limit_ms = wire.boottime_ms() + round(order["timeout_s"] * 1000)
        try:
            wire.send_order(self._guard.sock, {**order, "number": self._number}, descriptors)
        except OSError:
            return None
        self._ordered = True
        if self.extended_ms:
            self.extend(self.extended_ms)
        if self._asked is not None:
            self._send(self._asked)
        while (line := self._guard.hear(SLICE_S)) != b"":
            if line is None:
                self._look_after()
                if self.is_unguarded or self._is_overdue(limit_ms, order["grace_s"]):
                    break
            elif line[:1] == b"X":
                return line[1:]
            elif line[:1] == b"S":
                try:
                    self.process = to_process(line[1:])
                except ValueError:
                    break
        self.killed = line != b""
        self._guard.kill()
        return None

    def disown(self) -> None:
        """Kill the guardian, because it said something that no guardian says. Raises OSError if it could not be killed."""
        self.killed = True
        self._guard.kill()

    def extend(self, deadline_ms: int) -> None:
        """Move the deadline. `deadline_ms`: boot time; an earlier one than before is ignored. Does nothing if the guardian is
        gone."""
        self.extended_ms = max(self.extended_ms, deadline_ms)
        self._tell(b"D%d %d\n" % (self._number, deadline_ms))

    def end(self, *, kill: bool) -> None:
        """Ask the guardian to end the command, or to kill it. Safe in a signal handler."""
        kind = b"K" if kill else (self._asked or b"T")[:1]
        self._asked = b"%b%d\n" % (kind, self._number)
        self._asked_at.setdefault(kind, time.monotonic())
        self._tell(self._asked)

    def _look_after(self) -> None:
        """Wake a silent guardian if it was stopped, by its command or by hand."""
        if self._guard.is_stopped():
            self.stops += 1
            if not self.is_unguarded:
                self._guard.wake()

    def _is_overdue(self, limit_ms: int, grace_s: float) -> bool:
        """Whether a healthy guardian would have reported the end by now. After the time limit, only time in which the machine is
        awake counts: the guardian too has to wake up."""
        now, grace_s = time.monotonic(), grace_s + SLACK_S
        if self._late_at is None and wire.boottime_ms() >= limit_ms:
            self._late_at = now
        due = [] if self._late_at is None else [self._late_at + grace_s]
        due += [at + (KILLS_WITHIN_S if kind == b"K" else grace_s) for kind, at in list(self._asked_at.items())]
        return bool(due) and now >= min(due)

    def _tell(self, line: bytes) -> None:
        if self._ordered:
            self._send(line)

    def _send(self, line: bytes) -> None:
        with contextlib.suppress(OSError):  # the guardian has ended
            self._guard.sock.send(line, socket.MSG_DONTWAIT)
