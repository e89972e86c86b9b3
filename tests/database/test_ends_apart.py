"""The end of an attempt: what is forgotten with it, what is written anew, and who may say that it was written already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.ledger.claims import Claims
from batchdrain.model.claim import Claim
from batchdrain.model.errors import ClaimLost
from batchdrain.model.states import Outcome
from batchdrain.runtime import clock
from tests.database.bench import NOW, Bench, attempt_of, opened, taken
from tests.support.workplace import Workplace


@pytest.fixture
def bench(sqlite_project: Workplace) -> Iterator[Bench]:
    sqlite_project.fail("r/p", "r/q", reason="before")
    yield from opened(sqlite_project, Command(argv=["true"]))


@pytest.fixture
def ours(bench: Bench) -> Claims:
    return bench.controller()


@pytest.fixture
def held(bench: Bench, ours: Claims) -> Claim:
    return taken(bench.claim(ours, "r/p"))


WAITS = "SELECT next_at_ms IS NOT NULL FROM batchdrain_claim ORDER BY key"


def test_a_failure_that_is_tried_again_makes_others_wait_for_its_phase_alone(bench: Bench, ours: Claims, held: Claim) -> None:
    other = taken(bench.claim(ours, "r/q"))
    ours.finish(other, attempt_of(other, Outcome.FAILED, "x"))
    ours.finish(held, attempt_of(held, Outcome.FAILED, "x"), retry_in_s=60)
    assert sorted(bench.work.sql(WAITS)) == [(0,), (1,)]


def test_nobody_waits_for_a_phase_that_somebody_else_moved(bench: Bench, ours: Claims, held: Claim) -> None:
    other = taken(bench.claim(ours, "r/q"))
    ours.finish(other, attempt_of(other, Outcome.FAILED, "x"), retry_in_s=60)
    bench.work.sql("UPDATE phases SET state = 'CANCELLED' WHERE phase_id = 'p'")
    found = ours.finish(held, attempt_of(held, Outcome.FAILED, "x"), retry_in_s=60)
    assert (found.outcome, found.final_state) == (Outcome.MOVED, "CANCELLED")
    waits = bench.work.sql("SELECT key, next_at_ms IS NOT NULL FROM batchdrain_claim")
    assert dict(waits) == {held.phase.key.digest: 0, other.phase.key.digest: 1}


def test_an_attempt_that_somebody_deleted_while_it_ran_is_written_anew(bench: Bench, ours: Claims, held: Claim) -> None:
    bench.work.sql("DELETE FROM batchdrain_attempt")
    ours.finish(held, attempt_of(held, Outcome.FAILED, "again"))
    what = "run_id, phase_id, epoch, attempt, outcome, session_uid, run_type, initial_state, ended_ms"
    assert bench.rows(what) == [
        ("r", "p", 1, 1, "failed", "a" * 32, "default", "FAILED", clock.to_ms(NOW + timedelta(seconds=1))),
    ]  # fmt: skip
    assert bench.work.phases()["r/p"] == ("FAILED", "again")


def test_an_end_whose_reply_was_lost_is_known_by_its_session_its_time_and_what_it_came_to(
    bench: Bench, ours: Claims, held: Claim
) -> None:
    """Somebody else's end of the same epoch is not ours."""
    attempt = attempt_of(held, Outcome.FAILED, "again")
    first = ours.finish(held, attempt)
    assert ours.finish(held, attempt) == replace(attempt, outcome=first.outcome, final_state="FAILED")
    assert len(bench.rows("epoch")) == 1
    for other in (
        replace(attempt, ended_at=attempt.ended_at + timedelta(milliseconds=1)), replace(attempt, outcome=Outcome.COMPLETE),
    ):  # fmt: skip
        with pytest.raises(ClaimLost):
            ours.finish(held, other)
    ours.holder = replace(ours.holder, session_uid="b" * 32)
    with pytest.raises(ClaimLost):
        ours.finish(held, attempt)


@pytest.mark.parametrize("outcome", [Outcome.MOVED, Outcome.REFUSED])
def test_an_end_that_was_recorded_as_something_else_is_that(
    bench: Bench, ours: Claims, held: Claim, outcome: Outcome
) -> None:
    attempt = attempt_of(held, Outcome.COMPLETE)
    ours.finish(held, attempt)
    bench.work.sql("UPDATE batchdrain_attempt SET outcome = :o, final_state = 'X'", [{"o": outcome.value}])
    found = ours.finish(held, attempt)
    assert (found.outcome, found.final_state) == (outcome, "X")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE batchdrain_claim SET epoch = epoch + 1", "the claim of epoch 1 was taken over; nothing was written"),
        ("DELETE FROM batchdrain_claim", "its row of batchdrain_claim is gone"),
        ("UPDATE batchdrain_claim SET owner = 'x'", "its row of batchdrain_claim was changed"),
        ("UPDATE batchdrain_claim SET epoch = 0", "its row of batchdrain_claim was changed"),
    ],
)
def test_a_claim_that_is_lost_says_by_what(bench: Bench, ours: Claims, held: Claim, change: str, says: str) -> None:
    bench.work.sql(change)
    with pytest.raises(ClaimLost, match=says):
        ours.finish(held, attempt_of(held, Outcome.COMPLETE))
    assert (bench.work.states()["r/p"], bench.rows("outcome")) == ("EXECUTING", [(None,)])


@pytest.mark.parametrize(
    ("outcome", "attempts", "orphan_count"),
    [
        (Outcome.FAILED, 1, 0), (Outcome.TIMEOUT, 1, 0), (Outcome.COMPLETE, 1, 0), (Outcome.RELEASED, 0, 2), (Outcome.ORPHANED, 0, 3),
        (Outcome.NOT_STARTED, 0, 2),
    ],
)  # fmt: skip
def test_what_was_executed_counts_and_only_an_end_forgets_the_orphanings(
    bench: Bench, ours: Claims, held: Claim, outcome: Outcome, attempts: int, orphan_count: int
) -> None:
    bench.work.sql("UPDATE batchdrain_claim SET orphan_count = 2")
    ours.finish(held, attempt_of(held, outcome, None if outcome is Outcome.COMPLETE else "why"))
    assert bench.work.sql("SELECT attempts, orphan_count, owner FROM batchdrain_claim") == [(attempts, orphan_count, None)]
