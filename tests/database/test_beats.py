"""A beat extends leases by the database's clock, and revives nothing."""

from __future__ import annotations

import pytest

from batchdrain.model.states import Outcome
from tests.database.bench import Bench, attempt_of, taken

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


def test_a_beat_extends_the_lease_by_the_databases_clock(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p", lease_s=-1))

    assert claims.beat([claim], lease_s=60) == []

    assert bench.recover() == []
    assert 50_000 < bench.project.store.history.read_held()[0].lease_left_ms <= 60_000


def test_a_beat_names_the_claims_that_are_lost_and_revives_none(bench: Bench) -> None:
    bench.work.fail("r/p", "r/q")
    claims = bench.controller()
    lost, kept = taken(bench.claim(claims, "r/p", lease_s=-1)), taken(bench.claim(claims, "r/q"))
    bench.recover()

    assert claims.beat([lost, kept], lease_s=60) == [lost]

    assert [str(held.key) for held in bench.project.store.history.read_held()] == ["r / q"]


def test_a_finished_claim_can_not_be_kept_alive(bench: Bench) -> None:
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    claims.finish(claim, attempt_of(claim, Outcome.COMPLETE))

    assert claims.beat([claim], lease_s=60) == [claim]
    assert bench.rows("owner, lease_until_ms", "batchdrain_claim") == [(None, None)]
