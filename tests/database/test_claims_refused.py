"""What a controller makes of a write that the database refuses: whose fault it is, what stays held, and what is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.driver_errors import RowLocked, RowRefused
from batchdrain.database.ledger.claims import Claims
from batchdrain.model.claim import Claim
from batchdrain.model.errors import BadData, ClaimLost, ConfigError, DatabaseUnavailable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from tests.database.bench import Bench, attempt_of, opened, taken
from tests.support.workplace import Workplace

KEY = PhaseKey("r", "p")


@pytest.fixture
def bench(sqlite_project: Workplace) -> Iterator[Bench]:
    sqlite_project.fail("r/p", "r/q", reason="before")
    yield from opened(sqlite_project, Command(argv=["true"]))


def refuse(bench: Bench, what: str, table: str, when: str = "") -> None:
    bench.work.sql(f"CREATE TRIGGER never BEFORE {what} ON {table} {when} BEGIN SELECT RAISE(ABORT, 'not this'); END")


@pytest.mark.parametrize(("table", "what"), [("batchdrain_claim", "INSERT"), ("batchdrain_attempt", "INSERT")])
def test_a_claim_that_batchdrains_own_tables_refuse_is_their_fault_and_no_lost_race(
    bench: Bench, table: str, what: str
) -> None:
    refuse(bench, what, table)
    with pytest.raises(ConfigError, match="refuses what batchdrain writes into its own tables: not this"):
        bench.claim(bench.controller(), "r/p")
    assert (bench.work.states()["r/p"], bench.rows("epoch")) == ("FAILED", [])


def test_a_phase_that_was_claimed_once_is_lost_to_whoever_was_faster(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row of claims is there: another insert of it cannot be the fault of the tables."""
    ours = bench.controller()
    monkeypatch.setattr(ours, "_epoch_of", lambda _: 1)
    refuse(bench, "INSERT", "batchdrain_claim")
    assert bench.claim(ours, "r/p") is None


def test_an_attempt_that_no_claim_knows_is_a_contradiction_and_is_told(bench: Bench) -> None:
    ours = bench.controller()
    claim = taken(bench.claim(ours, "r/p"))
    ours.finish(claim, attempt_of(claim, Outcome.FAILED, "again"))
    bench.work.sql("DELETE FROM batchdrain_claim")
    with pytest.raises(BadData, match="r / p: batchdrain_attempt has an attempt that batchdrain_claim does not know"):
        bench.claim(ours, "r/p")
    assert bench.claim(ours, "r/q") is not None


def test_an_attempt_of_another_epoch_contradicts_nothing(bench: Bench) -> None:
    ours = bench.controller()
    first = taken(bench.claim(ours, "r/p"))
    ours.finish(first, attempt_of(first, Outcome.FAILED, "again"))
    refuse(bench, "INSERT", "batchdrain_attempt")
    with pytest.raises(ConfigError, match="refuses what batchdrain writes into its own tables: not this"):
        bench.claim(ours, "r/p")


def test_what_is_held_is_not_claimed_again_until_it_ends_whatever_the_end_comes_to(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is locked is no end: the claim stays ours."""
    ours = bench.controller()
    claim = taken(bench.claim(ours, "r/p"))
    bench.work.sql("UPDATE phases SET state = 'FAILED'")
    bench.work.sql("UPDATE batchdrain_claim SET owner = NULL")
    written = list[bool]()

    def write(error: Exception) -> Any:
        def refused(_: object, *, may_wait: bool) -> None:
            written.append(may_wait)
            raise error

        return refused

    for error, is_held in ((RowLocked("locked"), True), (DatabaseUnavailable("away", remedy="wait"), False)):
        with monkeypatch.context() as patch:
            patch.setattr(type(ours.database), "write", lambda _, work, error=error, **how: write(error)(work, **how))
            with pytest.raises(type(error)):
                ours.finish(claim, attempt_of(claim, Outcome.COMPLETE), may_wait=not is_held)
        assert (bench.claim(ours, "r/p") is None) is is_held
    assert written == [False, True]


def test_a_claim_waits_for_nobodys_lock_and_an_end_as_long_as_it_may(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, waits = bench.controller(), list[bool]()
    write = ours.database.write

    def note(work: Any, *, may_wait: bool = True) -> Any:
        waits.append(may_wait)
        return write(work, may_wait=may_wait)

    monkeypatch.setattr(ours.database, "write", note)
    for may_wait in (False, True):
        claim = taken(bench.claim(ours, "r/p"))
        ours.finish(claim, attempt_of(claim, Outcome.FAILED, "x"), may_wait=may_wait)
    claim = taken(bench.claim(ours, "r/p"))
    ours.finish(claim, attempt_of(claim, Outcome.FAILED, "x"))
    assert waits == [False, False, False, True, False, True]


def test_a_row_that_was_not_found_and_is_there_again_is_lost_no_more(bench: Bench) -> None:
    ours = bench.controller()
    bench.work.sql("DELETE FROM phases WHERE phase_id = 'p'")
    assert bench.claim(ours, "r/p") is None
    assert ours.not_found == {KEY}
    bench.work.fail("r/p")
    taken(bench.claim(ours, "r/p"))
    assert ours.not_found == set()


def ended(ours: Claims, claim: Claim, outcome: Outcome = Outcome.COMPLETE) -> Any:
    return ours.finish(claim, attempt_of(claim, outcome, None if outcome is Outcome.COMPLETE else "why"))


def test_an_end_that_the_table_refuses_is_recorded_and_the_phase_is_given_back_as_it_was(bench: Bench) -> None:
    ours = bench.controller()
    claim = taken(bench.claim(ours, "r/p"))
    refuse(bench, "UPDATE", "phases", "WHEN NEW.state = 'COMPLETE'")
    found = ended(ours, claim)
    assert (found.outcome, bench.work.phases()["r/p"]) == (Outcome.REFUSED, ("FAILED", "before"))
    assert "not this" in (found.reason or "")
    assert bench.rows("outcome") == [("refused",)]


def test_a_phase_that_is_not_even_taken_back_is_told_with_its_state_and_stays_held(bench: Bench) -> None:
    ours = bench.controller()
    claim = taken(bench.claim(ours, "r/p"))
    refuse(bench, "UPDATE", "phases")
    with pytest.raises(RowRefused, match=r"r / p can't be released: .*not this") as found:
        ended(ours, claim)
    assert "its row stays EXECUTING" in str(found.value.remedy)
    assert (bench.work.states()["r/p"], bench.rows("outcome")) == ("EXECUTING", [(None,)])


def test_an_end_that_batchdrains_own_tables_refuse_is_no_fault_of_the_phase(bench: Bench) -> None:
    ours = bench.controller()
    claim = taken(bench.claim(ours, "r/p"))
    refuse(bench, "UPDATE", "batchdrain_attempt")
    with pytest.raises(ConfigError, match="refuses what batchdrain writes into its own tables: not this") as found:
        ended(ours, claim)
    assert not isinstance(found.value, RowRefused)


def test_a_wait_before_the_next_try_is_in_seconds(bench: Bench) -> None:
    ours = bench.controller()
    claim = taken(bench.claim(ours, "r/p"))
    ours.finish(claim, attempt_of(claim, Outcome.FAILED, "x"), retry_in_s=90)
    [(left_ms,)] = bench.work.sql("SELECT next_at_ms - (julianday('now') - 2440587.5) * 86400000 FROM batchdrain_claim")
    assert 60_000 < left_ms <= 90_000


def test_a_beat_names_exactly_what_is_ours_no_more_and_asks_for_nothing_where_nothing_is_held(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = bench.controller()
    claims = [taken(bench.claim(ours, name)) for name in ("r/p", "r/q")]
    bench.work.sql("UPDATE batchdrain_claim SET epoch = epoch + 1 WHERE key = :key", [{"key": claims[1].phase.key.digest}])
    assert ours.beat(claims, lease_s=60) == [claims[1]]
    monkeypatch.setattr(ours.database, "write", lambda *_, **__: pytest.fail("asked"))
    assert ours.beat([], lease_s=60) == []


def test_claims_are_beaten_in_one_order_whoever_beats_them(bench: Bench) -> None:
    """Two that lock the same rows the other way round would wait for each other."""
    ours = bench.controller()
    claims = [taken(bench.claim(ours, name)) for name in ("r/p", "r/q")]
    bench.work.sql("UPDATE batchdrain_claim SET epoch = epoch + 1")
    in_order = sorted(claims, key=lambda claim: claim.phase.key.digest)
    assert ours.beat(claims, lease_s=60) == in_order == ours.beat(claims[::-1], lease_s=60)


def test_an_end_of_a_claim_that_somebody_took_over_is_lost(bench: Bench) -> None:
    ours = bench.controller()
    claim = taken(bench.claim(ours, "r/p"))
    bench.work.sql("UPDATE batchdrain_claim SET epoch = epoch + 1")
    with pytest.raises(ClaimLost):
        ended(ours, claim)
    bench.work.sql("UPDATE batchdrain_claim SET owner = NULL")
    bench.work.sql("UPDATE phases SET state = 'FAILED'")
    assert bench.claim(ours, "r/p") is not None, "it is held no more"
