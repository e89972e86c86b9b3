"""Recovery claim by claim: what is settled, what has to wait, and what that comes to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.driver_errors import RowLocked, RowRefused
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain import recovery as room
from batchdrain.drain import spooled_result
from batchdrain.drain.recovery import recover
from batchdrain.drain.spooled_result import record_spooled
from batchdrain.execution import spool_reader
from batchdrain.execution.orphans import Settled
from batchdrain.model.errors import BadData, BatchDrainError, ClaimLost, ConfigError, DatabaseUnavailable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome

KEY = PhaseKey("r", "p")
BACK = Recovered(key=KEY, epoch=3, state="FAILED", orphanings=1)
RECORD: Any = "record"


class Claim:
    """A claim that somebody holds, and what comes of settling it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.is_due, self.is_over, self.is_gone, self.is_alive = True, False, True, False
        self.lease_left_ms = 5_000
        self.settled: Settled | None = Settled(met=2, record=RECORD)
        self.recorded: Recovered | BatchDrainError | Exception | None = None
        self.given_back: list[dict[str, Any]] = []
        self.discarded: list[tuple[str, str]] = []
        for name in ("is_due", "is_over", "is_gone", "is_alive"):
            patch.setattr(room, name, lambda _, name=name: getattr(self, name))
        patch.setattr(room, "never_began", lambda _: False)
        patch.setattr(room, "Remapped", lambda _: SimpleNamespace(find_problem=lambda _: None))
        patch.setattr(room, "_settle", lambda *_: self.settled)
        patch.setattr(room, "command_of", lambda *_: None)
        patch.setattr(room, "record_spooled", self._record)
        patch.setattr(room, "give_back", self._give_back)
        patch.setattr(spool_reader, "discard", lambda *what: self.discarded.append(what))

    def _record(self, project: Any, held: Any, record: Any) -> Recovered | None:
        assert record is RECORD
        if isinstance(self.recorded, Exception):
            raise self.recorded
        return self.recorded

    def _give_back(self, *_: Any, **how: Any) -> Recovered:
        self.given_back.append(how)
        return BACK

    def recover(self) -> list[Recovered]:
        held = SimpleNamespace(
            key=KEY, epoch=3, session_uid="u", has_attempt=True, spool_dir="spool", token="u.t.3", prior_state="FAILED", held_state="EXECUTING",
            lease_left_ms=self.lease_left_ms,
        )  # fmt: skip
        store = SimpleNamespace(history=SimpleNamespace(read_held=lambda: [held]))
        project: Any = SimpleNamespace(store=store, settings=SimpleNamespace(command=SimpleNamespace(grace_s=1.0)))
        return recover(project)


@pytest.fixture
def claim(monkeypatch: pytest.MonkeyPatch) -> Claim:
    return Claim(monkeypatch)


def test_a_result_that_was_kept_is_recorded_and_only_else_the_phase_is_given_back(claim: Claim) -> None:
    claim.recorded = Recovered(key=KEY, epoch=3, state="COMPLETE", recorded=Outcome.COMPLETE)
    [found] = claim.recover()
    assert (found.recorded, found.ended_processes, claim.given_back) == (Outcome.COMPLETE, 2, [])
    claim.recorded = None
    [found] = claim.recover()
    assert (found.state, found.ended_processes, claim.discarded) == ("FAILED", 2, [("spool", "u.t.3")] * 2)


@pytest.mark.parametrize(
    ("is_gone", "lease_left_ms", "gone"), [(True, 5, True), (False, 5, True), (True, -5, True), (False, -5, False)]
)
def test_only_a_lease_that_is_over_is_asked_for_again_by_the_databases_clock(
    claim: Claim, is_gone: bool, lease_left_ms: int, gone: bool
) -> None:
    claim.is_gone, claim.lease_left_ms = is_gone, lease_left_ms
    claim.recover()
    assert claim.given_back == [{"gone": gone, "began": True}]


@pytest.mark.parametrize("is_over", [True, False])
def test_a_claim_that_is_neither_due_nor_over_is_left_alone(claim: Claim, is_over: bool) -> None:
    claim.is_due, claim.is_over = False, is_over
    assert len(claim.recover()) == is_over


def test_a_claim_of_which_something_lives_on_waits_for_the_next_time(claim: Claim) -> None:
    claim.settled = None
    assert (claim.recover(), claim.given_back, claim.discarded) == ([], [], [])


@pytest.mark.parametrize("alive", [True, None, False])
def test_the_spool_of_one_that_lives_stays(claim: Claim, alive: bool | None) -> None:
    """It may work for another copy of the database, and need it there."""
    claim.is_alive = alive  # type: ignore[assignment]
    claim.recover()
    assert bool(claim.discarded) is (alive is not True)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RowLocked("locked"), DatabaseUnavailable.exit_code),
        (RowRefused("a trigger", remedy="mend it"), ConfigError.exit_code),
        (ConfigError("no column", remedy="mend it"), ConfigError.exit_code),
        (BadData("two rows", remedy="mend it"), BadData.exit_code),
    ],
)
def test_what_keeps_one_claim_held_is_told_with_its_code_and_keeps_no_other(
    claim: Claim, error: Exception, code: int
) -> None:
    claim.recorded = error
    [found] = claim.recover()
    assert (found.code, found.state, found.recorded, claim.discarded) == (code, "EXECUTING", None, [])
    assert str(error) in found.problem


def test_a_result_is_recorded_without_waiting_for_a_locked_row_and_by_whoever_is_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, Any]] = []
    lost = False

    def finish(*_: Any, **how: Any) -> Any:
        asked.append(how)
        if lost:
            raise ClaimLost("somebody was faster")
        return SimpleNamespace(final_state="COMPLETE", outcome=Outcome.COMPLETE, unwritten="why")

    monkeypatch.setattr(spooled_result, "judge_spooled", lambda *_: ("claim", "attempt"))
    monkeypatch.setattr(spooled_result, "command_of", lambda *_: None)
    monkeypatch.setattr(spooled_result, "Claims", lambda *_, owner: SimpleNamespace(finish=finish, owner=owner))
    held: Any = SimpleNamespace(key=KEY, epoch=3, session_uid="u", owner="o")
    project: Any = SimpleNamespace(store=None, settings=SimpleNamespace(command=None))
    found = record_spooled(project, held, RECORD)
    assert asked == [{"may_wait": False}], "one row that is locked must not keep all others waiting"
    assert found is not None
    assert (found.recorded, found.state, found.note) == (Outcome.COMPLETE, "COMPLETE", "why")
    lost = True
    assert record_spooled(project, held, RECORD) is None
