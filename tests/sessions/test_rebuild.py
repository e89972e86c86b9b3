"""What the ledger's rows of a session become: its results, what its file lacks, and how often it executed each phase."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from batchdrain.failures.fingerprints import VERSION
from batchdrain.model.states import COUNTED, Outcome
from batchdrain.runtime import clock
from batchdrain.sessions.rebuild import catch_up, executions_of, results_of
from batchdrain.sessions.renewed_fingerprints import renew_fingerprints
from batchdrain.sessions.session import Session
from tests.sessions.files import START, result


def row(phase_id: str = "p0", outcome: Outcome = Outcome.FAILED, **fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "run_id": "r", "phase_id": phase_id, "phase_index": 7, "outcome": outcome.value, "initial_state": "FAILED",
        "final_state": "FAILED", "reason": "boom", "ended_ms": clock.to_ms(START), "attempt": 1, "category": "other",
        "fingerprint": "boom", "exit_code": 3, "signal": None, "duration_ms": 1_500, "log_path": "logs/x.stderr.txt", "metrics": '{"tokens": 5.0}',
    }  # fmt: skip
    return {**base, **fields}


def test_a_result_has_all_that_the_ledger_knows_of_it() -> None:
    [found] = results_of([row(outcome=Outcome.TIMEOUT, signal=15, cpu_ms=250, max_rss_kb=900)])
    expected = result(
        0, success=False, phase_index=7, initial_state="FAILED", outcome="timeout", final_state="FAILED", error_message="boom", attempt=1,
        category="other", fingerprint="boom", exit_code=3, signal=15, duration_s=1.5, timed_out=True, stderr_path="logs/x.stderr.txt",
        stdout_path="logs/x.stdout.txt", metrics={"tokens": 5.0}, timestamp=datetime(2025, 12, 28, 12, tzinfo=UTC), cpu_s=0.25, max_rss_kb=900,
    )  # fmt: skip
    assert found == expected
    [unmeasured] = results_of([row()])
    assert (unmeasured.cpu_s, unmeasured.max_rss_kb) == (None, None), "tables of an earlier version have no such columns"


def test_a_failure_without_a_fingerprint_has_none_by_the_rules_of_now_too() -> None:
    found = results_of(
        [row("p0", fingerprint=None), row("p1", fingerprint=""), row("p2", fingerprint="old", fingerprint_version=1)]
    )
    assert [one.fingerprint for one in found] == [None, "", "boom"]
    [current] = results_of([row(fingerprint="kept", fingerprint_version=VERSION)])
    assert current.fingerprint == "kept"


def test_the_log_of_stdout_is_where_the_ledger_says_and_else_beside_that_of_stderr() -> None:
    rows = [row("p0"), row("p1", stdout_path="elsewhere/x.stdout.txt"), row("p2", stdout_path=None), row("p3", log_path=None)]
    found = [one.stdout_path for one in results_of(rows)]
    assert found == ["logs/x.stdout.txt", "elsewhere/x.stdout.txt", "logs/x.stdout.txt", None]


def test_a_phase_has_the_result_of_its_last_counted_attempt_at_the_place_of_its_first() -> None:
    rows = [
        row("p0", attempt=1),
        row("p0", attempt=1, outcome=Outcome.NOT_STARTED),
        row("p1", outcome=Outcome.COMPLETE, reason=None, exit_code=0),
        row("p0", attempt=2, outcome=Outcome.COMPLETE, reason=None, exit_code=0),
        row("p0", attempt=3, outcome=Outcome.RELEASED),
        row("p2", outcome=Outcome.ORPHANED),
    ]
    found = results_of(rows)
    assert [(one.phase_id, one.attempt, one.success) for one in found] == [("p0", 2, True), ("p1", 1, True)]


def test_only_what_counts_as_an_attempt_is_an_execution() -> None:
    """What was given back costs a phase none of its tries."""
    rows = [row("p0", outcome) for outcome in Outcome]
    assert executions_of([*rows, row("p1")]) == {("r", "p0"): len(COUNTED), ("r", "p1"): 1}


def test_what_the_file_says_of_an_attempt_stands_where_the_ledger_knows_no_later_one() -> None:
    """The ledger does not know that it was to be tried again, and when."""
    waits = result(0, success=False, attempt=1, retry_at=START + timedelta(hours=1))
    session = Session(session_id="s", started_at=START, results=[waits])
    assert catch_up(session, [row("p0", attempt=1)]) == 0
    assert session.results == [waits]


def test_a_file_that_is_older_than_the_ledger_is_caught_up_with_it() -> None:
    session = Session(session_id="s", started_at=START, results=[result(0, success=False, attempt=1, retry_at=START)])
    rows = [row("p0", attempt=2, outcome=Outcome.COMPLETE, reason=None), row("p1", outcome=Outcome.TIMEOUT)]

    assert catch_up(session, rows) == 2

    assert [(one.phase_id, one.success, one.retry_at) for one in session.results] == [("p0", True, None), ("p1", False, None)]
    assert (session.total_processed, session.total_success, session.total_failed, session.total_timeouts) == (2, 1, 1, 1)


def test_what_an_attempt_consumed_is_counted_beside_the_result_that_took_its_place() -> None:
    """A file of an earlier version does not say it; the ledger does."""
    session = Session(session_id="s", started_at=START, results=[result(0, attempt=3), result(1, attempt=1)])
    rows = [
        row("p0", attempt=1, metrics='{"t": 1.0}'),
        row("p0", attempt=2, metrics=None),
        row("p0", attempt=2, metrics='{"t": 2.0}', outcome=Outcome.RELEASED),
        row("p0", attempt=3, metrics='{"t": 4.0}'),
        row("p1", attempt=1, metrics='{"t": 8.0}'),
        row("p9", attempt=1, metrics='{"t": 16.0}'),
    ]
    assert catch_up(session, rows) == 1
    found = {one.phase_id: (one.spent.attempts, one.spent.metrics) for one in session.results}
    assert found == {"p0": (3, {"t": 1.0}), "p1": (1, {}), "p9": (1, {"t": 16.0})}
    assert catch_up(session, rows) == 0
    assert session.metrics == {"t": 17.0}, "once, however often it is caught up"


def test_a_session_of_earlier_rules_is_counted_by_those_of_now_as_far_as_its_texts_tell() -> None:
    session = Session(session_id="s", started_at=START, fingerprint_version=1, fingerprint_counts={"old": 5, "untold": 2})
    session.results = [
        result(0, success=False, fingerprint="old", error_message="disk full"),
        result(1, success=False, fingerprint="old"),
        result(2, success=False, fingerprint="old", error_message="disk full", retry_at=START),
        result(3, success=True, fingerprint="old", error_message="disk full"),
        result(4, success=False, fingerprint=None, error_message="x"),
        result(5, success=False, fingerprint="bare"),
    ]
    renew_fingerprints(session)
    assert [one.fingerprint for one in session.results] == ["disk full"] * 4 + [None, "bare"]
    assert session.fingerprint_counts == {"untold": 2, "disk full": 2, "bare": 1}
    assert session.fingerprint_version == VERSION

    current = Session(session_id="s", started_at=START, fingerprint_version=VERSION, fingerprint_counts={"old": 5})
    current.results = [result(0, success=False, fingerprint="old", error_message="disk full")]
    renew_fingerprints(current)
    assert (current.results[0].fingerprint, current.fingerprint_counts) == ("old", {"old": 5})
