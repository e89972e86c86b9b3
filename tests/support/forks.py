"""`inv` as a process of its own that has its imports behind it: forked from an interpreter that stands ready.

The imports cost most of what a short task takes.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_DRIVERS: Final = ("psycopg", "pymysql", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.mysql.pymysql")
_ENDS_WITHIN_S: Final = 100.0
_ORDER_BYTES: Final = 1 << 18
_WORD_BYTES: Final = 64
_READ_AT_THE_START: Final = ("PYTHON", "LC_", "LANG", "TZ")
_PATH: Final = "PYTHONPATH"
"""The one of them that a forked interpreter heeds too."""


def can_be_forked(env: Mapping[str, str]) -> bool:
    """Whether an interpreter heeds these variables when it already runs."""
    return not any(name.startswith(_READ_AT_THE_START) and name != _PATH for name in env)


def inv(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Run a task to its end. Returns its exit code (negative: the signal), stdout and stderr."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        task = Forked(argv, cwd, env, out.fileno(), err.fileno())
        try:
            code = task.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            task.kill()
            raise
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


class Forked:
    """A task that goes on beside us, as a `Popen` does. Its parent is the interpreter that stands ready."""

    def __init__(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], out: int, err: int) -> None:
        self.returncode: int | None = None
        self._argv = list(argv)
        self._one_at_a_time = threading.Lock()
        self._said, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            order = json.dumps({"argv": self._argv, "cwd": str(cwd), "env": dict(env)}).encode()
            assert len(order) < _ORDER_BYTES
            socket.send_fds(_ready(os.getpid())[0], [order], [theirs.fileno(), out, err])
        greeting, descriptors, _, _ = socket.recv_fds(self._said, _WORD_BYTES, 1)
        assert greeting, "the interpreter that stands ready has died; start it by hand to see why"
        self.pid = int(greeting)
        [self._itself] = descriptors
        # Closed when nobody asks any more, not at the end: a thread may still wait at them.
        weakref.finalize(self, self._said.close)
        weakref.finalize(self, os.close, self._itself)

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self._argv, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ends in this moment; its number may be another's by now
                signal.pidfd_send_signal(self._itself, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _ended(self, within_s: float | None) -> int | None:
        # Waited for outside the lock: else a signal would wait for the end of what it is to end.
        if self.returncode is None and select.select([self._said], [], [], within_s)[0]:
            with self._one_at_a_time:
                if self.returncode is None:
                    word = self._said.recv(_WORD_BYTES)
                    assert word, "the interpreter that stands ready has died"
                    self.returncode = int(word)
        return self.returncode


class Piped(Forked):
    """One whose output is read meanwhile."""

    def __init__(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        pipes = os.pipe(), os.pipe()
        self.stdout, self.stderr = (os.fdopen(reader, "rb") for reader, _ in pipes)
        super().__init__(argv, cwd, env, pipes[0][1], pipes[1][1])
        for _, writer in pipes:
            os.close(writer)
        self._readers: list[threading.Thread] = []
        self._read = [b"", b""]

    def communicate(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        """What it says from now on, once it has ended."""
        if not self._readers:
            self._readers = [threading.Thread(target=self._listen, args=(place,), daemon=True) for place in range(2)]
            for reader in self._readers:
                reader.start()
        for reader in self._readers:
            reader.join(timeout)
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self._argv, timeout or 0)
        self.wait(timeout)
        return self._read[0], self._read[1]

    def close(self) -> None:
        """Close its streams, unless a thread reads them, which then closes them."""
        if not self._readers:
            self.stdout.close()
            self.stderr.close()

    def _listen(self, place: int) -> None:
        with (self.stdout, self.stderr)[place] as stream:
            self._read[place] = stream.read()


_one_at_a_time: Final = threading.Lock()


def _ready(pid: int) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    with _one_at_a_time:
        return _begun(pid)


@functools.cache
def _begun(_: int) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """The way to the interpreter that stands ready for this process. It leaves when we do."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * _ORDER_BYTES)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "INVOKE_", "DATABASE_URL"))}
    with theirs:
        argv, null = [sys.executable, __file__], subprocess.DEVNULL
        process = subprocess.Popen(argv, stdin=theirs.fileno(), stdout=null, stderr=null, env={**env, "PYTHONUTF8": "1"})
    return ours, process


def _serve(control: socket.socket) -> dict[str, Any] | None:
    """Fork a child for each order. Returns the order in the child, None at the end."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    waiting: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            _tell_of_ends(waiting)
        if control.fileno() not in ready:
            continue
        raw, descriptors, _, _ = socket.recv_fds(control, _ORDER_BYTES, 3)
        if not raw:
            return None
        asker, out, err = socket.socket(fileno=descriptors[0]), *descriptors[1:]
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out, 1)
            os.dup2(err, 2)
            for one in (control, asker, *waiting.values()):
                one.close()
            for descriptor in (wake, waker, out, err):
                os.close(descriptor)
            found: dict[str, Any] = json.loads(raw)
            return found
        os.close(out)
        os.close(err)
        itself = os.pidfd_open(pid)  # before it can be reaped: it is no other process
        with contextlib.suppress(OSError):
            socket.send_fds(asker, [b"%d" % pid], [itself])
        os.close(itself)
        waiting[pid] = asker


def _tell_of_ends(waiting: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            with waiting.pop(ended[0]) as asker, contextlib.suppress(OSError):
                asker.sendall(b"%d" % os.waitstatus_to_exitcode(ended[1]))


def main() -> None:
    import batchdrain

    for module in pkgutil.walk_packages(batchdrain.__path__, "batchdrain."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("invoke.main", *_DRIVERS):
        importlib.import_module(name)
    gc.freeze()
    order = _serve(socket.socket(fileno=os.dup(0)))
    if order is None:
        return
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    if any(name.startswith("COVERAGE_") for name in os.environ):
        import coverage

        coverage.process_startup(force=True)
    sys.path[:1] = [order["cwd"], *filter(None, order["env"].get(_PATH, "").split(os.pathsep))]
    if any(name.startswith("INVOKE_") for name in os.environ):
        del sys.modules["batchdrain.collection"]  # it takes the plugin's variables when it is loaded
    sys.argv[1:] = order["argv"]
    runpy.run_module("invoke", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
