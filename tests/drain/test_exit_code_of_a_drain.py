"""The exit code of one drain: a signal before an error, an error before the results; and which requests the end shows to be idle."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain.ambiguous_rows import ambiguity_of
from batchdrain.drain.exit_code import exit_code_after, fails_by_nothing, find_exit_code, find_failure, find_rate_of_this_time
from batchdrain.drain.idle_limits import tell_idle_limits
from batchdrain.drain.loop import Drain
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.errors import BadData, ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.model.phase import Skip
from batchdrain.planning.skip_rules import AMBIGUOUS, BAD_DATA
from batchdrain.runtime.signals import Signalled
from batchdrain.sessions.session import Session
from tests.sessions.files import START, result

TWICE = Skip(BAD_DATA, f"r / a: {AMBIGUOUS}")
STOP, REFUSED, UNCLAIMED = DatabaseUnavailable("away"), ConfigError("no", remedy="x"), FilesUnavailable("full")


def session(*successes: bool, **facts: Any) -> Session:
    results = [
        result(number, success=success, category=None if success else "other") for number, success in enumerate(successes)
    ]
    found = Session(session_id="s", started_at=START, results=results, **facts)
    found.recount()
    return found


def it_of(
    *successes: bool, waiting: int = 0, skipped: tuple[Skip, ...] = (), wanted: float | None = None, own: float | None = None,
    fail_if_nothing: bool = False, resumes: bool = True, **facts: Any,
) -> OpenSession:  # fmt: skip
    whole = SimpleNamespace(settings=SimpleNamespace(min_success_rate=own)) if resumes else None
    settings = SimpleNamespace(min_success_rate=wanted, retry=SimpleNamespace(max_attempts=5))
    counts = SimpleNamespace(is_tried_again=facts.pop("is_tried_again", False))
    progress = SimpleNamespace(results=facts.pop("results", len(successes)), successes=facts.pop("wins", sum(successes)))
    flags = facts.pop("flags", ("--max-attempts",))
    record = SimpleNamespace(session=session(*successes, **facts), counts=counts, progress=lambda: progress)
    found = SimpleNamespace(
        backlog=SimpleNamespace(waiting=waiting, skipped=dict.fromkeys(skipped, 1)), record=record, whole=whole,
        request=SimpleNamespace(settings=settings, fail_if_nothing=fail_if_nothing, flags=flags),
    )  # fmt: skip
    return cast("OpenSession", found)


def drain_of(
    *, executed: int = 0, orphaned: int = 0, failure: Any = None, refused: Any = None, unclaimed: Any = None
) -> Drain:
    found = SimpleNamespace(
        stops=SimpleNamespace(failure=failure), finisher=SimpleNamespace(refused=refused),
        claimer=SimpleNamespace(refused=unclaimed), executed=executed, orphaned=orphaned,
    )  # fmt: skip
    return cast("Drain", found)


@pytest.mark.parametrize(
    ("drain", "facts", "failure"),
    [
        ({}, {}, None),
        ({"failure": STOP, "refused": REFUSED, "unclaimed": UNCLAIMED}, {}, STOP),
        ({"refused": REFUSED, "unclaimed": UNCLAIMED}, {}, REFUSED),
        ({"unclaimed": UNCLAIMED}, {"skipped": (TWICE,)}, UNCLAIMED),
        ({}, {"waiting": 1, "skipped": (TWICE,)}, None),
    ],
)
def test_the_first_of_several_errors_is_reported(drain: dict[str, Any], facts: dict[str, Any], failure: object) -> None:
    assert find_failure(it_of(**facts), drain_of(**drain)) is failure


def test_rows_that_nobody_can_tell_apart_are_an_error_once_nothing_else_is_left() -> None:
    found = find_failure(it_of(skipped=(TWICE,)), drain_of())
    assert isinstance(found, BadData)
    other = Skip(BAD_DATA, "r / b: too long")
    assert ambiguity_of({other: 1}) is None
    assert ambiguity_of({Skip("accepted", AMBIGUOUS): 1}) is None
    more = [Skip(BAD_DATA, f"r / {name}: {AMBIGUOUS}") for name in "cb"]
    assert ambiguity_of({TWICE: 2}) is not None
    assert str(ambiguity_of(dict.fromkeys([other, more[0], TWICE, more[1]], 1))).startswith(
        f"{TWICE.value}, and 2 more such ids"
    )
    assert "more such ids" not in str(ambiguity_of({TWICE: 2}))


@pytest.mark.parametrize(
    ("signal", "drain", "successes", "facts", "code"),
    [
        (2, {"failure": STOP}, (False,), {}, 130),
        (None, {"failure": STOP}, (True,), {}, 75),
        (None, {"executed": 1}, (True,), {}, 0),
        (None, {"executed": 1}, (True, False), {}, 1),
        (None, {"executed": 1}, (True, False), {"wanted": 0.5}, 0),
        (None, {"executed": 1, "orphaned": 1}, (True,), {}, 1),
        (None, {}, (), {}, 0),
        (None, {}, (), {"fail_if_nothing": True}, 1),
        (None, {}, (True,), {"fail_if_nothing": True}, 1),
        (None, {"executed": 1}, (True,), {"fail_if_nothing": True}, 0),
    ],
)
def test_a_signal_comes_before_an_error_and_an_error_before_the_results(
    signal: int | None, drain: dict[str, Any], successes: tuple[bool, ...], facts: dict[str, Any], code: int
) -> None:
    shutdown = Shutdown()
    shutdown.signal = signal
    assert find_exit_code(it_of(*successes, **facts), drain_of(**drain), shutdown) == code
    shutdown.wake.close()


@pytest.mark.parametrize(("asked", "executed", "fails"), [(True, 0, True), (True, 1, False), (False, 0, False)])
def test_only_who_asked_for_it_fails_by_nothing(asked: bool, executed: int, fails: bool) -> None:
    assert fails_by_nothing(it_of(fail_if_nothing=asked), drain_of(executed=executed)) is fails


@pytest.mark.parametrize(
    ("wanted", "own", "resumes", "rate"),
    [
        (0.5, 0.5, True, None),
        (0.5, 0.8, True, 0.5),
        (0.5, None, False, 0.5),
        (None, None, False, None),
        (None, 0.5, True, None),
    ],
)
def test_the_rate_of_this_call_is_kept_where_it_is_not_the_sessions_own(
    wanted: float | None, own: float | None, resumes: bool, rate: float | None
) -> None:
    assert find_rate_of_this_time(it_of(wanted=wanted, own=own, resumes=resumes)) == rate


@pytest.mark.parametrize(
    ("error", "code"), [(STOP, 75), (REFUSED, 78), (Signalled(15), 143), (KeyboardInterrupt(), 130), (ValueError("x"), 1)]
)
def test_each_error_has_its_code(error: BaseException, code: int) -> None:
    assert exit_code_after(error) == code


@pytest.mark.parametrize(
    ("successes", "executed", "facts", "is_idle"),
    [
        ((True, False), 2, {}, True),
        ((True, False), 2, {"flags": ()}, False),
        ((True, True), 2, {}, False),
        ((True, False), 3, {}, False),
        ((True, False), 2, {"is_tried_again": True}, False),
        ((True,), 1, {"results": 2, "wins": 1}, True),
        ((False,), 0, {}, True),
    ],
)
def test_a_number_of_attempts_is_idle_if_a_failure_came_and_none_could_be_tried_again(
    successes: tuple[bool, ...], executed: int, facts: dict[str, Any], is_idle: bool
) -> None:
    it = it_of(*successes, without_effect=["--max-attempts=9: as of before", "--workers=4: idle"], **facts)
    tell_idle_limits(it, drain_of(executed=executed))
    told = "--max-attempts=5: no failure was transient, and only transient failures are tried again"
    assert it.record.session.without_effect == ["--workers=4: idle", *([told] if is_idle else [])]


def test_a_transient_failure_is_one_that_could_have_been_tried_again() -> None:
    it = it_of(True, False)
    it.record.session.results[1].category = "transient"
    tell_idle_limits(it, drain_of(executed=2))
    assert it.record.session.without_effect == []
    it.record.session.results[0].category, it.record.session.results[1].category = "transient", "other"
    tell_idle_limits(it, drain_of(executed=2))
    assert len(it.record.session.without_effect) == 1, "one that completed says nothing"
