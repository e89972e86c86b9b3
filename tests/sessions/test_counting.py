"""What a session counts of its results, while it runs and after it went on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batchdrain.sessions.progress import counts_of
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status
from tests.sessions.files import START, add, on_disk, result


@pytest.mark.parametrize(
    ("status", "is_over"), [(Status.COMPLETE, True), (Status.STOPPED, True), (Status.INTERRUPTED, False)]
)
def test_a_session_that_a_stop_condition_ended_is_over_and_one_that_was_interrupted_is_not(
    record: SessionRecord, status: Status, is_over: bool
) -> None:
    """`resume` takes the newest that is not over."""
    record.end(status, START + timedelta(hours=1), "why")
    found = on_disk(record)
    assert (found["status"], found["stopped_because"]) == (status.value, "why")
    assert (found["completed_at"] is not None, record.session.is_incomplete) == (is_over, not is_over)


def test_a_result_that_takes_the_place_of_another_is_counted_once_in_everything(record: SessionRecord) -> None:
    late = result(0, success=False, timed_out=True, fingerprint="boom", metrics={"tokens": 5.0})
    add(record, late)
    add(record, result(1, success=False, fingerprint="boom"))
    add(record, result(0, success=True, metrics={"tokens": 2.0}))

    session, progress = record.session, record.progress()
    totals = (session.total_processed, session.total_success, session.total_failed, session.total_timeouts)
    assert totals == (2, 1, 1, 0)
    assert session.metrics == {"tokens": 2.0}
    assert session.fingerprint_counts == {"boom": 1}
    assert (progress.results, progress.successes) == (2, 1)
    assert (dict(progress.repeats), dict(progress.timeouts)) == ({"boom": 1}, {"r": 0})
    assert dict(record.counts.fixed) == {"r": 1}
    assert [one["phase_id"] for one in on_disk(record)["results"]] == ["p0", "p1"]


def test_a_failure_that_waits_for_its_retry_is_counted_when_it_is_final(record: SessionRecord) -> None:
    """Three of them would else park their cluster before one was tried again."""
    for number in range(4):
        add(record, result(number, success=False, fingerprint="reset", retry_at=START))
    progress = record.progress()
    assert (progress.results, progress.consecutive_failures, dict(progress.repeats)) == (0, 0, {})
    assert record.session.fingerprint_counts == {}
    assert record.session.total_failed == 4

    add(record, result(0, success=False, fingerprint="reset"))
    progress = record.progress()
    assert (progress.results, progress.consecutive_failures, dict(progress.repeats)) == (1, 1, {"reset": 1})


def test_what_is_counted_in_a_row_begins_anew_after_a_resume_and_the_rest_goes_on() -> None:
    """The session may have been stopped by it: it would stop again before its first phase."""
    results = [result(number, success=False, fingerprint="boom", timed_out=True) for number in range(3)]
    session = Session(session_id="s", started_at=START, results=[result(9), *results])
    progress = counts_of(session).progress()
    assert (progress.consecutive_failures, progress.without_metric) == (0, 0)
    assert (progress.results, progress.successes) == (4, 1)
    assert (dict(progress.repeats), dict(progress.timeouts)) == ({"boom": 3}, {"r": 3})


def test_a_success_ends_a_row_of_failures(record: SessionRecord) -> None:
    record.counts.metric = "tokens"
    for number, success in enumerate((False, False, True, False)):
        add(record, result(number, success=success, metrics={"tokens": float(number == 1)}))
    progress = record.progress()
    assert (progress.consecutive_failures, progress.without_metric) == (1, 2)


def test_failures_whose_results_were_replaced_stay_counted_when_a_session_is_counted_anew() -> None:
    """`summary` and stop conditions of a session that goes on know of them."""
    session = Session(session_id="s", started_at=START, fingerprint_counts={"reset": 2, "boom": 9})
    session.results = [result(0, success=False, fingerprint="boom"), result(1, success=True)]
    session.recount()
    assert session.fingerprint_counts == {"reset": 2, "boom": 1}
    assert (session.total_processed, session.total_success, session.total_failed) == (2, 1, 1)
