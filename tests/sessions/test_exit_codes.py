"""The exit code of a session, by what its results come to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from batchdrain.config.settings import Settings
from batchdrain.sessions.exit_code import exit_code_of, find_exit_by, is_kept_orphaned, kept_exit_code
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import whole_of


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


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((None, None), 1),
        ((0, 1), 1),
        ((75, 130), 130),
        ((74, 75), 75),
        ((130, 76), 130),
        ((2, 1), 2),
        ((128, 2), 128),
    ],
)
def test_of_a_chain_a_signal_goes_before_the_worst_error_and_an_error_before_the_results(
    codes: tuple[int | None, int | None], code: int
) -> None:
    parts = [session(True, False), session(True)]
    for part, its in zip(parts, codes, strict=True):
        part.status, part.completed_at, part.drain_exit_code = Status.COMPLETE, part.started_at, its
    assert kept_exit_code(whole_of(parts, Status.COMPLETE)) == code


@pytest.mark.parametrize(("exit_code", "code"), [(None, None), (0, 0), (1, 1)])
def test_an_interruption_whose_signal_is_not_known_is_told_only_where_the_file_has_its_code(
    exit_code: int | None, code: int | None
) -> None:
    facts = {"status": Status.INTERRUPTED, "stopped_because": "asked by ann", "drain_exit_code": exit_code}
    assert kept_exit_code(session(*[True, False][: 1 + (exit_code == 1)]).model_copy(update=facts)) == code


@pytest.mark.parametrize(
    ("exit_code", "exit_by", "is_orphaned", "code"),
    [
        (1, "orphaned", True, 1),
        (1, None, True, 1),
        (0, None, False, 0),
        (1, "nothing selected", False, 1),
    ],
)
def test_a_session_whose_results_are_good_tells_why_its_code_was_one_all_the_same(
    exit_code: int, exit_by: str | None, code: int, *, is_orphaned: bool
) -> None:
    """A session of an earlier version does not say why; then an orphan is the only reason that there was."""
    facts = {"status": Status.COMPLETE, "drain_exit_code": exit_code, "drain_exit_by": exit_by}
    kept = session(True).model_copy(update=facts)
    assert (is_kept_orphaned(kept), kept_exit_code(kept)) == (is_orphaned, code)


def test_a_session_whose_results_are_bad_needs_no_orphan_to_explain_its_code() -> None:
    kept = session(True, False).model_copy(update={"status": Status.COMPLETE, "drain_exit_code": 1})
    assert (is_kept_orphaned(kept), kept_exit_code(kept)) == (False, 1)


@pytest.mark.parametrize(
    ("successes", "code", "is_orphaned", "by_nothing", "exit_by"),
    [
        ((True,), 1, True, False, "orphaned"),
        ((True, False), 1, True, False, None),
        ((True,), 0, True, False, None),
        ((True,), 1, False, False, None),
        ((True,), 1, True, True, "nothing selected"),
        ((), 0, False, True, None),
        ((), 130, False, True, None),
    ],
)
def test_what_made_the_code_one_is_kept_only_where_the_results_do_not_say_it(
    successes: tuple[bool, ...], code: int, exit_by: str | None, *, is_orphaned: bool, by_nothing: bool
) -> None:
    assert find_exit_by(session(*successes), code, orphaned=is_orphaned, by_nothing=by_nothing) == exit_by


def test_the_rate_that_the_last_drain_was_judged_by_is_the_one_that_holds() -> None:
    facts = {"status": Status.COMPLETE, "drain_wanted_rate": 0.5, "settings": {"min_success_rate": 0.9}}
    assert kept_exit_code(session(True, False).model_copy(update=facts)) == 0
    assert session().model_copy(update={"settings": {"min_success_rate": "half"}}).wanted_rate is None


def test_one_part_with_an_orphan_makes_a_chain_an_orphaned_one() -> None:
    parts = [session(True), session(True)]
    for part, by in zip(parts, ("orphaned", None), strict=True):
        part.status, part.completed_at, part.drain_exit_code, part.drain_exit_by = (
            Status.COMPLETE,
            part.started_at,
            int(bool(by)),
            by,
        )
    assert is_kept_orphaned(whole_of(parts, Status.COMPLETE))
