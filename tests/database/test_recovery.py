"""What dead controllers held is given back, and nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Command
from batchdrain.database.ledger.claim_tables import ClaimTables
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.give_back import GiveBack, KnownEnd, try_give_back
from batchdrain.database.ledger.way_back import WayBack
from batchdrain.drain.recovery import recover
from batchdrain.execution import process_identity
from batchdrain.model.states import PhaseState
from tests.database.bench import NOW, Bench, choice_of, opened, taken
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


def _is_another_process(claims: Claims) -> None:
    """Of the same number."""
    me = claims.holder.process
    claims.holder = replace(claims.holder, process=replace(me, start=me.start - 1))


def test_a_claim_whose_lease_runs_is_not_recovered(bench: Bench) -> None:
    bench.work.fail("r/p")
    taken(bench.claim(bench.controller(), "r/p"))

    assert bench.recover() == []
    assert bench.work.states() == {"r/p": "EXECUTING"}


def test_recovery_restores_state_and_reason_and_can_be_repeated(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before ✓\n")
    taken(bench.claim(bench.controller(), "r/p", lease_s=-1))

    assert [bench.recover(), bench.recover()] == [["r / p"], []]

    assert bench.work.phases() == {"r/p": ("FAILED", "before ✓\n")}
    assert bench.rows("outcome") == [("orphaned",)]
    assert bench.rows("epoch, owner, orphan_count, attempts", "batchdrain_claim") == [(2, None, 1, 0)]


def test_recovery_leaves_a_state_alone_that_somebody_else_wrote(bench: Bench) -> None:
    bench.work.fail("r/p")
    taken(bench.claim(bench.controller(), "r/p", lease_s=-1))
    bench.work.sql("UPDATE phases SET state = 'COMPLETE'")

    bench.recover()

    assert bench.work.states() == {"r/p": "COMPLETE"}


def test_a_dead_controller_of_this_machine_is_recovered_before_its_lease_ends(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    _is_another_process(claims)
    taken(bench.claim(claims, "r/p", lease_s=3600, guard=claims.holder.process))

    assert bench.recover() == ["r / p"]


def test_a_dead_controller_whose_command_no_guardian_of_this_machine_watches_is_recovered_when_its_lease_is_over(
    bench: Bench,
) -> None:
    bench.work.fail("r/p", "r/q")
    claims = bench.controller()
    _is_another_process(claims)
    taken(bench.claim(claims, "r/p", lease_s=3600))
    taken(bench.claim(claims, "r/q", lease_s=-1))

    assert bench.recover() == ["r / q"]


def test_a_controller_of_another_machine_is_judged_by_its_lease_alone(bench: Bench) -> None:
    bench.work.fail("r/p", "r/q")
    claims = bench.controller()
    claims.holder = replace(claims.holder, process=process_identity.ProcessIdentity("another-boot:1", 1, 1))
    taken(bench.claim(claims, "r/p", lease_s=3600))
    taken(bench.claim(claims, "r/q", lease_s=-1))

    assert bench.recover() == ["r / q"]


def giving_back(bench: Bench, *, gone: bool) -> GiveBack:
    store = bench.project.store
    [held] = store.history.read_held()
    tables = ClaimTables.of(store, bench.command)
    return GiveBack(
        ledger=store.ledger, tables=tables, held=held, known=KnownEnd(gone=gone, began=True), way=WayBack.PRIOR, why="x"
    )


def test_what_was_given_back_though_the_reply_was_lost_is_told_of_and_by_nobody_else(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before")
    taken(bench.claim(bench.controller(), "r/p", lease_s=3600))
    ours, others = giving_back(bench, gone=True), giving_back(bench, gone=True)
    first = bench.database.write(ours)
    assert first is not None
    assert (str(first.key), first.epoch, first.state, first.orphanings, first.note) == ("r / p", 1, "FAILED", 1, "")
    assert (bench.database.write(ours), bench.database.write(others)) == (first, None)
    again = taken(bench.claim(bench.controller("b"), "r/p"))
    assert again.epoch == 3
    assert bench.rows("epoch, outcome") == [(1, "orphaned"), (3, None)]


def test_what_somebody_else_gave_back_after_our_own_try_was_rolled_back_is_theirs(bench: Bench) -> None:
    bench.work.fail("r/p")
    taken(bench.claim(bench.controller(), "r/p", lease_s=3600))
    ours, others = (
        giving_back(bench, gone=True),
        replace(giving_back(bench, gone=True), known=KnownEnd(gone=True, began=False)),
    )

    def break_off(connection: sa.Connection) -> None:
        assert ours(connection) is not None
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bench.database.write(break_off)
    assert bench.database.write(others) is not None
    assert (bench.database.write(ours), bench.rows("outcome")) == (None, [("not_started",)])


def test_a_claim_is_given_back_early_only_where_its_controller_is_known_to_be_dead(bench: Bench) -> None:
    bench.work.fail("r/p")
    taken(bench.claim(bench.controller(), "r/p", lease_s=3600))
    assert bench.database.write(giving_back(bench, gone=False)) is None
    bench.work.sql("UPDATE batchdrain_claim SET lease_until_ms = 5")
    assert bench.database.write(giving_back(bench, gone=False)) is not None
    assert bench.rows("epoch, owner, orphan_count", "batchdrain_claim") == [(2, None, 1)]


def test_what_is_only_tried_is_given_back_by_nobody(bench: Bench) -> None:
    bench.work.fail("r/p")
    taken(bench.claim(bench.controller(), "r/p", lease_s=3600))
    [held] = bench.project.store.history.read_held()
    try_give_back(bench.project.store, bench.command, held)
    assert (bench.work.states(), bench.rows("outcome")) == ({"r/p": "EXECUTING"}, [(None,)])
    assert bench.project.store.history.read_held()[0].epoch == 1


def test_a_claim_whose_attempt_was_deleted_is_given_back_too(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before")
    taken(bench.claim(bench.controller(), "r/p", lease_s=-1))
    bench.work.sql("DELETE FROM batchdrain_attempt")
    ours = giving_back(bench, gone=False)
    assert bench.database.write(ours) is not None
    assert bench.database.write(ours) is None, "nothing tells that it was us"
    assert bench.work.phases() == {"r/p": ("FAILED", "before")}


def test_what_never_began_is_given_back_without_an_orphaning(bench: Bench) -> None:
    """Else three engines that take no order would quarantine a phase that nobody executed."""
    bench.work.fail("r/p")
    taken(bench.claim(bench.controller(), "r/p", lease_s=-1))
    never = replace(giving_back(bench, gone=True), known=KnownEnd(gone=True, began=False))
    found = bench.database.write(never)
    assert found is not None
    assert (found.orphanings, found.began, bench.rows("outcome")) == (0, False, [("not_started",)])
    assert bench.rows("epoch, owner, orphan_count, attempts", "batchdrain_claim") == [(2, None, 0, 0)]
    assert bench.work.states() == {"r/p": "FAILED"}


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("refusal", ["RAISE(IGNORE)", "RAISE(ABORT, 'no')"], ids=["without a word", "with an error"])
def test_a_row_that_the_table_does_not_take_back_goes_another_way_or_stays_held(
    sqlite_project: Workplace, refusal: str
) -> None:
    with contextmanager(opened)(sqlite_project, Command(argv=["true"])) as bench:
        _refuse(bench, refusal)


def _refuse(bench: Bench, refusal: str) -> None:
    bench.work.add(("r", "queued", 0, "QUEUED", "before"), ("r", "failed", 0, "FAILED", "before"))
    claims = bench.controller()
    for name, state in (("r/queued", PhaseState.QUEUED), ("r/failed", PhaseState.FAILED)):
        taken(claims.claim(choice_of(name, state), lease_s=-1, run_type="default", now=NOW))
    when = "WHEN NEW.state = 'QUEUED' OR NEW.phase_id = 'failed'"
    bench.work.sql(f"CREATE TRIGGER refuses BEFORE UPDATE ON phases {when} BEGIN SELECT {refusal}; END")

    back = {found.key.phase_id: found for found in recover(bench.project)}

    queued, failed = back["queued"], back["failed"]
    assert (queued.state, queued.problem, queued.note.startswith("it was to be released, but ")) == ("FAILED", "", True)
    assert ("r / failed can't be released" in failed.problem, failed.note, failed.code) == (True, "", 78)
    assert bench.work.phases() == {"r/queued": ("FAILED", queued.note), "r/failed": ("EXECUTING", "before")}
    assert bench.rows("owner IS NULL, orphan_count", "batchdrain_claim WHERE epoch = 2") == [(1, 1)]
    assert [held.key.phase_id for held in bench.project.store.history.read_held()] == ["failed"]
