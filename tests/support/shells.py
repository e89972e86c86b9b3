"""An `inv` for what is typed into a shell: it asks the interpreter that stands ready (forks.py) for a fork of itself."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

from tests.support import forks

_ORDER_BYTES: Final = 1 << 18
_INV: Final = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, {bytes})
    line.connect({path!r})
    socket.send_fds(line, [json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()], [1, 2])
    code = int(line.recv(64))
sys.exit(code if code >= 0 else 128 - code)
"""


def folder_of_inv() -> Path:
    """To be put first into a PATH. It is no process that a signal of the terminal reaches."""
    return _folder(os.getpid())


@functools.cache
def _folder(_: int) -> Path:
    home = Path(tempfile.mkdtemp(prefix="bdinv"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(home / "line"))
    listener.listen()
    program = home / "inv"
    program.write_text(_INV.format(python=sys.executable, bytes=2 * _ORDER_BYTES, path=str(home / "line")))
    program.chmod(0o755)
    threading.Thread(target=_serve, args=(listener,), daemon=True).start()
    return home


def _serve(listener: socket.socket) -> None:
    while True:
        threading.Thread(target=_answer, args=(listener.accept()[0],), daemon=True).start()


def _answer(line: socket.socket) -> None:
    with line:
        raw, outputs, _, _ = socket.recv_fds(line, _ORDER_BYTES, 2)
        if not raw:
            return
        argv, cwd, env = json.loads(raw)
        task = forks.Forked(argv, Path(cwd), env, *outputs)
        for output in outputs:
            os.close(output)
        code = task.wait()
        with contextlib.suppress(OSError):  # the shell did not wait
            line.send(b"%d" % code)
