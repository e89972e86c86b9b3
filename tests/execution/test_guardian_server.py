"""The process that guardians come from may be stopped by anybody, and ends with us."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from batchdrain.execution import guardian_server
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.guardian_server import GuardianServer
from batchdrain.execution.order import EndedBy
from batchdrain.runtime.signals import block_signals
from tests.execution.orders import Make
from tests.execution.test_guardian import patched


def test_a_stopped_server_that_takes_no_more_calls_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guardian_server, "_TAKES_WITHIN_S", 1)
    monkeypatch.setattr(guardian_server, "_ENDS_WITHIN_S", 0.1)
    server = GuardianServer()
    hired = [server.hire()]
    stopped = server._server
    assert stopped is not None
    assert server._control is not None
    os.kill(stopped.pid, signal.SIGSTOP)
    server._control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # it becomes as small as there is
    while server._server is stopped:
        hired.append(server.hire())
    hired[-1].greet()
    for client in hired:
        client.close()
    server.close()
    assert stopped.poll() == -signal.SIGKILL


def test_a_child_that_outlives_us_keeps_no_server_alive() -> None:
    server = GuardianServer()
    server.hire().close()
    process, control = server._server, server._control
    assert process is not None
    assert control is not None
    awaited, held = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(held)
        os.read(awaited, 1)
        os._exit(0)
    control.close()  # as it is once we are gone
    try:
        assert process.wait(60) == 0
    finally:
        os.close(held)
        os.waitpid(child, 0)
        os.close(awaited)
        server.close()


def test_a_guardian_that_can_prepare_nothing_takes_its_order_all_the_same(
    order: Make, pool: GuardianPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There was no room for another process, for a moment."""
    patched(monkeypatch, "g.Launch = lambda *_: os.stat('/nowhere at all')")
    ending = pool.execute(order("pass"))
    pool.close()
    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


def test_the_server_knows_nothing_of_our_environment_but_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """It lives as long as we do, and each guardian is its image: no secret lies about in either."""
    for name, value in (("LC_TIME", "C"), ("LANG", "C.UTF-8"), ("A_SECRET", "hunter2"), ("NO_LANG", "x")):
        monkeypatch.setenv(name, value)
    server = GuardianServer()
    guard = server.hire()
    guard.greet()
    assert server._server is not None
    assert guard.identity is not None
    for pid in (server._server.pid, guard.identity.pid):
        names = {item.partition(b"=")[0].decode() for item in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if item}
        assert names >= {"LC_TIME", "LANG"}
        assert {name for name in names if not name.startswith(("LC_", "LANG"))} == set()
        assert (str(Path(f"/proc/{pid}/cwd").readlink()), os.getsid(pid)) == ("/", pid)
        assert {str(Path(f"/proc/{pid}/fd/{fd}").readlink()) for fd in (1, 2)} == {"/dev/null"}
    guard.close()
    server.close()


def test_a_server_of_guardians_heeds_no_signal_of_a_terminal() -> None:
    """To act on a Ctrl-C is the controller's task; and what a command would inherit is not blocked."""
    server = GuardianServer()
    with block_signals():
        guard = server.hire()
    guard.greet()
    assert server._server is not None
    fields = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{server._server.pid}/status").read_text().splitlines() if ":\t" in line
    )
    ignored, blocked = (int(fields[name], 16) for name in ("SigIgn", "SigBlk"))
    heard = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGCHLD)
    assert [number for number in heard if not ignored >> (number - 1) & 1] == []
    assert blocked == 0
    guard.close()
    server.close()
