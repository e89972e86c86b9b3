"""`inv` as a process of its own that has its imports behind it: forked from an interpreter that stands ready.

The imports cost most of what a short task takes. What a test starts beside itself (`Workplace.start`) is executed from nothing.
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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_DRIVERS: Final = ("psycopg", "pymysql", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.mysql.pymysql")
_ENDS_WITHIN_S: Final = 100.0
_ORDER_BYTES: Final = 1 << 18
_READ_AT_THE_START: Final = ("PYTHON", "LC_", "LANG", "TZ", "INVOKE_")


def can_be_forked(env: Mapping[str, str]) -> bool:
    """Whether an interpreter heeds these variables when it already runs."""
    return not any(name.startswith(_READ_AT_THE_START) for name in env)


def inv(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Run a task to its end. Returns its exit code (negative: the signal), stdout and stderr."""
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with theirs:
            order = json.dumps({"argv": argv, "cwd": str(cwd), "env": dict(env)}).encode()
            assert len(order) < _ORDER_BYTES
            socket.send_fds(_ready(os.getpid())[0], [order], [theirs.fileno(), out.fileno(), err.fileno()])
        ours.settimeout(_ENDS_WITHIN_S)
        with ours.makefile() as said:
            greeting = said.readline()
            assert greeting, "the interpreter that stands ready has died; start it by hand to see why"
            pid = int(greeting)
            try:
                code = int(said.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


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
        asker.sendall(b"%d\n" % pid)
        waiting[pid] = asker


def _tell_of_ends(waiting: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            with waiting.pop(ended[0]) as asker, contextlib.suppress(OSError):
                asker.sendall(b"%d\n" % os.waitstatus_to_exitcode(ended[1]))


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
    sys.path[0] = order["cwd"]
    sys.argv[1:] = order["argv"]
    runpy.run_module("invoke", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
