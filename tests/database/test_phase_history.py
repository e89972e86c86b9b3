"""What the ledger tells of one phase: each attempt in its order, and how it stands with its claim."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batchdrain.database.ledger.history import SESSION
from batchdrain.database.ledger.phase_history import PastAttempt, PhaseHistory, read_phase_history
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import COUNTED, Outcome
from tests.database.bench import Bench, attempt_of, taken

KEY = PhaseKey("r", "p")
FIRST, SECOND = "a" * 32, "b" * 32


def told(bench: Bench, key: PhaseKey = KEY) -> PhaseHistory:
    return read_phase_history(bench.project.store, key)


def end(bench: Bench, controller: str, outcome: Outcome, name: str = "r/p") -> None:
    claims = bench.controller(controller)
    claim = taken(bench.claim(claims, name))
    claims.finish(claim, replace(attempt_of(claim, outcome, "why"), host="there", cpu_s=0.5, max_rss_kb=700))
    bench.work.sql("UPDATE phases SET state = 'FAILED'")


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_each_attempt_of_a_phase_is_told_in_its_order_with_its_session_and_no_other_phase_s(bench: Bench) -> None:
    bench.work.fail("r/p", "r/q")
    meta = bench.ledger.meta
    names = [f"{SESSION}the/first/{FIRST}", f"{SESSION}other/{'c' * 32}", f"sessionXnone/{SECOND}"]
    rows = [{"name": name, "value": "{}"} for name in names]
    bench.database.write(lambda connection: connection.execute(meta.insert(), rows))
    end(bench, "a", Outcome.FAILED)
    end(bench, "a", Outcome.COMPLETE, "r/q")
    end(bench, "b", Outcome.RELEASED)
    taken(bench.claim(bench.controller("a"), "r/p"))

    history = told(bench)
    found = [(one.epoch, one.attempt, one.outcome, one.session_uid, one.session_id) for one in history.attempts]
    assert found == [
        (1, 1, "failed", FIRST, "the/first"),
        (2, 2, "released", SECOND, None),
        (3, 2, None, FIRST, "the/first"),
    ]
    first, last = history.attempts[0], history.attempts[-1]
    assert (first.reason, first.final_state, first.category, first.exit_code, first.signal) == (
        "why",
        "FAILED",
        "other",
        0,
        None,
    )
    assert (first.host, first.cpu_ms, first.max_rss_kb, first.stdout_path, first.stderr_path) == (
        "there",
        500,
        700,
        "out",
        "err",
    )
    assert (first.duration_ms, last.duration_ms, last.ended_ms) == (1_000, None, None)
    assert (history.counted, history.orphanings, history.is_held, history.removed, history.was_completed) == (
        1,
        0,
        True,
        0,
        False,
    )


def test_a_claim_tells_of_orphanings_and_whether_somebody_holds_the_phase(bench: Bench) -> None:
    bench.work.fail("r/p")
    assert told(bench) == PhaseHistory()
    end(bench, "a", Outcome.ORPHANED)
    found = told(bench)
    assert (found.counted, found.orphanings, found.is_held, found.was_completed) == (0, 1, False, None)


def past(outcome: Outcome | None) -> PastAttempt:
    absent: dict[str, Any] = dict.fromkeys(PastAttempt.__dataclass_fields__)
    return PastAttempt(
        **{**absent, "epoch": 1, "attempt": 1, "session_uid": FIRST, "outcome": None if outcome is None else outcome.value}
    )


def test_an_attempt_counts_by_its_outcome_and_one_that_runs_does_not() -> None:
    assert {outcome for outcome in Outcome if past(outcome).is_counted} == COUNTED
    assert not past(None).is_counted


@pytest.mark.parametrize(
    ("outcomes", "counted", "removed", "was_completed"),
    [
        ([], 0, 0, None),
        ([], 3, 3, None),
        ([Outcome.FAILED, Outcome.COMPLETE], 2, 0, True),
        ([Outcome.COMPLETE, Outcome.FAILED], 4, 2, False),
        ([Outcome.COMPLETE, Outcome.RELEASED, None], 1, 0, True),
        ([Outcome.RELEASED, None], 2, 2, None),
        ([Outcome.FAILED, Outcome.FAILED], 1, 0, False),
    ],
)
def test_what_was_removed_is_counted_and_the_last_counted_attempt_tells_whether_it_was_completed(
    outcomes: list[Outcome | None], counted: int, removed: int, was_completed: bool | None
) -> None:
    found = PhaseHistory(attempts=tuple(map(past, outcomes)), counted=counted)
    assert (found.removed, found.was_completed) == (removed, was_completed)
