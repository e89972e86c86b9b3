"""Executes a command under a guardian. The controller's threads only wait for what the guardian reports.

Output goes to files, never through pipes: so a grandchild that keeps them open can't make us wait, and bytes stay bytes.
"""

from __future__ import annotations

import contextlib
import os
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final

from batchdrain.execution import orphans, spool_reader
from batchdrain.execution.guardian_client import GuardianClient, GuardianOrder, NotEndedError
from batchdrain.execution.guardian_report import GuardianReport
from batchdrain.execution.guardian_server import GuardianServer
from batchdrain.execution.order import EndedBy, Ending, Order
from batchdrain.execution.order_files import create_files, open_files
from batchdrain.execution.orphans import Orphans
from batchdrain.execution.spool_reader import ending_of
from batchdrain.runtime.text import count_times

_SWEEP_S: Final = 5.0


class GuardianPool:
    """The guardians that watch something, by token, and those that are free."""

    def __init__(self) -> None:
        self._server = GuardianServer()
        self._spare: list[GuardianClient] = []
        self._assigned: dict[str, GuardianClient] = {}
        self._orders: dict[str, GuardianOrder] = {}
        self._ending: bool | None = None  #: None: go on; False: end; True: kill

    def hire(self) -> GuardianClient:
        """Get a guardian that is there. Raises OSError."""
        while (guard := self._take_spare()) is not None:
            with contextlib.suppress(OSError):
                if guard.is_there():
                    guard.greet()
                    return guard
            guard.close()
        guard = self._server.hire()
        try:
            guard.greet()
        except OSError:
            guard.close()
            guard = self._server.hire(anew=True)
            guard.greet()
        return guard

    def prepare(self) -> None:
        """Call for a guardian in advance, while there is nothing else to do: that costs as much as a small command."""
        if not self._spare:
            with contextlib.suppress(OSError):  # whoever needs one reports it
                self._spare.append(self._server.hire())

    def keep(self, guard: GuardianClient) -> None:
        """Keep a guardian that is free, for whoever hires next."""
        self._spare.append(guard)

    def assign(self, guard: GuardianClient, token: str) -> None:
        """Assign this guardian to the order with this token."""
        self._assigned[token] = guard

    def execute(self, order: Order) -> Ending:
        """Run the command to its end, to its time limit, or until it is ended. Never raises because of what the command does."""
        try:
            logs = open_files(order)
        except OSError as error:
            # No errno: the program was not looked for yet, and is not what is wrong.
            return Ending(by=EndedBy.NOT_STARTED, message=f"{error.strerror}: {error.filename}")
        try:
            guard = self._assigned.pop(order.token, None) or self.hire()
        except OSError as error:
            return Ending(by=EndedBy.NOT_STARTED, message=error.strerror or str(error), errno=error.errno)
        else:
            if guard.is_there():
                return self._watch(guard, order, logs)
            guard.close()  # no other guardian may replace it: the claim names this one, and recovery looks only for it
            return Ending(by=EndedBy.LOST, message="the guardian of the command was gone before it began")
        finally:
            for log in logs:
                os.close(log)

    def _take_spare(self) -> GuardianClient | None:
        try:
            return self._spare.pop()
        except IndexError:  # a check in advance would not help: another thread may take the last one in between
            return None

    def extend(self, token: str, deadline_ms: int) -> None:
        """Extend the lease of the command with this token. `deadline_ms`: boot time."""
        guardian_order = self._orders.get(token)
        if guardian_order is not None:
            guardian_order.extend(deadline_ms)

    def end(self, token: str) -> None:
        """Kill the command with this token, because its claim is no longer ours."""
        guardian_order = self._orders.get(token)
        if guardian_order is not None:
            guardian_order.end(kill=True)

    def interrupt(self, *, kill: bool = False) -> None:
        """End every command, including those that begin later. Safe in a signal handler."""
        self._ending = kill or bool(self._ending)
        for guardian_order in list(self._orders.values()):
            guardian_order.end(kill=self._ending)

    def close(self) -> None:
        """Send away the guardians without an order, and end their server."""
        for guard in (*self._spare, *self._assigned.values()):
            guard.close()
        self._server.close()

    def _watch(self, guard: GuardianClient, order: Order, logs: list[int]) -> Ending:
        guardian_order = self._orders[order.token] = GuardianOrder(guard)
        report: GuardianReport | None = None
        try:
            if self._ending is not None:
                return Ending(by=EndedBy.INTERRUPT)
            report = guardian_order.execute(_to_message(order), logs)
        finally:
            self._orders.pop(order.token, None)
            if report is not None and report.stays:
                self.keep(guard)
            else:
                guard.close()
        if report is None:
            return _ending_without_report(order, guardian_order)
        if not report.gone:
            _end_rest(order, guardian_order)
        ending, stops = ending_of(report, order.files), guardian_order.stops
        return replace(ending, guardian_stops=stops) if stops else ending


def _ending_without_report(order: Order, guardian_order: GuardianOrder) -> Ending:
    """The ending after the guardian was lost. PR_SET_PDEATHSIG has ended the command itself; the rest of its tree is found by its
    token and session. Raises NotEndedError if anything of it lives on."""
    left = _end_rest(order, guardian_order)
    by, message = EndedBy.LOST, "the guardian of the command died"
    if guardian_order.is_unguarded:
        by = EndedBy.UNGUARDED
        message = f"its guardian was stopped {count_times(guardian_order.stops)}, by it or by hand, so both were killed"
    elif guardian_order.killed:
        by = EndedBy.INTERRUPT if guardian_order.was_asked else EndedBy.LOST
        message = "the guardian of the command did not answer and was killed"
    return Ending(by=by, left_over=left.met, message=message, guardian_stops=guardian_order.stops)


POOL: ContextVar[GuardianPool | None] = ContextVar("POOL", default=None)
"""The guardians of the engine to which this thread belongs."""
_own: dict[int, GuardianPool] = {}


def execute(order: Order) -> Ending:
    """Execute an order. This is what our own engine runs in its threads."""
    return (POOL.get() or own_pool()).execute(order)


def own_pool() -> GuardianPool:
    """The guardians of this process, for threads that belong to no engine of ours."""
    return _own.setdefault(os.getpid(), GuardianPool())


def withdraw(order: Order) -> bool:
    """Withdraw an order by creating its first file: whoever comes to it later finds the file, and does not begin. This also works
    for an engine elsewhere that has the same files. False if the order may have begun, or may still begin."""
    try:
        [created] = create_files(order.stdout_path)
        os.close(created)
    except OSError:
        return False
    return True


def _end_rest(order: Order, guardian_order: GuardianOrder) -> Orphans:
    """End what the guardian could not end. Raises NotEndedError if anything of it lives on: nobody may execute the phase then."""
    command = guardian_order.command or spool_reader.command_of(order.spool_dir, order.token)
    left = orphans.end(order.token, command, within_s=_SWEEP_S)
    if left.alive:
        raise NotEndedError("what the command left behind can't be killed")
    return left


def _to_message(order: Order) -> dict[str, Any]:
    without = {_to_latin1(name) for name in order.without}
    env = {name.decode("latin-1"): value.decode("latin-1") for name, value in os.environb.items()}
    env |= {_to_latin1(name): _to_latin1(value) for name, value in order.env.items()}
    return {
        "token": order.token,
        "argv": [_to_latin1(item) for item in order.argv],
        "env": {name: value for name, value in env.items() if name not in without},
        "cwd": _to_latin1(order.cwd),
        "timeout_s": order.timeout_s,
        "grace_s": order.grace_s,
        "deadline_ms": order.deadline_ms,
        "spool_dir": order.spool_dir,
        "log_max_bytes": order.log_max_bytes,
        "has_stdin": bool(order.stdin_path),
        "kept": {
            "limit_s": order.timeout_s,
            "limit_rule": order.limit_rule,
            "stdout_path": order.stdout_path,
            "stderr_path": order.stderr_path,
            "result_path": order.result_path,
        },
    }


def _to_latin1(text: str) -> str:
    """The UTF-8 bytes as latin-1, whatever the locale: ids come from a database, not from the terminal."""
    return text.encode(errors="surrogateescape").decode("latin-1")
