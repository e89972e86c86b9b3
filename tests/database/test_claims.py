"""The transactions, the same on every database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Command, Settings, Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.execution import process_identity
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, Claim, TimeLimit
from batchdrain.model.errors import BadData, ClaimLost
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.runtime import clock
from tests.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

NOW = clock.now()


@dataclass
class Bench:
    """One database with the ledger, as two controllers see it."""

    work: Workplace
    database: Database
    ledger: Ledger
    table: PhaseTable
    command: Command

    @property
    def project(self) -> Project:
        return Project(Settings(command=self.command), Store(self.database, self.table, self.ledger), self.work.root)

    def controller(self, name: str = "a") -> Claims:
        return Claims(self.project.store, self.command, name * 32)

    def claim(
        self, claims: Claims, name: str, *, lease_s: float = 60, guard: process_identity.ProcessIdentity | None = None
    ) -> Claim | None:
        return claims.claim(_choice(name), lease_s=lease_s, run_type="default", now=NOW, guard=guard)

    def recover(self) -> list[str]:
        return [str(back.key) for back in recover(self.project)]

    def rows(self, columns: str, table: str = "batchdrain_attempt") -> list[tuple[object, ...]]:
        order = "epoch" if table == "batchdrain_attempt" else "key"
        if self.database.dialect == "mysql":
            columns, order = columns.replace("key", "`key`"), order.replace("key", "`key`")
        return self.work.sql(f"SELECT {columns} FROM {table} ORDER BY {order}")


@pytest.fixture
def bench(work: Workplace) -> Iterator[Bench]:
    yield from _bench(work, Command(argv=["true"]))


@pytest.fixture
def database_mode(work: Workplace) -> Iterator[Bench]:
    yield from _bench(work, Command(argv=["true"], result_from="database"))


def _bench(work: Workplace, command: Command) -> Iterator[Bench]:
    database = open_database(work.url)
    table = PhaseTable.reflect(database, Source())
    ledger = Ledger.of(table)
    database.prepare_for_writing()
    ledger.create(database)
    yield Bench(work, database, ledger, table, command)
    database.close()


def _choice(name: str, state: PhaseState = PhaseState.FAILED) -> Choice:
    run, phase = name.split("/")
    found = Phase(run_id=run, phase_id=phase, phase_index=0, state=state)
    return Choice(phase=found, reason="")


def _attempt(claim: Claim, outcome: Outcome, reason: str | None = None) -> Attempt:
    return Attempt(
        phase=claim.phase,
        epoch=claim.epoch,
        attempt=claim.attempt,
        outcome=outcome,
        final_state="",
        reason=reason,
        failure=Failure(reason, "other", "x"),
        exit_code=0,
        signal=None,
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=1),
        duration_s=1.0,
        limit=TimeLimit(seconds=1, rule="test"),
        stdout_path="out",
        stderr_path="err",
    )


def _taken(claim: Claim | None) -> Claim:
    assert claim is not None
    return claim


def test_a_claim_marks_the_phase_and_opens_an_attempt(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before")

    claim = _taken(bench.claim(bench.controller(), "r/p"))

    assert (claim.epoch, claim.attempt, claim.prior_state, claim.prior_reason) == (1, 1, "FAILED", "before")
    assert bench.work.phases() == {"r/p": ("EXECUTING", "before")}
    assert bench.rows("run_id, phase_id, epoch, attempt, outcome") == [("r", "p", 1, 1, None)]


def test_a_phase_that_is_held_can_not_be_claimed(bench: Bench) -> None:
    bench.work.fail("r/p")
    _taken(bench.claim(bench.controller("a"), "r/p"))

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
    claim = _taken(bench.claim(claims, "r/p"))

    recorded = claims.finish(claim, _attempt(claim, outcome, reason))

    assert (recorded.outcome, recorded.final_state) == (outcome, expected[0])
    assert bench.work.phases() == {"r/p": expected}
    assert bench.rows("outcome") == [(outcome.value,)]
    assert bench.rows("owner", "batchdrain_claim") == [(None,)]


def test_an_interruption_gives_the_attempt_back(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    first = _taken(bench.claim(claims, "r/p"))
    claims.finish(first, _attempt(first, Outcome.RELEASED))

    second = _taken(bench.claim(claims, "r/p"))

    assert (second.attempt, second.epoch) == (1, 2)


def test_a_finish_that_is_repeated_changes_nothing(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = _taken(bench.claim(claims, "r/p"))
    once = claims.finish(claim, _attempt(claim, Outcome.COMPLETE))

    assert claims.finish(claim, _attempt(claim, Outcome.COMPLETE)) == once
    assert bench.rows("outcome, attempt") == [("complete", 1)]
    assert bench.rows("attempts", "batchdrain_claim") == [(1,)]


def test_a_claim_that_is_repeated_after_a_lost_reply_is_the_same_claim(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before")
    claims = bench.controller()
    once = _taken(bench.claim(claims, "r/p"))
    assert bench.claim(claims, "r/p") is None  # it knows that it holds it
    claims._holds.clear()  # the reply to its commit is lost

    again = _taken(bench.claim(claims, "r/p"))

    assert again == once
    assert bench.rows("epoch") == [(1,)]


def test_a_controller_whose_claim_was_taken_over_can_write_nothing(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before")
    zombie, heir = bench.controller("a"), bench.controller("b")
    old = _taken(bench.claim(zombie, "r/p", lease_s=-1))
    assert bench.recover() == ["r / p"]
    new = _taken(bench.claim(heir, "r/p"))

    with pytest.raises(ClaimLost):
        zombie.finish(old, _attempt(old, Outcome.COMPLETE))

    assert bench.work.states() == {"r/p": "EXECUTING"}
    assert bench.rows("epoch, outcome") == [(1, "orphaned"), (new.epoch, None)]
    assert heir.finish(new, _attempt(new, Outcome.COMPLETE)).final_state == "COMPLETE"


def test_a_row_that_somebody_else_changed_is_not_overwritten(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = _taken(bench.claim(claims, "r/p"))
    bench.work.sql("UPDATE phases SET state = 'CANCELLED', last_failure_reason = 'by hand'")

    recorded = claims.finish(claim, _attempt(claim, Outcome.COMPLETE))

    assert (recorded.outcome, recorded.final_state, recorded.success) == (Outcome.MOVED, "CANCELLED", False)
    assert bench.work.phases() == {"r/p": ("CANCELLED", "by hand")}


def test_a_row_that_was_deleted_while_it_executed_is_reported_as_gone(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = _taken(bench.claim(claims, "r/p"))
    bench.work.sql("DELETE FROM phases")

    assert claims.finish(claim, _attempt(claim, Outcome.COMPLETE)).final_state == "gone"


def test_only_the_mapped_columns_of_the_held_row_change(bench: Bench) -> None:
    bench.work.fail("r/p", "r/q", "s/p")
    claims = bench.controller()
    claim = _taken(bench.claim(claims, "r/p"))
    claims.finish(claim, _attempt(claim, Outcome.FAILED, "new"))

    assert bench.work.sql("SELECT run_id, phase_id, phase_index, state, last_failure_reason, note FROM phases "
                          "ORDER BY run_id, phase_id") == [
        ("r", "p", 0, "FAILED", "new", "untouched"),
        ("r", "q", 1, "FAILED", None, "untouched"),
        ("s", "p", 2, "FAILED", None, "untouched"),
    ]  # fmt: skip


def test_a_phase_that_waits_for_its_retry_can_be_claimed_by_nobody_before(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = _taken(bench.claim(claims, "r/p"))
    claims.finish(claim, _attempt(claim, Outcome.FAILED, "reset"), retry_in_s=3600)

    assert bench.claim(bench.controller("b"), "r/p") is None


def test_a_claim_whose_lease_runs_is_not_recovered(bench: Bench) -> None:
    bench.work.fail("r/p")
    _taken(bench.claim(bench.controller(), "r/p"))

    assert bench.recover() == []
    assert bench.work.states() == {"r/p": "EXECUTING"}


def test_recovery_restores_state_and_reason_and_can_be_repeated(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before ✓\n")
    _taken(bench.claim(bench.controller(), "r/p", lease_s=-1))

    assert [bench.recover(), bench.recover()] == [["r / p"], []]

    assert bench.work.phases() == {"r/p": ("FAILED", "before ✓\n")}
    assert bench.rows("outcome") == [("orphaned",)]
    assert bench.rows("epoch, owner, orphan_count, attempts", "batchdrain_claim") == [(2, None, 1, 0)]


def test_recovery_leaves_a_state_alone_that_somebody_else_wrote(bench: Bench) -> None:
    bench.work.fail("r/p")
    _taken(bench.claim(bench.controller(), "r/p", lease_s=-1))
    bench.work.sql("UPDATE phases SET state = 'COMPLETE'")

    bench.recover()

    assert bench.work.states() == {"r/p": "COMPLETE"}


def _is_another_process(claims: Claims) -> None:
    """Of the same number."""
    me = claims.holder.process
    claims.holder = replace(claims.holder, process=replace(me, start=me.start - 1))


def test_a_dead_controller_of_this_machine_is_recovered_before_its_lease_ends(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    _is_another_process(claims)
    _taken(bench.claim(claims, "r/p", lease_s=3600, guard=claims.holder.process))

    assert bench.recover() == ["r / p"]


def test_a_dead_controller_whose_command_no_guardian_of_this_machine_watches_is_recovered_when_its_lease_is_over(
    bench: Bench,
) -> None:
    bench.work.fail("r/p", "r/q")
    claims = bench.controller()
    _is_another_process(claims)
    _taken(bench.claim(claims, "r/p", lease_s=3600))
    _taken(bench.claim(claims, "r/q", lease_s=-1))

    assert bench.recover() == ["r / q"]


def test_a_controller_of_another_machine_is_judged_by_its_lease_alone(bench: Bench) -> None:
    bench.work.fail("r/p", "r/q")
    claims = bench.controller()
    claims.holder = replace(claims.holder, process=process_identity.ProcessIdentity("another-boot:1", 1, 1))
    _taken(bench.claim(claims, "r/p", lease_s=3600))
    _taken(bench.claim(claims, "r/q", lease_s=-1))

    assert bench.recover() == ["r / q"]


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


def test_in_database_mode_the_table_is_not_written_at_the_claim(database_mode: Bench) -> None:
    database_mode.work.fail("r/p", reason="before")
    claims = database_mode.controller()

    claim = _taken(database_mode.claim(claims, "r/p"))
    assert database_mode.work.phases() == {"r/p": ("FAILED", "before")}
    assert database_mode.claim(database_mode.controller("b"), "r/p") is None

    database_mode.work.sql("UPDATE phases SET state = 'COMPLETE', last_failure_reason = NULL")
    assert claims.finish(claim, _attempt(claim, Outcome.COMPLETE)).final_state == "COMPLETE"


def test_in_database_mode_a_stuck_phase_is_given_back_with_its_reason(database_mode: Bench) -> None:
    database_mode.work.fail("r/p", reason="before")
    claims = database_mode.controller()
    claim = _taken(database_mode.claim(claims, "r/p"))
    database_mode.work.sql("UPDATE phases SET state = 'EXECUTING', last_failure_reason = 'in the middle'")

    claims.finish(claim, _attempt(claim, Outcome.TIMEOUT, "late"))

    assert database_mode.work.phases() == {"r/p": ("FAILED", "before")}


def test_in_database_mode_recovery_gives_a_stuck_phase_back(database_mode: Bench) -> None:
    database_mode.work.fail("r/p", reason="before")
    _taken(database_mode.claim(database_mode.controller(), "r/p", lease_s=-1))
    database_mode.work.sql("UPDATE phases SET state = 'QUEUED', last_failure_reason = NULL")

    database_mode.recover()

    assert database_mode.work.phases() == {"r/p": ("FAILED", "before")}


def test_the_ledger_refuses_a_newer_version_of_itself(bench: Bench) -> None:
    bench.work.sql("UPDATE batchdrain_meta SET value = '99' WHERE name = 'schema_version'")

    with pytest.raises(Exception, match="upgrade batchdrain"):
        bench.ledger.require_version(bench.database)


def test_an_attempt_keeps_the_failure_that_it_sets_out_from(bench: Bench) -> None:
    bench.work.fail("r/p", reason="HTTP 503 from build-7")
    bench.work.add(("r", "q", 1, "QUEUED", "an old failure"))
    claims, phase = bench.controller(), _choice("r/p").phase
    failed = Choice(phase=replace(phase, failure=Failure("HTTP 503 from build-7", "transient")), reason="")
    for choice in (failed, _choice("r/q", PhaseState.QUEUED)):
        _taken(claims.claim(choice, lease_s=60, run_type="default", now=NOW))

    found = bench.rows("phase_id, from_category, from_fingerprint")

    assert sorted(found) == [("p", "transient", "http 503 from *"), ("q", None, None)]


def test_two_claims_of_one_epoch_can_not_both_be_written(bench: Bench) -> None:
    bench.work.fail("r/p")
    _taken(bench.claim(bench.controller(), "r/p"))
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


def test_a_beat_extends_the_lease_by_the_databases_clock(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = _taken(bench.claim(claims, "r/p", lease_s=-1))

    assert claims.beat([claim], lease_s=60) == []

    assert bench.recover() == []
    assert 50_000 < bench.project.store.history.read_held()[0].lease_left_ms <= 60_000


def test_a_beat_names_the_claims_that_are_lost_and_revives_none(bench: Bench) -> None:
    bench.work.fail("r/p", "r/q")
    claims = bench.controller()
    lost, kept = _taken(bench.claim(claims, "r/p", lease_s=-1)), _taken(bench.claim(claims, "r/q"))
    bench.recover()

    assert claims.beat([lost, kept], lease_s=60) == [lost]

    assert [str(held.key) for held in bench.project.store.history.read_held()] == ["r / q"]


def test_a_finished_claim_can_not_be_kept_alive(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = _taken(bench.claim(claims, "r/p"))
    claims.finish(claim, _attempt(claim, Outcome.COMPLETE))

    assert claims.beat([claim], lease_s=60) == [claim]
    assert bench.rows("owner, lease_until_ms", "batchdrain_claim") == [(None, None)]
