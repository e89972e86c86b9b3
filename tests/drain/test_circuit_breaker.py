"""When many different phases fail transiently in a row, and how long nothing is claimed then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchdrain.config.settings import Retry
from batchdrain.drain import circuit_breaker
from batchdrain.drain.circuit_breaker import CircuitBreaker
from batchdrain.execution.order import EndedBy
from batchdrain.model.attempt import Attempt
from tests.drain.judging import ending, judged, settings_of


class Clock:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        patch.setattr(circuit_breaker, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def ended(number: int, code: int = 75, *, by: EndedBy = EndedBy.EXIT) -> Attempt:
    found = judged(settings_of(), ending(by, code if by is EndedBy.EXIT else None, signal=None))
    return replace(found, phase=replace(found.phase, phase_id=f"p{number}"))


def opened(clock: Clock, **retry: float) -> CircuitBreaker:
    """By three phases."""
    breaker = CircuitBreaker(Retry.model_validate({"outage_after": 3, "initial_s": 10, "max_s": 300, **retry}))
    assert [breaker.note(ended(number)) for number in range(2)] == [None, None]
    assert not breaker.is_open
    assert breaker.note(ended(2)) == 10.0
    assert breaker.is_open
    return breaker


def test_commands_that_were_running_when_a_pause_began_do_not_prolong_it(clock: Clock) -> None:
    """With eight workers a first pause would else be the eighth."""
    breaker = opened(clock)
    due = breaker.due
    clock.now += 1
    assert [breaker.note(ended(number)) for number in range(3, 8)] == [None] * 5
    assert (breaker.due, breaker.permits(8)) == (due, 0)


def test_a_probe_that_fails_after_a_pause_begins_a_longer_one_up_to_the_longest(clock: Clock) -> None:
    breaker, waits = opened(clock), []
    for number in range(3, 10):
        clock.now = breaker.due
        assert breaker.permits(8) == 1
        waits.append(breaker.note(ended(number)))
    assert breaker.pauses == 8
    assert waits == [20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]


def test_an_outage_lasts_from_its_first_pause_on(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += 50
    breaker.note(ended(3))
    assert breaker.lasts_s == 50.0


@pytest.mark.parametrize("code", [0, 1])
def test_any_other_result_ends_an_outage_and_the_row_that_began_it(clock: Clock, code: int) -> None:
    breaker = opened(clock)
    breaker.note(ended(3, code))
    assert (breaker.is_open, breaker.is_suspect, breaker.permits(8), breaker.lasts_s) == (False, False, 8, 0.0)
    assert [breaker.note(ended(number)) for number in range(2)] == [None, None]


def test_one_phase_that_fails_again_and_again_is_no_outage(clock: Clock) -> None:
    breaker = CircuitBreaker(Retry(outage_after=3))
    assert [breaker.note(ended(0)) for _ in range(9)] == [None] * 9
    assert (breaker.is_open, breaker.is_suspect) == (False, True)


def test_what_was_given_back_says_nothing_of_an_outage(clock: Clock) -> None:
    breaker = opened(clock)
    breaker.note(ended(3, by=EndedBy.INTERRUPT))
    assert breaker.is_open


def test_an_outage_that_is_switched_off_never_comes(clock: Clock) -> None:
    breaker = CircuitBreaker(Retry(outage_after=0))
    assert [breaker.note(ended(number)) for number in range(9)] == [None] * 9
    assert (breaker.is_open, breaker.is_suspect) == (False, False)


def test_a_command_that_asks_for_more_time_says_nothing_of_an_outage(clock: Clock) -> None:
    breaker = CircuitBreaker(Retry(outage_after=2))
    assert [breaker.note(replace(ended(number), wants_more_time=True)) for number in range(4)] == [None] * 4
    assert (breaker.is_open, breaker.is_suspect) == (False, False)
