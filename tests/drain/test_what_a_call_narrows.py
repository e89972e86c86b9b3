"""What one call narrows of a session: each flag, what may leave phases out, and when its minutes are over."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain import narrowing
from batchdrain.drain.narrowing import NARROWED, Narrowing
from batchdrain.drain.request import DrainRequest
from batchdrain.model.errors import UsageError
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind


def test_each_flag_narrows_the_setting_of_its_name() -> None:
    assert {flag: path for flag, (path, _) in NARROWED.items()} == {
        "--max-total-minutes": ("stop", "max_total_minutes"), "--workers": ("workers",), "--min-success-rate": ("min_success_rate",),
        "--max-attempts": ("retry", "max_attempts"), "--max-timeouts-per-run": ("stop", "max_timeouts_per_run"),
        "--max-repeats": ("stop", "max_repeats"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("own", "given", "is_wider"),
    [(None, 1.0, False), (None, 0.99, True), (None, None, False), (0.5, None, False), (0.5, 0.5, False), (0.5, 0.49, True), (1.0, 1.0, False)],
)  # fmt: skip
def test_without_a_rate_every_phase_is_to_succeed(own: float | None, given: float | None, *, is_wider: bool) -> None:
    assert NARROWED["--min-success-rate"][1](own, given) is is_wider


@pytest.mark.parametrize(
    ("facts", "may"),
    [
        ({}, False),
        ({"limits": {"--max-repeats": 1}}, True),
        ({"limits": {"--max-timeouts-per-run": 1}}, True),
        ({"limits": {"--workers": 1, "--max-attempts": 1, "--min-success-rate": 1, "--max-total-minutes": 1}}, False),
        ({"filters": Filters(run_id="r")}, True),
        ({"batch_size": 1}, False),
    ],
)
def test_only_filters_and_limits_of_runs_leave_out_what_the_session_would_take(facts: dict[str, Any], *, may: bool) -> None:
    assert Narrowing(**facts).may_leave_out is may


@pytest.mark.parametrize(("size", "taken", "left"), [(None, 5, None), (5, 0, 5), (5, 3, 2), (5, 5, 0), (5, 6, 0)])
def test_what_was_taken_is_no_longer_to_be_taken(size: int | None, taken: int, left: int | None) -> None:
    assert Narrowing(batch_size=size).after(taken).batch_size == left


def test_the_minutes_of_a_call_count_from_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(narrowing, "monotonic", lambda: now[0])
    assert Narrowing(begun=1_000.0).deadline is None
    assert Narrowing(begun=1_000.0, limits={"--max-total-minutes": 0}).find_end() is None
    for minutes, told in ((1.5, "1.5 minutes of this time are over"), (1, "1 minute of this time is over")):
        less = Narrowing(begun=1_000.0, limits={"--max-total-minutes": minutes})
        now[0] = 1_000.0 + minutes * 60 - 0.001
        assert (less.deadline, less.find_end()) == (1_000.0 + minutes * 60, None)
        now[0] = 1_000.0 + minutes * 60
        found = less.find_end()
        assert found is not None
        assert (found.rule, found.value) == ("--max-total-minutes", told)


@pytest.mark.parametrize(("asked", "own", "wanted"), [(False, False, False), (True, False, True), (False, True, True)])
def test_that_nothing_is_a_failure_may_be_asked_for_by_the_session_or_by_the_call(
    *, asked: bool, own: bool, wanted: bool
) -> None:
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=Settings(), fail_if_nothing=own)
    assert Narrowing(fail_if_nothing=asked).apply(request).fail_if_nothing is wanted


def test_a_chain_may_be_asked_for_more_than_one_part_of_it_has_left_and_a_session_not() -> None:
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=Settings(batch_size=5))
    assert Narrowing(batch_size=9, is_of_chain=True).most(request, 3) == 2
    with pytest.raises(UsageError, match="--batch-size 9: the session's own is 5, of which 1 is left"):
        Narrowing(batch_size=9).most(request, 4)
