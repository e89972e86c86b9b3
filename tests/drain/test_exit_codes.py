"""The exit code of a session, by what its results come to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain.close import exit_code
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session


def session(*successes: bool) -> Session:
    results = [Result(run_id="r", phase_id=str(place), success=success) for place, success in enumerate(successes)]
    found = Session(session_id="s", started_at=datetime(2026, 1, 1, tzinfo=UTC), results=results)
    found.recount()
    return found


@pytest.mark.parametrize(
    ("successes", "is_orphaned", "code"),
    [
        ((), False, 0),
        ((True, True), False, 0),
        ((True, False), False, 1),
        ((), True, 1),
        ((True, True), True, 1),
    ],
)
def test_a_phase_that_failed_and_one_of_which_nobody_knows_make_it_one(
    successes: tuple[bool, ...], is_orphaned: bool, code: int
) -> None:
    """A session in which every phase was orphaned has no failed result, and is no success."""
    assert exit_code(session(*successes), Settings(), orphaned=is_orphaned) == code


@pytest.mark.parametrize(
    ("successes", "is_orphaned", "code"),
    [
        ((True, False), False, 0),
        ((True, False, False), False, 1),
        ((True, True), True, 1),
        ((), False, 0),
        ((), True, 1),
    ],
)
def test_with_a_minimal_rate_the_code_is_one_below_it_or_for_a_phase_of_which_nobody_knows(
    successes: tuple[bool, ...], is_orphaned: bool, code: int
) -> None:
    assert exit_code(session(*successes), Settings(min_success_rate=0.5), orphaned=is_orphaned) == code


def test_a_command_that_fails_the_same_way_whatever_the_phase_makes_it_one_whatever_the_rate() -> None:
    broken = session(True, True, False).model_copy(update={"stopped_because": "stop.same_new_failure: no space left"})
    other = session(True, True, False).model_copy(update={"stopped_because": "stop.max_consecutive_failures: 3"})
    settings = Settings(min_success_rate=0.5)
    assert [exit_code(one, settings, orphaned=False) for one in (broken, other)] == [1, 0]
