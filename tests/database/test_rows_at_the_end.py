"""What an end makes of the row of its phase, as that stands by then: it is written, given back, or left to whoever moved it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.driver_errors import RowRefused
from batchdrain.database.ledger.claim_tables import ClaimTables
from batchdrain.database.ledger.finish_transaction import FinishTransaction
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim
from batchdrain.model.phase import GONE
from batchdrain.model.states import Outcome
from tests.database.bench import Bench, attempt_of, opened, taken
from tests.support.workplace import Workplace

BEFORE = ("FAILED", "before")


@pytest.fixture
def bench(sqlite_project: Workplace) -> Iterator[Bench]:
    sqlite_project.fail("r/p", reason="before")
    yield from opened(sqlite_project, Command(argv=["true"]))


@pytest.fixture
def by_itself(sqlite_project: Workplace) -> Iterator[Bench]:
    """The command sets the states itself."""
    sqlite_project.fail("r/p", reason="before")
    yield from opened(sqlite_project, Command(argv=["true"], result_from="database"))


def claimed(bench: Bench) -> Claim:
    return taken(bench.claim(bench.controller(), "r/p"))


def end(bench: Bench, claim: Claim, outcome: Outcome, *, of_gone_row: bool = False, **tables: Any) -> Attempt:
    """One run of the transaction. `tables`: what is different in them."""
    transaction = FinishTransaction(
        tables=replace(ClaimTables.of(bench.project.store, bench.command), **tables), holder=bench.controller().holder,
        claim=claim, retry_in_s=None,
        attempt=replace(attempt_of(claim, outcome, None if outcome is Outcome.COMPLETE else "why"), is_of_gone_row=of_gone_row),
    )  # fmt: skip
    # by the owner of the claim, whichever controller that was
    [(owner,)] = bench.work.sql("SELECT owner FROM batchdrain_claim")
    return bench.database.write(replace(transaction, holder=replace(transaction.holder, owner=str(owner))))


def row(bench: Bench) -> tuple[str, str | None]:
    found: tuple[str, str | None] = bench.work.phases()["r/p"]
    return found


@pytest.mark.parametrize(
    ("stands", "outcome", "final", "then"),
    [
        ("COMPLETE", Outcome.COMPLETE, "COMPLETE", ("COMPLETE", "before")),
        ("EXECUTING", Outcome.COMPLETE, "EXECUTING", ("EXECUTING", "before")),
        ("EXECUTING", Outcome.FAILED, "FAILED", BEFORE),
        ("EXECUTING", Outcome.RELEASED, "FAILED", BEFORE),
        ("EXECUTING", Outcome.REFUSED, "FAILED", BEFORE),
        ("CANCELLED", Outcome.FAILED, "CANCELLED", ("CANCELLED", "before")),
    ],
)
def test_a_row_that_its_command_sets_itself_is_given_back_only_from_a_state_between_and_after_no_success(
    by_itself: Bench, stands: str, outcome: Outcome, final: str, then: tuple[str, str]
) -> None:
    claim = claimed(by_itself)
    by_itself.work.sql(f"UPDATE phases SET state = '{stands}'")
    found = end(by_itself, claim, outcome)
    assert (found.outcome, found.final_state, found.unwritten, row(by_itself)) == (outcome, final, "", then)


@pytest.mark.parametrize(
    ("outcome", "of_gone_row", "is_back", "recorded"),
    [
        (Outcome.COMPLETE, True, True, Outcome.MOVED),
        (Outcome.COMPLETE, True, False, Outcome.COMPLETE),
        (Outcome.COMPLETE, False, True, Outcome.COMPLETE),
        (Outcome.FAILED, True, True, Outcome.FAILED),
    ],
)
def test_a_success_that_was_judged_by_a_missing_row_is_none_if_the_row_is_back(
    by_itself: Bench, outcome: Outcome, of_gone_row: bool, is_back: bool, recorded: Outcome
) -> None:
    claim = claimed(by_itself)
    if not is_back:
        by_itself.work.sql("DELETE FROM phases")
    found = end(by_itself, claim, outcome, of_gone_row=of_gone_row)
    assert (found.outcome, found.final_state) == (recorded, "FAILED" if is_back else GONE)


def test_where_nobody_can_write_a_row_that_stays_between_is_told(by_itself: Bench) -> None:
    claim = claimed(by_itself)
    by_itself.table.writability = replace(by_itself.table.writability, problem="is a view that takes no writes")
    by_itself.work.sql("UPDATE phases SET state = 'EXECUTING'")
    ours = by_itself.controller()
    ours.holder = replace(ours.holder, owner=str(by_itself.work.sql("SELECT owner FROM batchdrain_claim")[0][0]))
    found = ours.finish(claim, attempt_of(claim, Outcome.FAILED, "why"), retry_in_s=60)
    assert (found.final_state, found.unwritten) == ("EXECUTING", "table 'phases' is a view that takes no writes")
    assert by_itself.rows("next_at_ms", "batchdrain_claim") == [(None,)], "it is not tried again"


@pytest.mark.parametrize(("stands", "outcome"), [("FAILED", Outcome.FAILED), ("EXECUTING", Outcome.COMPLETE)])
def test_where_nobody_can_write_a_row_that_is_as_it_should_be_is_not_told(
    by_itself: Bench, stands: str, outcome: Outcome
) -> None:
    claim = claimed(by_itself)
    by_itself.table.writability = replace(by_itself.table.writability, problem="is a view that takes no writes")
    by_itself.work.sql(f"UPDATE phases SET state = '{stands}'")
    found = end(by_itself, claim, outcome, intermediate=frozenset({"EXECUTING", "FAILED"}))
    assert (found.final_state, found.unwritten) == (stands, "")


def test_a_row_that_the_table_does_not_take_back_is_told_with_the_table_s_own_words(by_itself: Bench) -> None:
    ours = by_itself.controller()
    claim = taken(by_itself.claim(ours, "r/p"))
    by_itself.work.sql("UPDATE phases SET state = 'EXECUTING'")
    by_itself.work.sql("CREATE TRIGGER never BEFORE UPDATE ON phases BEGIN SELECT RAISE(ABORT, 'not this'); END")
    found = ours.finish(claim, attempt_of(claim, Outcome.FAILED, "why"), retry_in_s=60)
    assert (found.outcome, found.final_state) == (Outcome.FAILED, "EXECUTING")
    assert "not this" in found.unwritten
    assert by_itself.rows("next_at_ms", "batchdrain_claim") == [(None,)], "it is not tried again"


@pytest.mark.parametrize("outcome", [Outcome.RELEASED, Outcome.NOT_STARTED, Outcome.REFUSED])
@pytest.mark.parametrize(("stands", "then"), [("CLAIMED", BEFORE), ("EXECUTING", BEFORE), ("OTHER", ("OTHER", "before"))])
def test_what_is_given_back_is_so_from_the_word_of_its_claim_and_from_that_of_today(
    bench: Bench, stands: str, then: tuple[str, str], outcome: Outcome
) -> None:
    claim = replace(claimed(bench), held_state="CLAIMED")
    bench.work.sql(f"UPDATE phases SET state = '{stands}'")
    found = end(bench, claim, outcome)
    assert (found.outcome, found.final_state, row(bench)) == (outcome, then[0], then)


@pytest.mark.parametrize(
    ("outcome", "gone_is_complete", "recorded"),
    [
        (Outcome.COMPLETE, True, Outcome.COMPLETE),
        (Outcome.COMPLETE, False, Outcome.MOVED),
        (Outcome.FAILED, True, Outcome.MOVED),
    ],
)
def test_a_row_that_is_gone_is_complete_only_after_a_success_and_where_that_is_said(
    bench: Bench, outcome: Outcome, gone_is_complete: bool, recorded: Outcome
) -> None:
    claim = claimed(bench)
    bench.work.sql("DELETE FROM phases")
    found = end(bench, claim, outcome, gone_is_complete=gone_is_complete)
    assert (found.outcome, found.final_state) == (recorded, GONE)


def test_a_row_that_somebody_moved_is_theirs_even_where_rows_that_are_gone_are_complete(bench: Bench) -> None:
    claim = claimed(bench)
    bench.work.sql("UPDATE phases SET state = 'CANCELLED'")
    found = end(bench, claim, Outcome.COMPLETE, gone_is_complete=True)
    assert (found.outcome, found.final_state, row(bench)) == (Outcome.MOVED, "CANCELLED", ("CANCELLED", "before"))


@pytest.mark.parametrize(("changed", "stands"), [(2, "CANCELLED"), (2, "EXECUTING"), (0, "EXECUTING")])
def test_a_state_that_does_not_become_what_is_written_of_one_row_alone_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, changed: int, stands: str
) -> None:
    claim = claimed(bench)
    bench.work.sql(f"UPDATE phases SET state = '{stands}'")
    monkeypatch.setattr(type(bench.table), "finish", lambda *_, **__: changed)
    told = rf"table 'phases' does not let the state of r / p become 'COMPLETE': {changed} rows were changed"
    with pytest.raises(RowRefused, match=told):
        end(bench, claim, Outcome.COMPLETE)
    assert bench.rows("outcome") == [(None,)], "it was rolled back"
