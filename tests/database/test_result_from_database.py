"""The transactions where the command sets the state itself."""

from __future__ import annotations

import pytest

from batchdrain.model.states import Outcome
from tests.database.bench import Bench, attempt_of, taken

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


def test_in_database_mode_the_table_is_not_written_at_the_claim(database_mode: Bench) -> None:
    database_mode.work.fail("r/p", reason="before")
    claims = database_mode.controller()

    claim = taken(database_mode.claim(claims, "r/p"))
    assert database_mode.work.phases() == {"r/p": ("FAILED", "before")}
    assert database_mode.claim(database_mode.controller("b"), "r/p") is None

    database_mode.work.sql("UPDATE phases SET state = 'COMPLETE', last_failure_reason = NULL")
    assert claims.finish(claim, attempt_of(claim, Outcome.COMPLETE)).final_state == "COMPLETE"


def test_in_database_mode_a_stuck_phase_is_given_back_with_its_reason(database_mode: Bench) -> None:
    database_mode.work.fail("r/p", reason="before")
    claims = database_mode.controller()
    claim = taken(database_mode.claim(claims, "r/p"))
    database_mode.work.sql("UPDATE phases SET state = 'EXECUTING', last_failure_reason = 'in the middle'")

    claims.finish(claim, attempt_of(claim, Outcome.TIMEOUT, "late"))

    assert database_mode.work.phases() == {"r/p": ("FAILED", "before")}


def test_in_database_mode_recovery_gives_a_stuck_phase_back(database_mode: Bench) -> None:
    database_mode.work.fail("r/p", reason="before")
    taken(database_mode.claim(database_mode.controller(), "r/p", lease_s=-1))
    database_mode.work.sql("UPDATE phases SET state = 'QUEUED', last_failure_reason = NULL")

    database_mode.recover()

    assert database_mode.work.phases() == {"r/p": ("FAILED", "before")}
