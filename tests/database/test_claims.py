"""The transactions, the same on every database."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.model.claim import Choice
from batchdrain.model.errors import BadData, ClaimLost
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome, PhaseState
from tests.database.bench import NOW, Bench, attempt_of, choice_of, taken

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


def test_a_claim_marks_the_phase_and_opens_an_attempt(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before")

    claim = taken(bench.claim(bench.controller(), "r/p"))

    assert (claim.epoch, claim.attempt, claim.prior_state, claim.prior_reason) == (1, 1, "FAILED", "before")
    assert bench.work.phases() == {"r/p": ("EXECUTING", "before")}
    assert bench.rows("run_id, phase_id, epoch, attempt, outcome") == [("r", "p", 1, 1, None)]


def test_a_phase_that_is_held_can_not_be_claimed(bench: Bench) -> None:
    bench.work.fail("r/p")
    taken(bench.claim(bench.controller("a"), "r/p"))

    assert bench.claim(bench.controller("b"), "r/p") is None
    assert bench.rows("epoch, outcome") == [(1, None)]


def test_a_phase_that_moved_meanwhile_is_left_untouched(bench: Bench) -> None:
    bench.work.add(("r", "p", 0, "QUEUED", "why"))

    assert bench.claim(bench.controller(), "r/p") is None
    assert bench.work.phases() == {"r/p": ("QUEUED", "why")}
    assert bench.rows("epoch") == []
    assert bench.rows("owner", "batchdrain_claim") == []


def test_a_phase_that_is_gone_can_not_be_claimed(bench: Bench) -> None:
    assert bench.claim(bench.controller(), "r/nothing") is None


def test_ids_that_name_two_rows_are_refused(bench: Bench) -> None:
    bench.work.sql("CREATE TABLE twins (run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INT, state VARCHAR(20), "
                   "last_failure_reason TEXT)")  # fmt: skip
    bench.work.sql("INSERT INTO twins VALUES ('r', 'p', 0, 'FAILED', 'a'), ('r', 'p', 1, 'FAILED', 'b')")
    table = PhaseTable.reflect(bench.database, Source(table="twins"))
    claims = Claims(Store(bench.database, table, bench.ledger), bench.command, "a" * 32)

    with pytest.raises(BadData, match="name more than one row"):
        bench.claim(claims, "r/p")
    assert bench.work.sql("SELECT DISTINCT state FROM twins") == [("FAILED",)]


@pytest.mark.parametrize(
    ("outcome", "reason", "expected"),
    [
        (Outcome.COMPLETE, None, ("COMPLETE", None)),
        (Outcome.FAILED, "new", ("FAILED", "new")),
        (Outcome.TIMEOUT, "late", ("FAILED", "late")),
        (Outcome.RELEASED, "x", ("FAILED", "before")),
        (Outcome.NOT_STARTED, "x", ("FAILED", "before")),
    ],
)
def test_finish_writes_the_end_and_frees_the_claim(
    bench: Bench, outcome: Outcome, reason: str | None, expected: tuple[str, str | None]
) -> None:
    bench.work.fail("r/p", reason="before")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))

    recorded = claims.finish(claim, attempt_of(claim, outcome, reason))

    assert (recorded.outcome, recorded.final_state) == (outcome, expected[0])
    assert bench.work.phases() == {"r/p": expected}
    assert bench.rows("outcome") == [(outcome.value,)]
    assert bench.rows("owner", "batchdrain_claim") == [(None,)]


def test_an_interruption_gives_the_attempt_back(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    first = taken(bench.claim(claims, "r/p"))
    claims.finish(first, attempt_of(first, Outcome.RELEASED))

    second = taken(bench.claim(claims, "r/p"))

    assert (second.attempt, second.epoch) == (1, 2)


def test_a_finish_that_is_repeated_changes_nothing(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    once = claims.finish(claim, attempt_of(claim, Outcome.COMPLETE))

    assert claims.finish(claim, attempt_of(claim, Outcome.COMPLETE)) == once
    assert bench.rows("outcome, attempt") == [("complete", 1)]
    assert bench.rows("attempts", "batchdrain_claim") == [(1,)]


def test_a_claim_that_is_repeated_after_a_lost_reply_is_the_same_claim(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before")
    claims = bench.controller()
    once = taken(bench.claim(claims, "r/p"))
    assert bench.claim(claims, "r/p") is None  # it knows that it holds it
    claims._holds.clear()  # the reply to its commit is lost

    again = taken(bench.claim(claims, "r/p"))

    assert again == once
    assert bench.rows("epoch") == [(1,)]


def test_a_controller_whose_claim_was_taken_over_can_write_nothing(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before")
    zombie, heir = bench.controller("a"), bench.controller("b")
    old = taken(bench.claim(zombie, "r/p", lease_s=-1))
    assert bench.recover() == ["r / p"]
    new = taken(bench.claim(heir, "r/p"))

    with pytest.raises(ClaimLost):
        zombie.finish(old, attempt_of(old, Outcome.COMPLETE))

    assert bench.work.states() == {"r/p": "EXECUTING"}
    assert bench.rows("epoch, outcome") == [(1, "orphaned"), (new.epoch, None)]
    assert heir.finish(new, attempt_of(new, Outcome.COMPLETE)).final_state == "COMPLETE"


def test_a_row_that_somebody_else_changed_is_not_overwritten(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    bench.work.sql("UPDATE phases SET state = 'CANCELLED', last_failure_reason = 'by hand'")

    recorded = claims.finish(claim, attempt_of(claim, Outcome.COMPLETE))

    assert (recorded.outcome, recorded.final_state, recorded.success) == (Outcome.MOVED, "CANCELLED", False)
    assert bench.work.phases() == {"r/p": ("CANCELLED", "by hand")}


def test_a_row_that_was_deleted_while_it_executed_is_reported_as_gone(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    bench.work.sql("DELETE FROM phases")

    assert claims.finish(claim, attempt_of(claim, Outcome.COMPLETE)).final_state == "gone"


def test_only_the_mapped_columns_of_the_held_row_change(bench: Bench) -> None:
    bench.work.fail("r/p", "r/q", "s/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    claims.finish(claim, attempt_of(claim, Outcome.FAILED, "new"))

    assert bench.work.sql("SELECT run_id, phase_id, phase_index, state, last_failure_reason, note FROM phases "
                          "ORDER BY run_id, phase_id") == [
        ("r", "p", 0, "FAILED", "new", "untouched"),
        ("r", "q", 1, "FAILED", None, "untouched"),
        ("s", "p", 2, "FAILED", None, "untouched"),
    ]  # fmt: skip


def test_a_phase_that_waits_for_its_retry_can_be_claimed_by_nobody_before(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    claims.finish(claim, attempt_of(claim, Outcome.FAILED, "reset"), retry_in_s=3600)

    assert bench.claim(bench.controller("b"), "r/p") is None


def test_many_controllers_claim_each_phase_exactly_once(bench: Bench) -> None:
    names = [f"r{number}/p" for number in range(20)]
    bench.work.fail(*names)
    won: list[str] = []

    def race(controller: str) -> None:
        claims = bench.controller(controller)
        won.extend(name for name in names if bench.claim(claims, name) is not None)

    threads = [threading.Thread(target=race, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == sorted(names)
    assert bench.rows("epoch") == [(1,)] * 20


def test_the_ledger_refuses_a_newer_version_of_itself(bench: Bench) -> None:
    bench.work.sql("UPDATE batchdrain_meta SET value = '99' WHERE name = 'schema_version'")

    with pytest.raises(Exception, match="upgrade batchdrain"):
        bench.ledger.require_version(bench.database)


def test_an_attempt_keeps_the_failure_that_it_sets_out_from(bench: Bench) -> None:
    bench.work.fail("r/p", reason="HTTP 503 from build-7")
    bench.work.add(("r", "q", 1, "QUEUED", "an old failure"))
    claims, phase = bench.controller(), choice_of("r/p").phase
    failed = Choice(phase=replace(phase, failure=Failure("HTTP 503 from build-7", "transient")), reason="")
    for choice in (failed, choice_of("r/q", PhaseState.QUEUED)):
        taken(claims.claim(choice, lease_s=60, run_type="default", now=NOW))

    found = bench.rows("phase_id, from_category, from_fingerprint")

    assert sorted(found) == [("p", "transient", "http 503 from *"), ("q", None, None)]


def test_two_claims_of_one_epoch_can_not_both_be_written(bench: Bench) -> None:
    bench.work.fail("r/p")
    taken(bench.claim(bench.controller(), "r/p"))
    row = {
        "source": "phases",
        "key": PhaseKey("r", "p").digest,
        "epoch": 1,
        "session_uid": "b" * 32,
        "run_id": "r",
        "phase_id": "p",
    }
    row |= {"attempt": 1, "run_type": "default", "initial_state": "FAILED", "started_ms": 1}

    with pytest.raises(sa.exc.IntegrityError):
        bench.database.write(lambda connection: connection.execute(bench.ledger.attempt.insert().values(row)))
