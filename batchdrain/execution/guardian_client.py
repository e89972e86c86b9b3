"""The controller's side of a guardian: it is hired before the claim, given an order, and told to go on or to end the command."""

from __future__ import annotations

import select
import signal
import socket
from typing import Any, Final

from batchdrain.execution import process_identity
from batchdrain.execution.guardian.hire import GuardianLines
from batchdrain.execution.guardian.watched_order import KILLS_WITHIN_S, WatchedOrder
from batchdrain.execution.guardian_report import GuardianReport, object_of
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id
from batchdrain.execution.process_tree import ProcessHandles
from batchdrain.runtime.forks import keep_socket_from_children

_IN_COMMAND_LINE: Final = "guardian.server"
"""A part of the command line of every guardian, wherever its package was when it was started."""


class NotEndedError(OSError):
    """A process that has to be dead lives on: nobody may execute the phase now."""


class GuardianClient:
    """One guardian, which serves one order after another."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        keep_socket_from_children(sock)
        self._lines = GuardianLines(sock)
        self.identity: ProcessIdentity | None = None  #: None until it has greeted
        self._held: ProcessHandles | None = None  #: None until it has greeted
        self.orders = 0

    def is_there(self) -> bool:
        """Whether it waits for an order, or will once it has greeted."""
        watch = select.poll()
        watch.register(self.sock, select.POLLIN)
        return self.identity is None or not watch.poll(0)  # between two orders it is readable only if it is gone

    def greet(self) -> None:
        """Wait until it is there. Raises OSError if it did not start."""
        if self.identity is not None:
            return
        identity = ProcessIdentity(read_host_id(), *self._lines.read_greeting())
        if process_identity.has_proc() and process_identity.start_of(identity.pid) != identity.start:
            raise OSError(
                "child processes live in another pid or time namespace than this process: start batchdrain in theirs"
            )
        self._held = ProcessHandles([identity.pid])
        self.identity = identity

    def hear(self, within_s: float) -> bytes | None:
        """The next line; b'' if the guardian is gone or its line is too long; None if it said nothing within `within_s` seconds."""
        return self._lines.hear(within_s)

    def is_stopped(self) -> bool:
        """Whether somebody has stopped it. Then it neither ends its command nor hears anything."""
        it = self.identity
        fields = [] if it is None else process_identity.stat_of(it.pid)
        return bool(fields) and fields[0] == b"T" and it is not None and int(fields[19]) == it.start

    def wake(self) -> None:
        """Let it go on after a stop."""
        if self._held is not None:
            self._held.send(signal.SIGCONT)

    def kill(self) -> None:
        """Kill a guardian that does not answer. Its command dies with it. Raises NotEndedError if it lives on."""
        if self._held is not None:
            self._held.send(signal.SIGKILL)
            if not self._held.await_end(KILLS_WITHIN_S):
                raise NotEndedError("the guardian of the command can't be killed")

    def close(self) -> None:
        """Close the connection. The guardian then ends its command, if it has one, and itself."""
        self.sock.close()
        if self._held is not None:
            self._held.send(signal.SIGCONT)
            self._held.close()
            self._held = None


def is_guardian_alive(guardian: ProcessIdentity) -> bool | None:
    """Whether the guardian that a claim names lives; None if that can't be told.

    The ledger may name any process: one that is no guardian counts as a dead one, and must not be touched.
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


class GuardianOrder(WatchedOrder):
    """One order of a guardian of this machine."""

    @property
    def command(self) -> ProcessIdentity | None:
        """The process of the command; None until it runs."""
        return None if self.process is None else ProcessIdentity(read_host_id(), *self.process)

    def execute(self, order: dict[str, Any], logs: list[int]) -> GuardianReport | None:
        """Give the order and wait for its end. Returns None if the guardian died, said something that no guardian says, or was
        killed because it did not answer in time. Raises NotEndedError if it could not be killed."""
        told = self.watch(order, logs)
        if told is None:
            return None
        try:
            return GuardianReport.of(object_of(told))
        except ValueError:
            self.disown()
            return None
