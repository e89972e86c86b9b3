"""The controller's side of its guardians: hired before the claim, given an order, told to go on or to end it."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import time
from typing import Any, Final

from batchdrain.execution import process_identity
from batchdrain.execution.guardian import wire
from batchdrain.execution.guardian.hire import GuardianLines
from batchdrain.execution.guardian_report import GuardianReport, numbers_of, object_of
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id
from batchdrain.execution.process_tree import ProcessHandles
from batchdrain.runtime.forks import keep_socket_from_children

_IN_COMMAND_LINE: Final = "guardian.server"
"""In the command line of each guardian, wherever its package stood when it was started."""
_SLICE_MS: Final = 500
_SLACK_S: Final = 30.0  # beyond time limit and grace: it kills for up to 5 s, and waits for the disk
_KILLS_WITHIN_S: Final = 10.0  # once it was told to
_MOST_STOPS: Final = 3
"""So often a guardian is woken that somebody stopped while it watches a command."""


class NotEndedError(OSError):
    """What is to be dead lives on: nobody may execute the phase now."""


class GuardianClient:
    """One guardian, which serves one order after another."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        keep_socket_from_children(sock)
        self._lines = GuardianLines(sock)
        self.identity: ProcessIdentity | None = None  #: once it has greeted
        self._held: ProcessHandles | None = None  #: likewise
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
        identity = ProcessIdentity(read_host_id(), *self._lines.read_greeting())
        if process_identity.has_proc() and process_identity.start_of(identity.pid) != identity.start:
            raise OSError("our children live in another pid or time namespace than we do: start batchdrain in theirs")
        self._held = ProcessHandles([identity.pid])
        self.identity = identity

    def hear(self, within_ms: int) -> bytes | None:
        """The next line that it says; b'' when it is gone, or says what no guardian does; None when it said nothing in time."""
        return self._lines.hear(within_ms / 1000)

    def is_stopped(self) -> bool:
        """Whether somebody stopped it: then it neither ends its command nor hears of anything."""
        it = self.identity
        fields = [] if it is None else process_identity.stat_of(it.pid)
        return bool(fields) and fields[0] == b"T" and it is not None and int(fields[19]) == it.start

    def wake(self) -> None:
        """Let it go on after a stop."""
        if self._held is not None:
            self._held.send(signal.SIGCONT)

    def kill(self) -> None:
        """It does not answer. Its command dies with it. Raises NotEndedError where it lives on."""
        if self._held is not None:
            self._held.send(signal.SIGKILL)
            if not self._held.await_end(_KILLS_WITHIN_S):
                raise NotEndedError("the guardian of the command can't be killed")

    def close(self) -> None:
        """The guardian takes us for gone: it ends its command, if it has one, and then itself."""
        self.sock.close()
        if self._held is not None:
            self._held.send(signal.SIGCONT)
            self._held.close()
            self._held = None


def is_guardian_alive(guardian: ProcessIdentity) -> bool | None:
    """Whether the guardian that a claim names lives; None when we can't tell.

    The ledger may name anything: a process that is no guardian is as good as a dead one, and nobody may touch it.
    """
    alive = process_identity.is_alive(guardian)
    if alive is False or not process_identity.is_here(guardian.host_id) or process_identity.start_of(guardian.pid) is None:
        return alive
    import psutil  # heavy, and only recovery asks

    try:
        named = any(_IN_COMMAND_LINE in argument for argument in psutil.Process(guardian.pid).cmdline())
    except psutil.AccessDenied:
        return None
    except psutil.Error:  # it ended meanwhile
        return False
    return alive if named else False


def _to_identity(line: bytes) -> ProcessIdentity:
    """Raises ValueError."""
    return ProcessIdentity(read_host_id(), *numbers_of(line[1:]))


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
        self.stops = 0  #: how often somebody stopped its guardian

    @property
    def was_asked(self) -> bool:
        """Whether `end` was called."""
        return self._asked is not None

    @property
    def is_unguarded(self) -> bool:
        """Whether its guardian was stopped again and again."""
        return self.stops > _MOST_STOPS

    def execute(self, order: dict[str, Any], logs: list[int]) -> GuardianReport | None:
        """Give the order and wait for its end. None when the guardian died, said what no guardian says, or was killed as it
        did not answer in time. Raises NotEndedError where it could not be killed."""
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
                self._look_after()
                if self.is_unguarded or self._is_overdue(limit_ms, order["grace_s"]):
                    break
                continue
            try:
                if line[:1] == b"S":
                    self.command = _to_identity(line)
                elif line[:1] == b"X":
                    return GuardianReport.of(object_of(line[1:]))
            except ValueError:
                break
        self.killed = line != b""
        self._guard.kill()
        return None

    def _look_after(self) -> None:
        """A guardian that says nothing may have been stopped: by its command, or by somebody by hand."""
        if self._guard.is_stopped():
            self.stops += 1
            if not self.is_unguarded:
                self._guard.wake()

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
