"""What dead controllers held is given back, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchdrain.database.ledger.claims import Claims
from batchdrain.execution import process_identity
from tests.database.bench import Bench, taken

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
