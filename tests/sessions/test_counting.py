"""What a session counts of its results, while it runs and after it went on."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest

from batchdrain.model.phase import Skip
from batchdrain.sessions.events import Event
from batchdrain.sessions.parse import parse
from batchdrain.sessions.progress import ResultCounts, counts_of
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
    assert session.metrics == {"tokens": 7.0}, "what was consumed stays consumed"
    assert session.fingerprint_counts == {"boom": 1}
    assert (progress.results, progress.successes) == (2, 1)
    assert (dict(progress.repeats), dict(progress.timeouts)) == ({"boom": 1}, {"r": 0})
    assert dict(record.counts.fixed) == {"r": 1}
    record.save()
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
    session.recount()
    assert (session.total_processed, session.total_success, session.total_failed) == (2, 1, 1)


def test_the_rate_that_was_wanted_stands_in_the_settings_of_the_session() -> None:
    found = [
        Session(session_id="s", started_at=START, settings=settings).wanted_rate
        for settings in (
            None,
            {},
            {"min_success_rate": None},
            {"min_success_rate": 0.5},
            {"min_success_rate": 1},
            {"min_success_rate": "x"},
        )
    ]
    assert found == [None, None, None, 0.5, 1.0, None]


@pytest.mark.parametrize("written", ["2025-12-28T12:00:00", "2025-12-28T12:00:00Z", "2025-12-28T13:00:00+01:00"])
def test_a_time_without_a_zone_is_utc_and_one_with_a_zone_is_the_same_moment(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """Whatever the zone of the machine."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        found = Session.model_validate({"session_id": "s", "started_at": written}).started_at
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (found, found.utcoffset()) == (START, timedelta(0))


def test_what_no_text_can_hold_is_replaced_where_a_file_has_it() -> None:
    """Half a pair of surrogates can be written in JSON, and nowhere else."""
    raw = b'{"session_id": "s", "started_at": "2025-12-28T12:00:00Z", "stopped_because": "caf\\u00e9 \\ud800", "\\udfff": 1}'
    found = parse(raw, "s")
    assert found.stopped_because == "caf\u00e9 ?"
    assert found.model_extra == {"?": 1}


@pytest.mark.parametrize(
    ("success", "final", "fails_still"),
    [(False, "FAILED", True), (False, "QUEUED", True), (False, "TIMEOUT", True), (False, "CANCELLED", False),
     (True, "FAILED", False), (True, "COMPLETE", False)],
)  # fmt: skip
def test_a_phase_fails_still_where_it_did_not_succeed_and_stands_where_a_drain_takes_it(
    success: bool, final: str, fails_still: bool
) -> None:
    assert (
        result(success=success, initial_state="QUEUED", final_state=final).fails_still(frozenset({"FAILED"})) is fails_still
    )


def test_the_results_of_each_run_are_counted_in_the_order_in_which_the_runs_came() -> None:
    results = [result(0, run_id="s"), result(1, success=False), result(2, run_id="s", success=False), result(3, run_id="s")]
    found = Session(session_id="s", started_at=START, results=results).by_run()
    assert list(found.items()) == [("s", (2, 3)), ("r", (0, 1))]


@pytest.mark.parametrize("keep", [True, False])
def test_a_skip_stands_in_the_summary_where_it_is_to_be_kept(record: SessionRecord, keep: bool) -> None:
    assert record.note_once(Event.PHASE_SKIPPED, Skip("accepted", "known"), keep=keep, count=2)
    assert [(one.rule, one.count) for one in record.session.skipped] == [("accepted", 2)] * keep


@pytest.mark.parametrize(("status", "event"), [
    (Status.COMPLETE, "session.completed"), (Status.STOPPED, "session.stopped"), (Status.INTERRUPTED, "session.stopped"),
])  # fmt: skip
def test_the_end_of_a_session_is_its_last_event_with_its_totals(record: SessionRecord, status: Status, event: str) -> None:
    add(record, result(0, success=False))
    record.end(status, START, "why")
    last = json.loads(record.path.with_suffix(".events.jsonl").read_text().splitlines()[-1])
    assert [last[name] for name in ("event", "status", "total_processed", "total_success", "total_failed")] == [
        event, status.value, 1, 0, 1,
    ]  # fmt: skip
    assert last.get("because") == (None if status is Status.COMPLETE else "why")


def test_the_time_of_a_session_is_counted_from_its_begin_and_what_was_before_is_added(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("batchdrain.sessions.progress.time.monotonic", lambda: now)
    counts = ResultCounts()
    now = 150.0
    counts.begin()
    counts.earlier_s = 7.0
    now = 152.0
    assert counts.progress().elapsed_s == 9.0


@pytest.mark.parametrize("status", Status)
def test_in_a_session_that_nobody_resumes_no_failure_waits_any_more(record: SessionRecord, status: Status) -> None:
    add(record, result(1, success=False, fingerprint="no route", retry_at=START))
    record.end(status, START)
    waits = status is not Status.COMPLETE
    assert (record.session.retries_waiting, record.session.total_failed) == (int(waits), 1)
    kept = on_disk(record)
    assert (kept["results"][0]["retry_at"] is not None, kept["fingerprint_counts"]) == (
        waits,
        {} if waits else {"no route": 1},
    )
