"""The files of one execution on a worker: in the session's folder if the worker sees it, else in a folder of this machine."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import stat
import tempfile
from typing import Any

from ..guardian import system
from .tidy import hold

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_RESULT_BYTES = 16 * 1024 * 1024


class Files:
    """The files for the output of one order."""

    def __init__(self, order: dict[str, Any], *, shared: bool, beside: str) -> None:
        """`beside`: the zip of the code that executes it. Raises OSError."""
        self.shared = shared
        self._cap: int = order["back_bytes"]
        self.folder = "" if shared else tempfile.mkdtemp(prefix="order-", dir=os.path.dirname(beside) or None)
        self._held = -1 if shared else hold(self.folder)
        if shared:
            self.stdout, self.stderr, self.result = order["stdout_path"], order["stderr_path"], order["result_path"]
            self.spool: str = order["spool_dir"]
        else:
            self.stdout, self.stderr, self.result = (f"{self.folder}/{name}" for name in ("stdout", "stderr", "result"))
            self.spool = ""

    def open(self) -> list[int]:
        """Open stdout and stderr, and the spool's folder if there is one; returns their descriptors. Raises OSError."""
        found: list[int] = []
        try:
            for path in (self.stdout, self.stderr):
                found.append(_open_new(path))  # noqa: PERF401 - if the second one fails, the first one has to be known
            if self.spool:
                with contextlib.suppress(FileNotFoundError):
                    found.append(_open_own(self.spool))
        except OSError:
            for fd in found:
                os.close(fd)
            self.remove()
            raise
        return found

    def pack(self) -> dict[str, Any]:
        """What goes back to the controller: nothing if it sees the files; else head and tail of the logs, and the whole result
        file."""
        if self.shared:
            return {}
        logs = {name: _ends_of(path, self._cap) for name, path in (("stdout", self.stdout), ("stderr", self.stderr))}
        if any(log["left_out"] for log in logs.values()):
            for name, path in (("stdout", self.stdout), ("stderr", self.stderr)):
                logs[name]["kept_at"] = f"{socket.gethostname()}:{path}"
        return {"logs": logs, "result": _to_text(_head_of(self.result))}

    def remove(self) -> None:
        """Remove what nobody reads any more. A log of which only a part went back stays for a while."""
        if self.folder and not any(_size_of(path) > self._cap for path in (self.stdout, self.stderr)):
            shutil.rmtree(self.folder, ignore_errors=True)
        elif self.folder:
            with contextlib.suppress(OSError):
                os.utime(self.folder)  # its age counts from the end of the order
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


def sees(landmark: str) -> bool:
    """Whether the controller sees this folder too: then the file that it put there exists."""
    return bool(landmark) and os.path.exists(landmark)


def draw(folder: str, token: str, guardian: tuple[int, int]) -> bool:
    """Draw the ticket of an order. Returns whether we are the first. Raises OSError if its folder can't be seen."""
    fd = _open_own(folder)
    try:
        ticket = os.open(token, _NEW, 0o600, dir_fd=fd)
    except FileExistsError:
        return False
    finally:
        os.close(fd)
    _write_ticket(ticket, guardian)
    return True


def note(folder: str, token: str, guardian: tuple[int, int]) -> None:
    """Note who executes the order if the engine gave out the ticket. If the folder can't be seen, this is not needed."""
    with contextlib.suppress(OSError):
        fd = _open_own(folder)
        try:
            ticket = os.open(token, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
        finally:
            os.close(fd)
        _write_ticket(ticket, guardian)


def _write_ticket(fd: int, guardian: tuple[int, int]) -> None:
    fields = {
        "host": socket.gethostname(),
        "host_id": system.host_id(),
        "drawer": [os.getpid(), system.start_of(os.getpid())],
        "guardian": list(guardian),
    }
    try:
        os.write(fd, json.dumps(fields).encode())
    finally:
        os.close(fd)


def _open_own(folder: str) -> int:
    """Open a folder. Raises OSError, also if it is another user's."""
    try:
        fd = os.open(folder, _FOLDER)
    except OSError as error:
        error.filename = folder
        raise
    if os.fstat(fd).st_uid != os.geteuid():
        os.close(fd)
        raise PermissionError(1, "is another user's", folder)
    return fd


def _open_new(path: str) -> int:
    """Create a new file, and the folder of its run if needed. Raises OSError."""
    above, name = os.path.split(path)
    with contextlib.suppress(FileExistsError):
        os.mkdir(above, 0o700)
    fd = _open_own(above)
    try:
        return os.open(name, _NEW, 0o600, dir_fd=fd)
    except OSError as error:
        error.filename = path
        raise
    finally:
        os.close(fd)


def _ends_of(path: str, cap: int) -> dict[str, Any]:
    """The head and tail of a log."""
    size = _size_of(path)
    if size <= cap:
        return {"head": _to_text(_part_of(path, 0, cap)), "tail": "", "left_out": 0}
    half = cap // 2
    return {
        "head": _to_text(_part_of(path, 0, half)),
        "tail": _to_text(_part_of(path, size - half, half)),
        "left_out": size - 2 * half,
    }


def _head_of(path: str) -> bytes:
    """The result file; a byte that is no JSON if something else is in its place."""
    if not os.path.lexists(path):
        return b""
    return _part_of(path, 0, _RESULT_BYTES + 1) if _size_of(path) >= 0 else b"\x00"


def _size_of(path: str) -> int:
    """The size in bytes; -1 if it is no regular file."""
    try:
        found = os.lstat(path)
    except OSError:
        return -1
    return found.st_size if stat.S_ISREG(found.st_mode) else -1


def _part_of(path: str, start: int, length: int) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return b""
        found = b""
        while length > 0 and (block := os.pread(fd, min(length, 1 << 20), start)):
            found += block
            start, length = start + len(block), length - len(block)
        return found
    finally:
        os.close(fd)


def _to_text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
