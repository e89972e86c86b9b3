"""What a result teaches of retries, and which results teach nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchdrain.model.failure import NO_REASON
from batchdrain.model.failure_change import FailureChange
from batchdrain.model.retry_stats import LEARNT_FROM, RetryCount, RetryStats
from batchdrain.model.states import Outcome, PhaseState
from tests.drain.judging import ending, judged, settings_of

FAILED = judged(settings_of(), ending(exit_code=1, stderr_tail=b"boom"))


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_was_executed_to_its_end_teaches(outcome: Outcome) -> None:
    stats = RetryStats()
    stats.add(replace(FAILED, outcome=outcome), "default")
    learnt = outcome in LEARNT_FROM
    assert (stats.results, stats.overall.tried, bool(stats.failures)) == (
        int(learnt), int(learnt), learnt and outcome is not Outcome.COMPLETE,
    )  # fmt: skip


def test_a_queued_phase_teaches_nothing_of_retries() -> None:
    """It set out from no failure: its success says nothing of what mends one."""
    stats = RetryStats()
    stats.add(replace(FAILED, phase=replace(FAILED.phase, state=PhaseState.QUEUED)), "default")
    assert (stats.results, stats.overall, stats.runs, stats.run_types) == (0, RetryCount(), {}, {})


def test_seconds_are_counted_on_the_side_of_what_they_came_to() -> None:
    stats = RetryStats()
    stats.add(FAILED, "default")
    stats.add(replace(FAILED, outcome=Outcome.COMPLETE, duration_s=4.0), "default")
    assert stats.overall == RetryCount(tried=2, fixed=1, fixed_s=4.0, failed_s=1.5)
    assert stats.overall.failed == 1
    assert stats.categories == {"other": stats.overall}


def test_a_run_fails_alike_only_where_another_run_failed_so() -> None:
    stats = RetryStats()
    stats.add(FAILED, "default")
    assert not stats.failed_alike("r")
    stats.add(replace(FAILED, phase=replace(FAILED.phase, run_id="s")), "default")
    assert (stats.failed_alike("r"), stats.failed_alike("s"), stats.failed_alike("t")) == (True, True, False)


def test_a_failure_tells_how_phases_fail_again_and_a_timeout_does_not() -> None:
    stats, before, after = RetryStats(), FAILED.phase.failure.fingerprint, FAILED.fingerprint
    for outcome in (Outcome.FAILED, Outcome.TIMEOUT, Outcome.COMPLETE, Outcome.FAILED):
        stats.add(replace(FAILED, outcome=outcome), "default")
    assert stats.changes == {FailureChange("other", before, after): 2}


def test_a_copy_goes_on_by_itself() -> None:
    stats = RetryStats()
    stats.add(FAILED, "default")
    copy = stats.copy()
    copy.add(FAILED, "default")
    assert (stats.overall.tried, copy.overall.tried, copy.results) == (1, 2, 1)
    assert (list(stats.changes.values()), list(copy.changes.values())) == ([1], [2])


def test_a_copy_knows_all_that_was_learnt_and_learns_by_itself() -> None:
    stats = RetryStats()
    stats.add(FAILED, "nightly")
    copied = stats.copy()
    for name in ("categories", "fingerprints", "runs", "run_types", "failures", "seen_in", "changes"):
        assert getattr(copied, name) == getattr(stats, name) != {}, name
    assert (copied.overall, copied.results) == (stats.overall, 0)
    before = dict(stats.run_types)
    copied.add(FAILED, "nightly")
    assert (stats.run_types, stats.overall.tried, copied.overall.tried) == (before, 1, 2)


def test_runs_that_fail_without_a_text_do_not_fail_alike() -> None:
    stats = RetryStats()
    for run_id in ("r", "s"):
        stats.add(replace(FAILED, phase=replace(FAILED.phase, run_id=run_id), failure=NO_REASON), "default")
    assert (stats.failures, stats.failed_alike("r")) == ({"r": "", "s": ""}, False)
