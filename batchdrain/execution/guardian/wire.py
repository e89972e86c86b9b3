"""The protocol between a controller and a guardian, over one stream socket. The guardian serves one order after another.

controller -> guardian   O, 4 bytes of length, JSON: an order; with the O the descriptors of stdout and stderr, then of
                         the spool and of stdin, if there are any
                         D<number> <boottime ms>\n   a new deadline of the lease (an earlier one is ignored)
                         T<number>\n        end the command: TERM, grace, KILL
                         K<number>\n        kill it now
                         end of file        the controller is gone: like T, within the rest of the lease
guardian -> controller   G<pid> <start>\n   I am here
                         S<pid> <start>\n   the command runs
                         X<json>\n          how it ended; the spool has the same, durably

`number` is that of the order: so a message that comes too late is not taken for one about the next order.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import time
from typing import Any, Final

_ORDER: Final = b"O"
_LENGTH: Final = struct.Struct("!I")
_SLICE_MS: Final = 500
_MOST_DESCRIPTORS: Final = 4
_HEAD: Final = 1 + _LENGTH.size
_SAMPLE: Final = {
    "argv": ["-"],
    "env": {f"VARIABLE_{n}": "-" * 40 for n in range(32)},
    "cwd": "/",
    "timeout_s": 0.5,
    "spool": None,
}


def boottime_ms() -> int:
    """Milliseconds since the machine started, including time in which it slept."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000_000


def send_order(sock: socket.socket, order: dict[str, Any], descriptors: list[int]) -> None:
    """Send an order. `descriptors`: stdout and stderr, then the spool's folder and stdin, if there are any. Raises OSError if the
    guardian is gone, or does not read it in time."""
    raw = json.dumps(order).encode()
    whole = memoryview(_ORDER + _LENGTH.pack(len(raw)) + raw)
    sent = socket.send_fds(sock, [whole], descriptors)  # all in one, so that whoever reads it wakes up once
    if sent < len(whole):
        sock.sendall(whole[sent:])


def rehearse() -> None:
    """Send and receive an order that nobody executes. After a fork, memory is copied page by page when it is written to, and the
    first real order would have to wait for that. If the rehearsal fails, the real order waits."""
    with contextlib.suppress(OSError):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            send_order(theirs, _SAMPLE, [theirs.fileno()])
            _, descriptors = Inbox(ours).read_order() or ({}, [])
        for descriptor in descriptors:
            os.close(descriptor)


class Inbox:
    """What the controller has sent and the guardian has not read yet."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._unread = b""
        self._descriptors: list[int] = []
        self.closed = False  #: the controller is gone

    def receive(self) -> None:
        """Wait for more."""
        try:
            heard, descriptors, _, _ = socket.recv_fds(self._sock, 1 << 16, _MOST_DESCRIPTORS)
        except ConnectionError:
            heard, descriptors = b"", []
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # received descriptors would be inherited: a command gets only its own
        self._unread += heard
        self._descriptors += descriptors
        self.closed = self.closed or not heard

    def read_messages(self) -> list[bytes]:
        """Take the complete messages."""
        *lines, self._unread = self._unread.split(b"\n")
        return lines

    def read_order(self, until_ms: int | None = None) -> tuple[dict[str, Any], list[int]] | None:
        """Wait for the next order; messages before it came too late and are dropped. Returns None if the controller is gone, or
        sends none until `until_ms` (boot time): a controller that was stopped leaves no guardians behind."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        while True:
            while self._unread and self._unread[:1] != _ORDER and b"\n" in self._unread:
                self._unread = self._unread.partition(b"\n")[2]
            if self._unread[:1] == _ORDER and len(self._unread) >= _HEAD:
                end = _HEAD + _LENGTH.unpack(self._unread[1:_HEAD])[0]
                if len(self._unread) >= end:
                    raw, self._unread = self._unread[_HEAD:end], self._unread[end:]
                    descriptors, self._descriptors = self._descriptors, []
                    return json.loads(raw), descriptors
            if self.closed:
                return None
            while until_ms is not None and not poll.poll(_SLICE_MS):  # poll counts no time in which the machine slept
                if boottime_ms() >= until_ms:
                    return None
            self.receive()
