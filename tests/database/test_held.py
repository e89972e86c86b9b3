"""What is known of a claim that somebody holds, also where its attempt was deleted, and of phases that none holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchdrain.database.ledger.held_claims import LeftElsewhere, read_left_elsewhere
from batchdrain.execution.process_identity import ProcessIdentity, identify_self
from batchdrain.model.states import Outcome
from tests.database.bench import Bench, attempt_of, taken

pytestmark = pytest.mark.everyday("sqlite")

GUARD = ProcessIdentity("here", 7, 70)


def tried_once_and_held(bench: Bench) -> None:
    bench.work.fail("r/p", reason="before")
    claims = bench.controller()
    first = taken(bench.claim(claims, "r/p"))
    claims.finish(first, attempt_of(first, Outcome.FAILED, "after"))
    taken(bench.claim(claims, "r/p", lease_s=60, guard=GUARD))


def test_a_held_claim_names_its_phase_its_holder_and_what_is_to_be_given_back(bench: Bench) -> None:
    tried_once_and_held(bench)
    [held] = bench.project.store.history.read_held()
    assert (str(held.key), held.epoch, held.attempt, held.has_attempt, held.has_name) == ("r / p", 2, 2, True, True)
    assert (held.prior_state, held.prior_reason, held.held_state) == ("FAILED", "after", "EXECUTING")
    assert (held.controller, held.guardian) == (identify_self(), ProcessIdentity(identify_self().host_id, 7, 70))
    assert (held.session_uid, held.orphanings, held.success_codes) == ("a" * 32, 0, (0,))
    assert 50_000 < held.lease_left_ms <= 60_000


def test_a_claim_without_its_attempt_is_known_by_the_row_that_it_holds(bench: Bench) -> None:
    """Which attempt it is, the claim has counted."""
    tried_once_and_held(bench)
    bench.work.sql("DELETE FROM batchdrain_attempt")
    [held] = bench.project.store.history.read_held()
    assert (str(held.key), held.epoch, held.attempt, held.has_attempt, held.has_name) == ("r / p", 2, 2, False, True)
    assert (held.session_uid, held.started_ms) == ("", None)
    bench.work.sql("DELETE FROM phases")
    [held] = bench.project.store.history.read_held()
    assert (held.has_name, held.attempt) == (False, 2)


def test_a_claim_of_another_table_is_nobody_here(bench: Bench) -> None:
    tried_once_and_held(bench)
    bench.work.sql("UPDATE batchdrain_claim SET source = 'others'")
    assert bench.project.store.history.read_held() == []


def test_a_phase_that_stands_as_executing_without_a_claim_is_a_stray_with_its_former_state(bench: Bench) -> None:
    tried_once_and_held(bench)
    bench.work.add(("s", "own", 0, "EXECUTING", None), ("s", "waits", 1, "FAILED", None))
    history = bench.project.store.history
    assert [(str(stray.key), stray.initial_state) for stray in history.read_strays(9)] == [("s / own", None)]
    bench.work.sql("DELETE FROM batchdrain_claim")
    found = [(str(stray.key), stray.initial_state) for stray in history.read_strays(9)]
    assert found == [("r / p", "FAILED"), ("s / own", None)]
    assert len(history.read_strays(1)) == 1


def test_a_phase_that_its_command_moved_on_is_known_without_its_attempt_too(database_mode: Bench) -> None:
    """A claim of a command that sets states itself says no state that is held."""
    database_mode.work.fail("r/p", "r/q")
    taken(database_mode.claim(database_mode.controller(), "r/p"))
    database_mode.work.sql("DELETE FROM batchdrain_attempt")
    for state_word in ("FAILED", "EXECUTING", "QUEUED"):
        database_mode.work.sql(f"UPDATE phases SET state = '{state_word}'")
        [held] = database_mode.project.store.history.read_held()
        assert (str(held.key), held.held_state, held.prior.state) == ("r / p", None, "FAILED"), state_word
    database_mode.work.sql("UPDATE phases SET state = 'COMPLETE'")
    [held] = database_mode.project.store.history.read_held()
    assert not held.has_name


def test_what_is_held_of_another_table_is_told_with_its_session_and_whether_its_lease_is_over(bench: Bench) -> None:
    tried_once_and_held(bench)
    bench.work.fail("r/q")
    claims = bench.controller("b")
    ended = taken(bench.claim(claims, "r/q"))
    claims.finish(ended, attempt_of(ended, Outcome.FAILED))

    def elsewhere() -> list[LeftElsewhere]:
        with bench.database.read() as connection:
            return read_left_elsewhere(connection, bench.ledger)

    assert elsewhere() == []
    for table in ("batchdrain_claim", "batchdrain_attempt"):
        bench.work.sql(f"UPDATE {table} SET source = 'others'")
    left = LeftElsewhere(source="others", session_uid="a" * 32, controller=identify_self(), is_over=False)
    assert elsewhere() == [left]
    bench.work.sql("UPDATE batchdrain_claim SET lease_until_ms = 5 WHERE owner IS NOT NULL")
    assert elsewhere() == [replace(left, is_over=True)]


def test_what_is_held_comes_in_the_order_in_which_it_began_and_else_by_its_ids(bench: Bench) -> None:
    names = ("r2/a", "r1/b", "r1/a", "r3/a")
    bench.work.fail(*names)
    claims = bench.controller()
    for name in names:
        taken(bench.claim(claims, name))
    bench.work.sql("UPDATE batchdrain_attempt SET started_ms = 5")
    bench.work.sql("UPDATE batchdrain_attempt SET started_ms = 1 WHERE run_id = 'r3'")
    held = bench.project.store.history.read_held()
    assert [str(one.key) for one in held] == ["r3 / a", "r1 / a", "r1 / b", "r2 / a"]
    bench.work.sql("DROP TABLE batchdrain_attempt")
    assert len(bench.project.store.history.read_held()) == 4
