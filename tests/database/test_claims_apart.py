"""What a claim counts and forgets, and that each write names whose it is."""

from __future__ import annotations

import pytest

from batchdrain.model.errors import ClaimLost
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from tests.database.bench import Bench, attempt_of, taken

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


@pytest.mark.parametrize(
    ("outcomes", "attempts", "orphanings"),
    [
        ([Outcome.FAILED], 1, 0),
        ([Outcome.TIMEOUT, Outcome.FAILED], 2, 0),
        ([Outcome.RELEASED, Outcome.NOT_STARTED], 0, 0),
        ([Outcome.ORPHANED, Outcome.ORPHANED], 0, 2),
        ([Outcome.ORPHANED, Outcome.RELEASED], 0, 1),
        ([Outcome.ORPHANED, Outcome.FAILED], 1, 0),
        ([Outcome.FAILED, Outcome.ORPHANED, Outcome.COMPLETE], 2, 0),
    ],
    ids=str,
)
def test_a_claim_counts_what_was_executed_and_forgets_its_orphanings_then(
    bench: Bench, outcomes: list[Outcome], attempts: int, orphanings: int
) -> None:
    """A phase that was executed to its end does not kill whoever runs it."""
    bench.work.fail("r/p")
    claims = bench.controller()
    for number, outcome in enumerate(outcomes, 1):
        claim = taken(bench.claim(claims, "r/p"))
        assert claim.epoch == number
        claims.finish(claim, attempt_of(claim, outcome, "x"))
    assert bench.rows("attempts, orphan_count, owner, lease_until_ms, next_at_ms", "batchdrain_claim") == [
        (attempts, orphanings, None, None, None)
    ]


def test_a_retry_is_waited_for_only_where_there_is_one(bench: Bench) -> None:
    """Of what somebody moved, or what the table refused, nobody makes one."""
    names = ("r/waits", "r/over", "r/moved", "r/refused", "r/done")
    bench.work.fail(*names)
    claims = bench.controller()
    held = {name: taken(bench.claim(claims, name)) for name in names}
    bench.work.sql("UPDATE phases SET state = 'CANCELLED' WHERE phase_id = 'moved'")
    for name, claim in held.items():
        outcome = {"r/refused": Outcome.REFUSED, "r/done": Outcome.COMPLETE}.get(name, Outcome.FAILED)
        retry_in_s = {"r/done": None, "r/over": -1.0}.get(name, 3600.0)
        claims.finish(claim, attempt_of(claim, outcome, "x"), retry_in_s=retry_in_s)

    assert bench.project.store.history.read_past().waits_ms.keys() == {PhaseKey("r", "waits").digest}
    taken(bench.claim(claims, "r/over"))
    taken(bench.claim(claims, "r/refused"))
    assert bench.rows("next_at_ms", "batchdrain_claim").count((None,)) == 4


def test_a_phase_of_the_same_ids_in_another_table_is_nobodys_business(bench: Bench) -> None:
    """One ledger serves several tables: each write names the one that it is of."""
    claim_columns, attempt_columns = (
        ", ".join(f'"{column.name}"' if bench.database.dialect != "mysql" else f"`{column.name}`"
                  for column in table.c if column.name != "source")
        for table in (bench.ledger.claim, bench.ledger.attempt)
    )  # fmt: skip
    bench.work.fail("r/p", "r/q")
    claims = bench.controller()
    kept, lost = taken(bench.claim(claims, "r/p")), taken(bench.claim(claims, "r/q", lease_s=-1))
    for table, columns in (("batchdrain_claim", claim_columns), ("batchdrain_attempt", attempt_columns)):
        bench.work.sql(f"INSERT INTO {table} (source, {columns}) SELECT 'others', {columns} FROM {table}")

    def stand(columns: str, table: str) -> list[str]:
        return sorted(map(str, bench.work.sql(f"SELECT {columns} FROM {table} WHERE source = 'others'")))

    before = stand(claim_columns, "batchdrain_claim"), stand(attempt_columns, "batchdrain_attempt")
    assert bench.recover() == ["r / q"]
    assert claims.beat([kept, lost], lease_s=900) == [lost]
    claims.finish(kept, attempt_of(kept, Outcome.FAILED, "x"), retry_in_s=-1)
    again = taken(bench.claim(claims, "r/p"))
    bench.work.sql("UPDATE phases SET state = 'CANCELLED' WHERE phase_id = 'p'")
    claims.finish(again, attempt_of(again, Outcome.FAILED, "x"), retry_in_s=60)

    assert (stand(claim_columns, "batchdrain_claim"), stand(attempt_columns, "batchdrain_attempt")) == before


def test_who_is_not_the_owner_can_neither_keep_nor_end_a_claim_of_the_very_epoch(bench: Bench) -> None:
    bench.work.fail("r/p")
    claim = taken(bench.claim(bench.controller("a"), "r/p"))
    other = bench.controller("b")

    assert other.beat([claim], lease_s=900) == [claim]
    with pytest.raises(ClaimLost, match="was changed"):
        other.finish(claim, attempt_of(claim, Outcome.COMPLETE))
    assert bench.work.states() == {"r/p": "EXECUTING"}


@pytest.mark.parametrize("change", ["session_uid", "ended_ms", "outcome"])
def test_an_end_that_is_not_the_one_that_we_wrote_is_a_lost_claim(bench: Bench, change: str) -> None:
    """A repeated write takes for its own what it wrote before its connection broke, and nothing else."""
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    claims.finish(claim, attempt_of(claim, Outcome.COMPLETE))
    value = {"session_uid": f"'{'z' * 32}'", "ended_ms": "5", "outcome": "'failed'"}[change]
    bench.work.sql(f"UPDATE batchdrain_attempt SET {change} = {value}")

    with pytest.raises(ClaimLost):
        claims.finish(claim, attempt_of(claim, Outcome.COMPLETE))


def test_a_claim_whose_row_was_deleted_is_lost_and_says_so(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    bench.work.sql("DELETE FROM batchdrain_claim")
    with pytest.raises(ClaimLost, match="its row of batchdrain_claim is gone"):
        claims.finish(claim, attempt_of(claim, Outcome.COMPLETE))
    assert bench.work.states() == {"r/p": "EXECUTING"}
