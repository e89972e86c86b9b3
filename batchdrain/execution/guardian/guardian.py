"""Guards one command after another, each from its order to the end of everything that descends from it.

ordered --launched--> running --exit---------------------------------------> ended
   |                     |--- timeout | T | lost lease | controller gone --> ending --grace over | K--> killed --> ended
   |--- any of these before it is launched --> ended, and nothing was executed

Whatever it is told, the command is killed once both the deadline of the lease and the grace are over.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from typing import Any, Final

from batchdrain.execution.guardian import spool_writer, system
from batchdrain.execution.guardian.descent import Descent
from batchdrain.execution.guardian.launch import Begun, Launch, NotBegunError, start
from batchdrain.execution.guardian.logs import cap
from batchdrain.execution.guardian.wire import Inbox, boottime_ms, rehearse

_SLICE_MS: Final = 500  # poll does not count time in which the machine slept, so look at the clocks this often
_KILL_WITHIN_S: Final = 5.0
_MOST_ORDERS: Final = 1_000  # then a new guardian is needed: nothing can pile up in an old one
_SPOOLED: Final = frozenset({"exit", "timeout", "not_started"})


class Guardian:
    """One command and all that descends from it, from its order to its record."""

    def __init__(
        self, sock: socket.socket, inbox: Inbox, order: dict[str, Any], descriptors: list[int], *, adopts: bool
    ) -> None:
        self.sock = sock
        self.inbox = inbox
        self.logs, more = descriptors[:2], descriptors[2:]
        self.stdin = [more.pop()] if order.get("has_stdin") else []
        self.spool = next(iter(more), None)
        self.order = {**order, "spool": self.spool}
        self.by = "exit"
        self._adopts = adopts
        self.deadline_ms: int | None = order["deadline_ms"]
        self.kill_at_ms: int | None = None
        self._grace_ms: int = round(order["grace_s"] * 1000)
        self._timeout_ms: int = boottime_ms() + round(order["timeout_s"] * 1000)
        self._descent: Descent | None = None  #: None until the command has begun
        self._command: list[int] = []  #: its pid and its start
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    def run(self, ready: Launch | None, wake: int, *, stays: bool) -> bool:
        """Execute the order. `ready`: the process that stands ready for it; `wake` becomes readable when a child ends. Returns
        whether another order may follow: if it `stays` and nothing is left of the command."""
        ending = self._execute(ready, wake)
        gone, by = bool(ending["gone"]), ending["by"]
        for descriptor in (*self.logs, *self.stdin):
            os.close(descriptor)
        ending["ended_ms"] = time.time_ns() // 1_000_000
        folder, token = self.order["spool_dir"], self.order["token"]
        if by in _SPOOLED and folder:
            left = {} if gone else {"command": self._command}
            try:
                spool_writer.write(self.spool, token, {**ending, **self.order["kept"], **left})
            except OSError as error:
                ending["spool_error"] = f"{folder}: {error.strerror}"
        elif gone and self.spool is not None:
            spool_writer.drop(self.spool, token)
        if self.spool is not None:
            os.close(self.spool)
        stays = stays and gone and by in _SPOOLED and not self.inbox.closed
        self._tell(b"X%s\n" % json.dumps({**ending, "stays": stays}).encode())
        return stays

    def _execute(self, ready: Launch | None, wake: int) -> dict[str, Any]:
        begun = time.monotonic()
        self._obey(boottime_ms())  # a message may have come along with the order
        if self._is_over():
            if ready is not None:
                ready.drop()
            return {"by": self.by, "duration_s": 0.0, "gone": True}
        order = {**self.order, "deadline_ms": self.deadline_ms}
        try:
            command = start(ready, order, [*self.logs, *self.stdin], self.sock, self._is_over)
        except NotBegunError as error:
            by = "lease" if self.kill_at_ms is None else self.by
            return {"by": by, "duration_s": time.monotonic() - begun, "gone": error.gone}
        if not isinstance(command, Begun):
            return {"by": "not_started", "errno": command[0], "message": command[1], "duration_s": 0.0, "gone": True}
        self._command = [*command]
        self._tell(b"S%d %d\n" % tuple(self._command))
        descent = self._descent = Descent(command.pid, adopts=self._adopts)
        try:
            self._watch(descent, wake)
            duration_s = time.monotonic() - begun
        finally:
            gone = descent.kill(_KILL_WITHIN_S)
            self._cap()
        return self._ending_of(descent, duration_s, gone=gone)

    def _is_over(self) -> bool:
        """Whether there is a reason to end what has not begun yet."""
        if self._poll.poll(0):
            self._listen()
        self._check_clocks(boottime_ms())
        return self.kill_at_ms is not None

    def _watch(self, descent: Descent, wake: int) -> None:
        """Wait until the command has ended, or until everything has to be killed."""
        self._poll.register(wake, select.POLLIN)
        while True:
            left = descent.reap()
            if descent.status is not None and (self.by == "exit" or not left):
                return
            now = boottime_ms()
            self._check_clocks(now)
            kill_at_ms = self._latest_kill_ms()
            if kill_at_ms is not None and now >= kill_at_ms:
                return
            self._cap()
            due = [at - now for at in (self._timeout_ms, self.deadline_ms, kill_at_ms) if at is not None and at > now]
            for descriptor, _ in self._poll.poll(min(_SLICE_MS, *due) if due else _SLICE_MS):
                if descriptor == wake:
                    os.read(wake, 4096)
                else:
                    self._listen()

    def _latest_kill_ms(self) -> int | None:
        """When to kill at the latest. If the end of the lease is noticed late, for example after the machine slept, no grace is
        left."""
        if self.kill_at_ms is None or self.deadline_ms is None:
            return self.kill_at_ms
        latest_ms = self.deadline_ms + self._grace_ms
        return min(self.kill_at_ms, latest_ms)

    def _cap(self) -> None:
        for log in self.logs:
            with contextlib.suppress(OSError):  # a log that can't be capped is no reason to abandon the command
                cap(log, self.order["log_max_bytes"])

    def _listen(self) -> None:
        self.inbox.receive()
        now = boottime_ms()
        if self.inbox.closed:
            self._poll.unregister(self.sock)
            self._end("abandoned", now)
            if self.deadline_ms is not None and self.kill_at_ms is not None:
                self.kill_at_ms = min(self.kill_at_ms, self.deadline_ms)
            return
        self._obey(now)

    def _check_clocks(self, now: int) -> None:
        if self.deadline_ms is not None and now >= self.deadline_ms:
            self._end("lease", now)
        elif now >= self._timeout_ms:
            self._end("timeout", now)

    def _obey(self, now: int) -> None:
        for line in self.inbox.read_messages():
            kind, number, *rest = line[:1], *line[1:].split()
            if int(number) != self.order["number"]:
                continue
            if kind == b"D" and self.deadline_ms is not None:
                self.deadline_ms = max(self.deadline_ms, int(rest[0]))
            elif kind == b"T":
                self._end("interrupt", now)
            elif kind == b"K":
                self.by = "interrupt" if self.kill_at_ms is None else self.by
                self.kill_at_ms = now

    def _end(self, by: str, now: int) -> None:
        """Begin to end the command. The first reason counts."""
        if self.kill_at_ms is None:
            self.by = by
            self.kill_at_ms = now + self._grace_ms
            if self._descent is not None:
                self._descent.terminate()

    def _ending_of(self, descent: Descent, duration_s: float, *, gone: bool) -> dict[str, Any]:
        status, usage = descent.status, descent.usage
        code = None if status is None else os.waitstatus_to_exitcode(status)
        return {
            "by": self.by,
            "exit_code": code if code is not None and code >= 0 else None,
            "signal": -code if code is not None and code < 0 else None,
            "duration_s": duration_s,
            "left_over": descent.met,
            "gone": gone,
            "cpu_s": None if usage is None else usage.ru_utime + usage.ru_stime,
            "max_rss_kb": None if usage is None else usage.ru_maxrss,
        }

    def _tell(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # the controller is gone, but the spool has it
            self.sock.sendall(message)


def serve(sock: socket.socket) -> None:
    """The life of one guardian."""
    os.setsid()
    adopts = system.become_subreaper()
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    sock.sendall(b"G%d %d\n" % (os.getpid(), system.start_of(os.getpid())))
    inbox, until_ms = Inbox(sock), None
    for left in reversed(range(_MOST_ORDERS)):
        ready = None
        with contextlib.suppress(OSError):  # if it still fails when the order comes, that is reported
            ready = Launch(sock)
        rehearse()
        found = inbox.read_order(until_ms)
        if found is None:
            if ready is not None:
                ready.drop()
            return
        guard = Guardian(sock, inbox, *found, adopts=adopts)
        if not guard.run(ready, reader, stays=left > 0):
            return
        until_ms = guard.deadline_ms
