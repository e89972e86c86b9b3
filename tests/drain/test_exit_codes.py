"""The exit code of a session, by what its results come to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from batchdrain.config.settings import Settings
from batchdrain.sessions.exit_code import exit_code_of, kept_exit_code
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session, Status


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
    assert exit_code_of(session(*successes), Settings().min_success_rate, orphaned=is_orphaned) == code


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
    assert exit_code_of(session(*successes), 0.5, orphaned=is_orphaned) == code


def test_a_command_that_fails_the_same_way_whatever_the_phase_makes_it_one_whatever_the_rate() -> None:
    broken = session(True, True, False).model_copy(update={"stopped_because": "stop.same_new_failure: no space left"})
    other = session(True, True, False).model_copy(update={"stopped_because": "stop.max_consecutive_failures: 3"})
    settings = Settings(min_success_rate=0.5)
    assert [exit_code_of(one, settings.min_success_rate, orphaned=False) for one in (broken, other)] == [1, 0]


@pytest.mark.parametrize(
    ("status", "because", "wanted", "code"),
    [
        (Status.COMPLETE, None, None, 1),
        (Status.COMPLETE, None, 0.5, 0),
        (Status.STOPPED, "stop.max_consecutive_failures: 1", 0.5, 0),
        (Status.STOPPED, "stop.same_new_failure: no disk", 0.5, 1),
        (Status.INTERRUPTED, "SIGINT", 0.5, 130),
        (Status.INTERRUPTED, "SIGTERM", None, 143),
        (Status.INTERRUPTED, "SIGHUP", None, 129),
        (Status.INTERRUPTED, "the database is away", None, None),
        (Status.RUNNING, None, None, None),
    ],
)
def test_the_code_of_a_session_of_the_past_is_told_where_its_file_knows_it(
    status: Status, because: str | None, wanted: float | None, code: int | None
) -> None:
    facts = {"status": status, "stopped_because": because, "settings": {"min_success_rate": wanted}}
    assert kept_exit_code(session(True, False).model_copy(update=facts)) == code
