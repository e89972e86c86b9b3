"""The controller's side of its guardians: hired before the claim, given an order, told to go on or to end it."""

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
"""In the command line of each guardian, wherever its package stood when it was started."""


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

    def hear(self, within_s: float) -> bytes | None:
        """The next line that it says; b'' when it is gone, or says what no guardian does; None when it said nothing in time."""
        return self._lines.hear(within_s)

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
            if not self._held.await_end(KILLS_WITHIN_S):
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


class GuardianOrder(WatchedOrder):
    """One order of a guardian of this machine."""

    @property
    def command(self) -> ProcessIdentity | None:
        """Once it runs."""
        return None if self.process is None else ProcessIdentity(read_host_id(), *self.process)

    def execute(self, order: dict[str, Any], logs: list[int]) -> GuardianReport | None:
        """Give the order and wait for its end. None when the guardian died, said what no guardian says, or was killed as it
        did not answer in time. Raises NotEndedError where it could not be killed."""
        told = self.watch(order, logs)
        if told is None:
            return None
        try:
            return GuardianReport.of(object_of(told))
        except ValueError:
            self.disown()
            return None
