"""A worker of the tests' own cluster: a Python of its own, in a folder of its own, with the standard library and nothing else.

While a file `cut` is in its folder it neither hears nor answers anybody: its network is gone. What it executes runs on.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import socket
import struct
import sys
import threading
import time
import types
from typing import Any


class Line:
    """Frames of pickles over one socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._guard = threading.Lock()

    def send(self, *frame: Any) -> None:
        raw = pickle.dumps(frame)
        with self._guard:
            self._sock.sendall(struct.pack("!I", len(raw)) + raw)

    def receive(self) -> Any:
        return pickle.loads(self._read(struct.unpack("!I", self._read(4))[0]))

    def _read(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            block = self._sock.recv(count - len(found))
            if not block:
                raise EOFError
            found += block
        return found


def main() -> None:
    if importlib.util.find_spec("batchdrain") is not None:
        raise SystemExit("a worker is to have no batchdrain")
    line = Line(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
    waits: dict[str, Any] = {}
    fleet: Any = sys.modules.setdefault("_fleet", types.ModuleType("_fleet"))

    def first(token: str) -> bool:
        told = threading.Event()
        waits[token] = told
        line.send("first", token)
        told.wait()
        return bool(waits.pop(token))

    def work(kind: str, number: int, raw: bytes) -> None:
        call, message = pickle.loads(raw)
        answer = call(message)
        while os.path.exists("cut"):  # noqa: PTH110 - as any worker
            time.sleep(0.01)
        line.send(kind, number, answer)

    fleet.first = first
    line.send("here", os.getpid(), os.getcwd())  # noqa: PTH109 - as any worker
    while True:
        try:
            kind, key, value = line.receive()
        except (EOFError, OSError):
            threading.Event().wait()  # the scheduler is gone: what runs here runs on
        while os.path.exists("cut"):  # noqa: PTH110 - as any worker
            time.sleep(0.01)
        if kind == "first":
            told, waits[key] = waits[key], value
            told.set()
        else:
            threading.Thread(target=work, args=(kind, key, value), daemon=True).start()


if __name__ == "__main__":
    main()
