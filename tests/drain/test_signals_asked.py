"""What each signal asks of what runs."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from batchdrain.drain.shutdown import Shutdown


class Running:
    def __init__(self) -> None:
        self.asked: list[bool] = []

    def interrupt(self, *, kill: bool = False) -> None:
        self.asked.append(kill)


@pytest.mark.parametrize(
    ("finish_current", "first", "second"), [(False, [False], [False, True]), (True, [], [True])], ids=["at once", "finish"]
)
def test_the_first_signal_ends_what_runs_and_the_second_kills_it(
    finish_current: bool, first: list[bool], second: list[bool]
) -> None:
    """With `finish_current` the first lets the commands end by themselves, and no diagnosis."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("only a main thread hears signals")
    shutdown, commands, diagnoses = Shutdown(finish_current=finish_current), Running(), Running()
    engine: Any = commands
    shutdown.engine, shutdown.beside = engine, diagnoses
    former = signal.getsignal(signal.SIGTERM)
    with shutdown.watch():
        assert (shutdown.exit_code, shutdown.name, shutdown.wake.is_set()) == (None, "", False)
        signal.raise_signal(signal.SIGTERM)
        assert (commands.asked, diagnoses.asked) == (first, [False])
        assert shutdown.wake.is_set()
        signal.raise_signal(signal.SIGINT)
        assert (commands.asked, diagnoses.asked) == (second, [False, True])
    assert (shutdown.exit_code, shutdown.name) == (143, "SIGTERM")
    assert signal.getsignal(signal.SIGTERM) == former
