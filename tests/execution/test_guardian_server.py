"""The process that guardians come from may be stopped by anybody, and ends with us."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from batchdrain.execution import guardian_server
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.guardian_server import GuardianServer
from batchdrain.execution.order import EndedBy
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
