"""The function that an engine is given to call. This file travels as text: however the function is pickled, a worker makes it anew
from that text, using only Python's own names. It imports nothing of batchdrain, as a worker has nothing of it yet."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import socket
import stat
import sys
import tempfile
import threading
import time
import types
from typing import Any

REGISTRY = "_batchdrain_workers"
"""The module that holds the runners of a process."""
_DAY_S = 86_400.0
MAKE = "(__import__('sys').modules.get(known_as) or exec(source, globals()) or remember(known_as)).Call(source, blob, first)"
"""What a worker evaluates, with the values from a pickle. The text is executed only once in a process, because that takes as long
as a small command."""


class Call:
    """`call(message: bytes) -> bytes`. It hands the message to the runner, which it brings along."""

    def __init__(self, source: str, blob: bytes, first: Any) -> None:
        """`blob`: a zip of the runner and the guardian; `first`: the engine's own tickets, or None."""
        self.source, self.blob, self.first = source, blob, first
        self.known_as = f"_batchdrain_{hashlib.sha256(source.encode()).hexdigest()[:24]}"
        self.name = f"_batchdrain_{hashlib.sha256(blob).hexdigest()[:24]}"

    def __reduce__(self) -> Any:
        held = {"known_as": self.known_as, "source": self.source, "blob": self.blob, "first": self.first}
        return eval, (MAKE, held)

    def __call__(self, message: bytes) -> bytes:
        try:
            runner = self.load()
        except OSError as error:
            why = f"{socket.gethostname()}: {error.strerror or error}: {error.filename or tempfile.gettempdir()}"
            return json.dumps({"v": 1, "kind": "not_taken", "message": why}).encode()
        found: bytes = runner.answer(message, self.first)
        return found

    def load(self) -> Any:
        """The runner of this process. Raises OSError if its zip can't be stored anywhere."""
        registry = sys.modules.setdefault(REGISTRY, _new_registry())
        with registry.guard:  # of two threads that import at once, one would see half a module
            runner: Any = registry.runners.get(self.name)
            path = self._unpack()
            if runner is None:
                package = types.ModuleType(self.name)
                package.__path__ = [f"{path}/batchdrain"]
                sys.modules[self.name] = package
                runner = importlib.import_module(f"{self.name}.execution.worker.runner")
                registry.runners[self.name] = runner
            runner.ZIP = path  # a cleaner of temporary folders may have removed it meanwhile
            return runner

    def _unpack(self) -> str:
        """Store the zip, once for each content, in a folder that nobody else may write to. Returns its path. Raises OSError."""
        folder = os.path.join(tempfile.gettempdir(), f"batchdrain-{os.getuid()}")
        path = os.path.join(folder, f"{self.name}.zip")
        os.makedirs(folder, 0o700, exist_ok=True)
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise PermissionError(1, "can be written by other users", folder)
        try:
            if time.time() - os.stat(path).st_mtime > _DAY_S:
                os.utime(path)  # tidy.py removes what was not used for a week
        except FileNotFoundError:
            fd, fresh = tempfile.mkstemp(dir=folder)
            with os.fdopen(fd, "wb") as file:
                file.write(self.blob)
            os.replace(fresh, path)  # others see the whole file or none
        return path


def remember(name: str) -> Any:
    """Keep what this text defines, for the next order that comes to this process."""
    module: Any = types.ModuleType(name)
    module.Call = Call
    return sys.modules.setdefault(name, module)


def _new_registry() -> Any:
    """A module that holds the runners of this process, by name."""
    registry = types.ModuleType(REGISTRY)
    registry.guard, registry.runners = threading.Lock(), {}  # type: ignore[attr-defined]
    return registry
