"""What each signal asks of what runs."""

from __future__ import annotations

import os
import select
import signal
import threading
from typing import Any

import pytest

from batchdrain.drain.last_resort import WITHIN_S
from batchdrain.drain.shutdown import Shutdown, Wake, name_of_signal


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


@pytest.mark.parametrize(
    ("finish_current", "bound_s", "first", "second"),
    [
        (False, None, None, WITHIN_S),
        (False, 3.0, 3.0, 3.0),
        (False, WITHIN_S + 60, WITHIN_S + 60, WITHIN_S),
        (True, 3.0, None, 3.0),
        (True, None, None, WITHIN_S),
    ],
)
def test_a_drain_is_gone_within_its_bound_and_after_the_second_signal_within_that_of_all(
    finish_current: bool, bound_s: float | None, first: float | None, second: float
) -> None:
    shutdown = Shutdown(finish_current=finish_current)
    shutdown.bound_s = bound_s
    assert [shutdown._bound_of(count) for count in (1, 2, 3)] == [first, second, second]
    shutdown.wake.close()


def test_whoever_waits_is_woken_once_and_for_all_however_often_it_is_set() -> None:
    wake = Wake()
    assert (wake.wait(0.001), wake.is_set()) == (False, False)
    for _ in range(100_000):  # more than a pipe holds
        wake.set()
    assert (wake.is_set(), wake.wait(None), wake.wait(1e12), wake.is_set()) == (True, True, True, True)
    wake.close()


def test_a_wait_is_in_seconds_and_without_a_number_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float | None] = []

    class Poll:
        def register(self, *_: object) -> None:
            """Of no descriptor."""

        def poll(self, milliseconds: float | None) -> list[object]:
            waited.append(milliseconds)
            return []

    monkeypatch.setattr(select, "poll", Poll)
    wake = Wake()
    for seconds in (1.5, 0, None):
        assert not wake.wait(seconds)
    assert waited == [1500, 0, None]
    wake.close()


def test_signals_are_named_as_people_send_them() -> None:
    assert [name_of_signal(number) for number in (signal.SIGINT, signal.SIGTERM)] == ["Ctrl-C", "SIGTERM"]


def test_outside_the_main_thread_no_signal_is_watched_and_the_pipe_is_given_back() -> None:
    before, former, seen = os.listdir("/proc/self/fd"), signal.getsignal(signal.SIGTERM), []

    def watch() -> None:
        shutdown = Shutdown()
        with shutdown.watch():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    assert (seen, len(os.listdir("/proc/self/fd"))) == ([former], len(before))
