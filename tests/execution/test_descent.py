"""Where the system lists no descendants, the group of a command is signalled, and not its first process alone."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import psutil
import pytest

from batchdrain.execution.guardian import system
from batchdrain.execution.guardian.descent import Descent
from tests.execution.orders import ends
from tests.support.workplace import wait_for


@pytest.fixture
def command() -> Iterator[subprocess.Popen[bytes]]:
    """A shell with a child, both in a group of their own."""
    found = subprocess.Popen(["sh", "-c", "sleep 600 & wait"], start_new_session=True)
    wait_for(lambda: psutil.Process(found.pid).children(), "the shell's child")
    yield found
    found.kill()
    found.wait()


@pytest.mark.parametrize("how", ["asked", "killed"])
def test_a_child_in_the_group_of_a_command_ends_with_it(
    command: subprocess.Popen[bytes], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "descendants_of", lambda _: [])
    [child] = psutil.Process(command.pid).children()
    descent = Descent(command.pid, adopts=False)
    if how == "asked":
        descent.terminate()
    else:
        descent._signal_group(signal.SIGKILL)
    assert ends(child.pid)
    assert command.wait(60) == -(signal.SIGTERM if how == "asked" else signal.SIGKILL)


def test_a_group_whose_first_process_was_collected_is_nobody_s_we_know(command: subprocess.Popen[bytes]) -> None:
    """Its number may be another's by then."""
    descent = Descent(command.pid, adopts=True)
    descent.status = 0
    descent._signal_group(signal.SIGKILL)
    assert command.poll() is None


def test_whoever_left_the_group_is_asked_to_end_too(
    command: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = subprocess.Popen(["sleep", "600"], start_new_session=True)
    monkeypatch.setattr(system, "descendants_of", lambda _: [left.pid])
    Descent(command.pid, adopts=True).terminate()
    assert (left.wait(60), command.wait(60)) == (-signal.SIGTERM, -signal.SIGTERM)


def test_a_kill_reaches_the_group_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own, since it collects whatever child it has."""
    monkeypatch.setattr(system, "descendants_of", lambda _: [])
    child = os.fork()
    if not child:
        command = subprocess.Popen(["sleep", "600"], start_new_session=True)
        is_gone = Descent(command.pid, adopts=False).kill(20)
        os._exit(0 if is_gone else 1)
    assert os.waitpid(child, 0)[1] == 0
