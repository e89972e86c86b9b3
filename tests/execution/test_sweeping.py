"""What is left of a command on a worker is ended, and what can't be ended is told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from batchdrain.execution.worker.sweep import sweep

NOBODY = (1 << 22) - 1


@pytest.fixture
def left() -> Iterator[list[subprocess.Popen[bytes]]]:
    found: list[subprocess.Popen[bytes]] = []
    yield found
    for one in found:
        one.kill()
        one.communicate()


def test_whatever_bears_the_token_is_ended_and_nothing_else(left: list[subprocess.Popen[bytes]]) -> None:
    for token in ("s.one.1", "s.one.12"):
        code = "print(flush=True); import signal; signal.pause()"
        left.append(
            subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", code], env={"BATCHDRAIN_TOKEN": token}, stdout=subprocess.PIPE
            )
        )
        assert left[-1].stdout is not None
        left[-1].stdout.readline()
    for one in left[:1]:  # a zombie has no environment any more, but is there
        assert sweep("s.one.1")
        assert one.wait(10) == -9
    assert left[1].poll() is None


def test_what_can_not_be_ended_is_not_said_to_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[sweep.__module__]
    looked = list[bytes]()
    monkeypatch.setattr(module, "_WITHIN_S", 0.02)

    def find(variable: bytes) -> list[int]:
        looked.append(variable)
        return [NOBODY]

    monkeypatch.setattr(module, "_find", find)
    assert not sweep("s.one.1")
    assert set(looked) == {b"BATCHDRAIN_TOKEN=s.one.1"}
    assert len(looked) > 1
