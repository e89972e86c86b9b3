"""What is told of a signal, a stop and an error while something runs: each once, and how long it may take."""

from __future__ import annotations

import signal
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain.shutdown_notice import ShutdownNotice
from batchdrain.model.phase import PhaseKey, Skip

ENDED = "r / a is ended and released, waiting at most 7 s (command.grace_s)"
STOP = Skip("stop.max_timeouts_per_run", "2 time-outs")


def running(*names: str) -> list[Any]:
    return [
        SimpleNamespace(claim=SimpleNamespace(phase=SimpleNamespace(key=PhaseKey("r", name))), limit=SimpleNamespace(seconds=number))
        for number, name in enumerate(names, start=60)
    ]  # fmt: skip


class Notices(list[str]):
    def __init__(self, *, finish_current: bool = False) -> None:
        settings = Settings.model_validate({"command": {"argv": ["true"], "grace_s": 7}, "finish_current": finish_current})
        self.of = ShutdownNotice(settings, self.append)


def test_the_first_signal_and_the_next_one_are_told_once_each_and_a_third_one_not() -> None:
    told = Notices()
    for signals in (0, 1, 1, 2, 2, 3):
        told.of.tell(signals, signal.SIGTERM if signals else None, running("a"))
    assert told == [
        f"SIGTERM: nothing more is started; {ENDED}; SIGTERM again kills at once",
        "SIGTERM again: r / a is killed",
    ]


def test_a_second_signal_that_comes_before_the_first_one_was_told_is_told_alone() -> None:
    told = Notices()
    told.of.tell(2, signal.SIGINT, running("a", "b"))
    told.of.tell(1, signal.SIGINT, running("a", "b"))
    assert told == ["Ctrl-C again: r / a, r / b are killed"]


def test_nothing_is_told_while_nothing_runs_and_what_runs_later_is_told_of_then() -> None:
    told = Notices()
    told.of.tell(1, signal.SIGINT, [])
    told.of.tell_of_a_stop(STOP, [])
    told.of.tell_of_a_stop(None, running("a"))
    told.of.tell_of_an_error([])
    assert told == []
    told.of.tell(1, signal.SIGINT, running("a"))
    assert len(told) == 1


def test_what_may_end_by_itself_is_waited_for_as_long_as_the_longest_limit_lasts() -> None:
    told = Notices(finish_current=True)
    told.of.tell(1, signal.SIGINT, running("a", "b"))
    assert told == [
        "Ctrl-C: nothing more is started; waiting for r / a, r / b to end, at most 61 s from the beginning; Ctrl-C again kills"
    ]


@pytest.mark.parametrize(
    ("names", "shown"), [("a", "r / a"), ("abc", "r / a, r / b, r / c"), ("abcde", "r / a, r / b, r / c and 2 more")]
)
def test_of_many_that_run_three_are_named(names: str, shown: str) -> None:
    told = Notices()
    told.of.tell_of_a_stop(STOP, running(*names))
    assert told == [f"Nothing more is started, by {STOP}; waiting for {shown} to end"]


def test_a_stop_is_told_once_and_never_after_a_signal_which_may_still_follow_it() -> None:
    told = Notices()
    told.of.tell_of_a_stop(STOP, running("a"))
    told.of.tell_of_a_stop(STOP, running("a"))
    told.of.tell(1, signal.SIGINT, running("a"))
    assert [line.partition(":")[0] for line in told] == ["Nothing more is started, by stop.max_timeouts_per_run", "Ctrl-C"]
    other = Notices()
    other.of.tell(1, signal.SIGINT, running("a"))
    other.of.tell_of_a_stop(STOP, running("a"))
    assert len(other) == 1


def test_an_error_is_told_once_and_a_first_signal_adds_nothing_to_it_but_the_second_one_does() -> None:
    told = Notices()
    told.of.tell_of_an_error(running("a"))
    told.of.tell_of_an_error(running("a"))
    told.of.tell(1, signal.SIGINT, running("a"))
    assert told == [f"The drain ends: {ENDED}"]
    told.of.tell(2, signal.SIGINT, running("a"))
    assert told[1:] == ["Ctrl-C again: r / a is killed"]
