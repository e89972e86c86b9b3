"""What is kept of an attempt where: each field is its own, in the ledger, in the event and in the session's result."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from batchdrain.database.ledger.attempt_fields import to_event, to_result, to_row
from batchdrain.database.ledger.attempt_rows import opening_row_of
from batchdrain.execution.process_identity import ProcessIdentity, identify_self
from batchdrain.failures.fingerprints import VERSION
from batchdrain.failures.kept_fingerprint import example_of
from batchdrain.model.attempt import Attempt, Finished
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.runtime import clock
from tests.database.bench import Bench, taken

BEGAN = clock.from_ms(1_700_000_000_000)
PHASE = Phase(run_id="r", phase_id="p", phase_index=3, state=PhaseState.FAILED, failure=Failure("HTTP 503", "transient"))
ATTEMPT = Attempt(
    phase=PHASE, epoch=4, attempt=2, outcome=Outcome.TIMEOUT, final_state="FAILED", reason="late\x00", failure=Failure("late", "other", "print"),
    exit_code=None, signal=9, started_at=BEGAN, ended_at=BEGAN + timedelta(seconds=5), duration_s=5.00049, limit=TimeLimit(seconds=5, rule="x"),
    stdout_path="out", stderr_path="err", log_path="log", log_sha256="a" * 64, cpu_s=1.23456, max_rss_kb=77, metrics={"tokens": 8.0},
    answer_problem="odd", host="worker-1",
)  # fmt: skip
END = Finished(attempt=ATTEMPT, initial_state="WAITS", retry_at=BEGAN + timedelta(seconds=9), left_over=6)
ROW: dict[str, Any] = {
    "the_key": PhaseKey("r", "p").digest, "the_epoch": 4, "outcome": "timeout", "final_state": "FAILED", "category": "other",
    "fingerprint": "print", "exit_code": None, "signal": 9, "duration_ms": 5000, "ended_ms": 1_700_000_005_000, "reason": "late\u2400",
    "metrics": '{"tokens": 8.0}', "stdout_path": "out", "log_path": "err", "log_sha256": "a" * 64, "cpu_ms": 1235, "max_rss_kb": 77,
    "host": "worker-1",
}  # fmt: skip


def test_the_row_of_an_end_holds_what_its_table_has_room_for() -> None:
    assert to_row(ATTEMPT, ROW.keys()) == ROW
    assert to_row(ATTEMPT, {"outcome", "signal"}) == {
        name: ROW[name] for name in ("the_key", "the_epoch", "outcome", "signal")
    }
    assert "host" not in to_row(replace(ATTEMPT, host=""), ROW.keys()), "then it ran where its row began"
    bare = to_row(replace(ATTEMPT, metrics={}, reason=None, final_state="x" * 501), ROW.keys())
    assert (bare["metrics"], bare["reason"], bare["final_state"]) == (None, None, "x" * 499 + "…")


def test_the_event_of_an_end_names_each_field() -> None:
    assert to_event(END) == {
        "run_id": "r", "phase_id": "p", "epoch": 4, "attempt": 2, "outcome": "timeout", "final_state": "FAILED", "success": False,
        "category": "other", "fingerprint": "print", "exit_code": None, "signal": 9, "duration_s": 5.0, "left_over": 6, "reason": "late\x00",
        "result_problem": "odd", "stdout_path": "out", "stderr_path": "err", "log_path": "log", "retry_at": "2023-11-14T22:13:29Z",
        "host": "worker-1",
    }  # fmt: skip


def test_the_result_of_an_end_names_each_field() -> None:
    assert to_result(END) == {
        "run_id": "r", "phase_id": "p", "phase_index": 3, "initial_state": "WAITS", "attempt": 2, "outcome": "timeout", "final_state": "FAILED", "success": False,
        "timed_out": True, "category": "other", "fingerprint": "print", "exit_code": None, "signal": 9, "duration_s": 5.0, "cpu_s": 1.235,
        "max_rss_kb": 77, "timestamp": BEGAN + timedelta(seconds=5), "error_message": "late\x00", "metrics": {"tokens": 8.0},
        "stdout_path": "out", "stderr_path": "err", "log_path": "log", "retry_at": BEGAN + timedelta(seconds=9),
        "host": "worker-1",
    }  # fmt: skip
    assert to_result(Finished(attempt=replace(ATTEMPT, cpu_s=None)))["cpu_s"] is None


@pytest.mark.parametrize("with_example", [True, False])
@pytest.mark.parametrize("state", [PhaseState.FAILED, PhaseState.QUEUED])
def test_an_attempt_begins_with_the_failure_that_it_sets_out_from(state: PhaseState, with_example: bool) -> None:
    claim = Claim(phase=replace(PHASE, state=state), epoch=4, attempt=2, prior_state="WAITS", prior_reason="HTTP 503",
                  held_state="RUNS", claimed_at=BEGAN, token="t")  # fmt: skip
    failed = state is PhaseState.FAILED
    expected = {
        "source": "phases", "key": PhaseKey("r", "p").digest, "epoch": 4, "session_uid": "u", "run_id": "r", "phase_id": "p",
        "phase_index": 3, "attempt": 2, "run_type": "x" * 191, "initial_state": "WAITS", "started_ms": 1_700_000_000_000,
        "from_category": "transient" if failed else None, "from_fingerprint": PHASE.failure.fingerprint if failed else None,
    }  # fmt: skip
    if with_example:
        expected |= {
            "group_key": None,
            "host": socket.gethostname(),
            "fingerprint_version": VERSION,
            "from_example": example_of("HTTP 503") if failed else None,
        }
    assert opening_row_of(claim, "phases", "u", "x" * 300, is_newest=with_example) == expected


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_the_row_of_a_claim_says_who_holds_it_and_how_its_end_is_judged(bench: Bench) -> None:
    """By another session over an earlier one: nothing of that one's is left."""
    bench.work.fail("r/p", reason="before")
    guard, me = ProcessIdentity("here", 7, 70), identify_self()
    first = bench.controller("a")
    first.holder = replace(first.holder, spool_dir="/spool/a")
    taken(bench.claim(first, "r/p", lease_s=-1, guard=guard))
    columns = "epoch, host_id, ctl_pid, ctl_start, guard_pid, guard_start, spool_dir, prior_state, prior_reason, held_state, success_codes"
    [row] = bench.rows(columns, "batchdrain_claim")
    assert row == (1, me.host_id, me.pid, me.start, 7, 70, "/spool/a", "FAILED", "before", "EXECUTING", "[0]")
    bench.recover()
    bench.work.sql("UPDATE phases SET last_failure_reason = 'later'")
    taken(bench.claim(bench.controller("b"), "r/p"))
    [row] = bench.rows(columns, "batchdrain_claim")
    assert row == (3, me.host_id, me.pid, me.start, None, None, "", "FAILED", "later", "EXECUTING", "[0]")
