"""A claim of a dead controller is judged by what it was made with, and not by what is configured now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from batchdrain.config.settings import Command, Settings
from batchdrain.database.ledger.held_claims import Held
from batchdrain.drain.ran_under import claim_of, command_of
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.phase import PhaseKey
from batchdrain.model.state_words import StateWords
from batchdrain.model.states import PhaseState
from batchdrain.runtime import clock
from tests.drain.judging import NOW

KEY = PhaseKey("r", "p")
HELD = Held(
    key=KEY, digest=KEY.digest, epoch=5, owner="o", session_uid="s", phase_index=7, attempt=3,
    controller=ProcessIdentity("h", 1, 1), guardian=None, lease_left_ms=-1, prior_state="WAITS", prior_reason="boom",
    held_state="EXECUTING", orphanings=0, started_ms=clock.to_ms(NOW), spool_dir="spool", success_codes=(3, 4),
)  # fmt: skip
NOW_CONFIGURED = Command(argv=["x"], result_from="database", success_exit_codes=[0])


def test_whoever_wrote_the_state_then_writes_it_now_and_the_codes_mean_what_they_meant() -> None:
    found = command_of(HELD, NOW_CONFIGURED)
    assert (found.result_from, found.success_exit_codes, found.argv) == ("exit_code", [3, 4], ["x"])
    found = command_of(replace(HELD, held_state=None, success_codes=None), NOW_CONFIGURED)
    assert (found.result_from, found.success_exit_codes) == ("database", [0])


def test_its_claim_is_the_one_that_its_controller_had() -> None:
    states = {PhaseState.QUEUED: StateWords.of(["WAITS"]), PhaseState.FAILED: StateWords.of(["FAILED"])}
    project: Any = SimpleNamespace(store=SimpleNamespace(table=SimpleNamespace(states=states)), settings=Settings())
    found = claim_of(HELD, project, NOW + timedelta(hours=1))
    assert (found.epoch, found.attempt, found.token, found.claimed_at) == (5, 3, HELD.token, NOW)
    assert (found.prior_state, found.prior_reason, found.held_state) == ("WAITS", "boom", "EXECUTING")
    phase = found.phase
    assert (phase.state, phase.phase_index, phase.attempts, phase.reason) == (PhaseState.QUEUED, 7, 2, "boom")
    unknown = claim_of(replace(HELD, started_ms=None, prior_state="gone since"), project, NOW)
    assert (unknown.claimed_at, unknown.phase.state) == (NOW, PhaseState.FAILED)
