"""What is tried again, how often and when."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.settings import Retry
from batchdrain.drain.retry import full_jitter, retry_after
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.runtime import clock
from tests.support.workplace import DEADLINE_S, WORKER, Workplace, wait_for

PHASE = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED)


FAILED = Attempt(
    phase=PHASE, epoch=1, attempt=1, outcome=Outcome.FAILED, final_state="FAILED", reason="x", failure=Failure("x", "transient"),
    exit_code=75, signal=None, started_at=clock.now(), ended_at=clock.now(), duration_s=1.0,
    limit=TimeLimit(seconds=1, rule=""), stdout_path="", stderr_path="",
)  # fmt: skip


@pytest.mark.parametrize(
    ("attempt", "executions", "retried"),
    [
        (FAILED, 1, True),
        (FAILED, 2, False),
        (replace(FAILED, failure=Failure("x", "other")), 1, False),
        (replace(FAILED, outcome=Outcome.TIMEOUT), 1, False),
        (replace(FAILED, outcome=Outcome.COMPLETE), 1, False),
        (replace(FAILED, outcome=Outcome.MOVED), 1, False),
    ],
)
def test_only_transient_failures_are_tried_again_and_not_for_ever(attempt: Attempt, executions: int, retried: bool) -> None:
    assert (retry_after(attempt, executions, Retry(max_attempts=2)) is not None) is retried


def test_a_command_that_asks_for_time_is_tried_again_at_once() -> None:
    assert retry_after(replace(FAILED, wants_more_time=True), 1, Retry()) == 0.0


@given(st.integers(1, 40), st.floats(0, 100), st.floats(0, 1000))
def test_the_wait_is_full_jitter_below_the_exponential_and_the_cap(executions: int, initial_s: float, max_s: float) -> None:
    wait = full_jitter(executions, Retry(initial_s=initial_s, max_s=max_s))
    assert 0 <= wait <= min(max_s, initial_s * 2 ** (executions - 1))


@pytest.mark.parametrize(("executions", "longest"), [(1, 3.0), (2, 6.0), (3, 12.0), (4, 20.0), (400, 20.0)])
def test_the_longest_wait_is_doubled_with_each_try_up_to_the_cap(
    monkeypatch: pytest.MonkeyPatch, executions: int, longest: float
) -> None:
    for luck, wait in ((1.0, longest), (0.0, 0.0), (0.5, longest / 2)):
        monkeypatch.setattr("random.uniform", lambda low, high, luck=luck: low + luck * (high - low))
        assert full_jitter(executions, Retry(initial_s=3, max_s=20)) == wait


def test_a_transient_failure_is_tried_again_and_counted_once(project: Workplace) -> None:
    project.fail("r/a~transient", "s/b")

    ran = project.inv("drain")

    assert ran.code == 0, ran.out
    waits = ran.lines.index("    Trying again in 0.0 s: transient failure, try 2 of 2")
    assert ran.lines[waits - 2].startswith("    Error: ConnectionResetError")
    assert ran.lines[waits - 1].startswith("    Log: ")
    assert ran.lines[waits + 1] == ""
    session = project.session()
    assert (session["total_processed"], session["total_success"]) == (2, 2)
    assert [(r["phase_id"], r["attempt"], r["retry_at"]) for r in session["results"]] == [
        ("a~transient", 2, None),
        ("b", 1, None),
    ]
    assert [e["event"] for e in project.events()].count("phase.retry_scheduled") == 1


def test_a_phase_that_stays_transient_is_given_up(project: Workplace) -> None:
    project.fail("r/a~transient=99")

    assert project.inv("drain", "--max-attempts=3").code == 1
    assert project.sql("SELECT outcome, category FROM batchdrain_attempt ORDER BY epoch") == [("failed", "transient")] * 3


def test_the_wait_for_a_retry_holds_neither_slot_nor_claim(sqlite_project: Workplace) -> None:
    sqlite_project.configure(
        retry={"initial_s": 30_000_000, "max_s": 30_000_000}
    )  # full jitter: an hour may be next to nothing
    sqlite_project.fail("a/first~transient", "b/second", "c/third")
    others = {"b/second": "COMPLETE", "c/third": "COMPLETE"}

    drain = sqlite_project.start("drain", "--policy=run-order")
    wait_for(lambda: others.items() <= sqlite_project.states().items(), "the others to be drained meanwhile")

    assert sqlite_project.sql("SELECT owner FROM batchdrain_claim") == [(None,)] * 3
    drain.send_signal(signal.SIGTERM)
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert drain.returncode == 143, (out, err)
    order = [event["phase_id"] for event in sqlite_project.events() if event["event"] == "phase.selected"]
    assert order == ["first~transient", "second", "third"]


def test_a_retry_of_a_busy_run_holds_up_no_other_retry(sqlite_project: Workplace) -> None:
    """Two retries are due; the run of the first is busy until the second has been executed again."""
    sqlite_project.configure(retry={"initial_s": 0.01, "max_s": 0.01})
    sqlite_project.fail("a/1~transient", "b/1~transient")
    sqlite_project.add(("a", "2~until=second.txt", 9, "FAILED", None))
    sqlite_project.configure(command={"argv": ["{python}", "-S", "-c", SECOND, "{run_id}", "{attempt}", str(WORKER)]})

    assert sqlite_project.inv("drain", "--workers=2", "--policy=run-order", "--phase-timeout=50").code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


SECOND = (
    "import runpy, sys; from pathlib import Path; run, attempt, worker = sys.argv[1:]; "
    "(run, attempt) == ('b', '2') and Path('second.txt').touch(); runpy.run_path(worker, run_name='__main__')"
)


def test_a_command_that_needs_time_gets_twice_the_limit(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a~needs")

    assert sqlite_project.inv("drain", "--phase-timeout=20").code == 0
    limits = [event["timeout_s"] for event in sqlite_project.events() if event["event"] == "phase.started"]
    assert limits == [20.0, 40.0]
