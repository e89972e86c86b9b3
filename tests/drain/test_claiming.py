"""A claim that comes to nothing is told, and what becomes of its phase for the rest of the session."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.driver_errors import RowLocked, RowRefused
from batchdrain.database.ledger.groups import TriedInGroup
from batchdrain.drain import claimer as room
from batchdrain.drain.claimer import Claimer
from batchdrain.drain.table_watch import SchemaChanged
from batchdrain.model.claim import Choice, Claim, ScheduledAttempt
from batchdrain.model.errors import BadData, FilesUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.runtime import clock
from tests.drain.judging import LIMIT, NOW, claim_of

KEY = PhaseKey("r", "p")
SCHEDULED = ScheduledAttempt(0.0, 1, Choice(phase=claim_of().phase, reason=""), longer=2)


class Claiming:
    """A claimer, and what it asks of the others."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.asked, self.passed_over, self.not_found = list[str](), dict[PhaseKey, Skip](), set[PhaseKey]()
        self.counted = list[str]()
        self.result: Claim | Exception | None = claim_of()
        patch.setattr(room, "boottime_ms", lambda: 5_000)
        patch.setattr(room, "LostRows", lambda *_: None)
        patch.setattr(clock, "now", lambda: NOW)
        self.guardian: Any = SimpleNamespace(identity="identity")
        pool: Any = SimpleNamespace(hire=self._hire, keep=lambda _: self.asked.append("kept the guardian"))
        self.no_guardian: OSError | None = None
        self.change: Exception | None = None
        self.heartbeat = heartbeat = SimpleNamespace(
            pool=pool,
            begin=lambda: self.asked.append("beats"),
            claiming=self._claiming,
            lease_s=lambda limit_s: limit_s + 60,
            hold=lambda _: self.asked.append("holds"),
            deadline_ms=lambda before_ms: before_ms + 1,
        )
        limits = SimpleNamespace(of=self._limit)
        services: Any = SimpleNamespace(
            claims=SimpleNamespace(claim=self._claim, not_found=self.not_found),
            heartbeat=heartbeat,
            limits=limits,
            membership=SimpleNamespace(
                unit_of=lambda key: f"a unit of {key}",
                take=lambda key: self.counted.append(f"a unit for {key}"),
                tried=Skip("group", "another has tried it"),
            ),
            watch=SimpleNamespace(explain=lambda error: self.change or error),
            pace=SimpleNamespace(require=lambda: None, note_begun=lambda: self.counted.append("a begin")),
            outage=SimpleNamespace(retry=lambda work, meanwhile: work()),
        )
        it: Any = SimpleNamespace(
            project=SimpleNamespace(settings=SimpleNamespace(run_type_of=lambda run: f"type of {run}"), store=None),
            request=SimpleNamespace(state=None),
            record=SimpleNamespace(counts=SimpleNamespace(passed_over=self.passed_over)),
        )
        recorder: Any = SimpleNamespace(
            not_claimed=lambda _, why: self.asked.append(f"not claimed: {why}"),
            skipped=lambda skip, text, *, count: self.asked.append(f"skipped by {skip.rule}, {count}"),
        )
        self.claimer = Claimer(it, services, recorder)

    def _hire(self) -> Any:
        if self.no_guardian is not None:
            raise self.no_guardian
        return self.guardian

    @contextlib.contextmanager
    def _claiming(self, before_ms: int) -> Iterator[None]:
        """Where there is no guardian of ours, a beat must know of a claim that is just being made."""
        self.asked.append(f"from {before_ms}")
        yield
        self.asked.append("claimed")

    def _limit(self, phase: Any, *, longer: int) -> Any:
        self.asked.append(f"limit, longer {longer}")
        return LIMIT

    def _claim(self, choice: Choice, **facts: Any) -> Claim | None:
        assert (choice, facts["now"], facts["group"]) == (SCHEDULED.choice, NOW, f"a unit of {KEY}")
        self.asked.append(f"claims for {facts['lease_s']:g} s as {facts['run_type']} under {facts['guard']}")
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def claim(self) -> Any:
        self.asked.clear()
        return self.claimer.claim(SCHEDULED)

    @property
    def rules(self) -> dict[PhaseKey, str]:
        """What is passed over, and by which rule."""
        return {key: skip.rule for key, skip in self.passed_over.items()}


@pytest.fixture
def it(monkeypatch: pytest.MonkeyPatch) -> Claiming:
    return Claiming(monkeypatch)


def test_a_claim_has_its_guardian_its_lease_and_a_deadline_from_before_it_was_written(it: Claiming) -> None:
    found = it.claim()
    assert (found.limit, found.guardian, found.deadline_ms) == (LIMIT, it.guardian, 5_001)
    assert it.asked == [
        "limit, longer 2", "beats", "from 5000", "claims for 120 s as type of r under identity", "holds", "claimed",
    ]  # fmt: skip
    assert (found.scheduled, found.claim, found.claimed_ms, found.held_until_ms) == (SCHEDULED, it.result, 5_000, None)


def test_a_phase_that_another_controller_took_is_told_and_its_guardian_kept(it: Claiming) -> None:
    it.result = None
    assert it.claim() is None
    assert it.asked[-3:] == ["not claimed: another controller was faster", "kept the guardian", "claimed"]
    assert (it.rules, it.claimer.leaves_out(SCHEDULED)) == ({}, False)


def test_a_phase_whose_row_is_locked_is_passed_over_until_time_went_by(it: Claiming) -> None:
    it.result = RowLocked("somebody has it locked")
    assert it.claim() is None
    assert it.asked[-3:] == ["not claimed: somebody has it locked", "kept the guardian", "claimed"]
    assert (it.rules, it.claimer.locked_out) == ({KEY: "row locked"}, {KEY})
    it.claimer.look_again()
    assert (it.rules, it.claimer.locked_out) == ({}, {KEY})
    it.result = claim_of()
    assert it.claim() is not None
    assert it.claimer.locked_out == set()


def test_a_phase_that_was_not_found_again_is_passed_over_until_time_went_by(it: Claiming) -> None:
    it.result = None
    it.not_found.add(KEY)
    assert it.claim() is None
    assert "not claimed: its row was not found again by its ids" in it.asked
    assert it.rules == {KEY: "not found"}
    it.claimer.look_again()
    assert it.rules == {}


@pytest.mark.parametrize(
    ("error", "rule"),
    [(BadData("names two rows", remedy="x"), "bad data"), (RowRefused("closed", remedy="x"), "refused by the table")],
)
def test_a_phase_that_can_not_be_claimed_is_left_out_for_the_rest_of_the_session(
    it: Claiming, error: Exception, rule: str
) -> None:
    it.result = error
    assert it.claim() is None
    assert f"skipped by {rule}, 1" in it.asked
    assert "kept the guardian" in it.asked
    it.claimer.look_again()
    assert (it.rules, it.claimer.leaves_out(SCHEDULED), it.claimer.refused) == ({KEY: rule}, True, error)


def test_a_phase_that_was_locked_and_can_not_be_claimed_then_is_locked_out_no_more(it: Claiming) -> None:
    """The session would else end with an error that sends people to a lock, and forget why the phase is left out."""
    it.result = RowLocked("somebody has it locked")
    it.claim()
    it.claimer.look_again()
    it.result = RowRefused("closed", remedy="x")
    assert it.claim() is None
    it.claimer.look_again()
    assert (it.rules, it.claimer.locked_out) == ({KEY: "refused by the table"}, set())


def test_a_guardian_is_not_lost_with_an_error_of_the_claim(it: Claiming) -> None:
    it.result = KeyError("x")
    with pytest.raises(KeyError):
        it.claim()
    assert it.asked[-1] == "kept the guardian"


def test_the_beats_begin_before_the_first_claim_also_where_that_has_to_wait(it: Claiming) -> None:
    it.claimer.begin()
    assert it.asked == ["beats"]


@pytest.mark.parametrize("result", [None, RowLocked("locked"), BadData("b", remedy=""), RowRefused("r", remedy="")], ids=repr)
def test_a_claim_counts_for_the_group_and_the_pace_and_one_that_came_to_nothing_does_not(
    it: Claiming, result: Exception | None
) -> None:
    it.result = result
    it.claim()
    assert it.counted == []
    it.result = claim_of()
    it.claim()
    assert it.counted == ["a unit for r / p", "a begin"]


def test_without_guardians_of_ours_a_claim_has_no_guardian_and_is_held_until_its_lease_ends(it: Claiming) -> None:
    it.heartbeat.pool = None
    found = it.claim()
    assert (found.guardian, found.held_until_ms) == (None, 5_000 + 120_000)
    assert "claims for 120 s as type of r under None" in it.asked
    it.result = None
    assert it.claim() is None
    assert "kept the guardian" not in it.asked


@pytest.mark.parametrize(
    ("error", "says"), [(OSError(12, "Cannot allocate memory"), "Cannot allocate memory"), (OSError("no pipe"), "no pipe")]
)
def test_without_a_guardian_nothing_is_claimed_and_it_is_said_what_is_missing(
    it: Claiming, error: OSError, says: str
) -> None:
    it.no_guardian = error
    with pytest.raises(FilesUnavailable) as found:
        it.claim()
    assert found.value.message == f"no guardian could be started: {says}"
    assert it.asked == ["limit, longer 2", "beats"]


@pytest.mark.parametrize("error", [BadData("no such column", remedy="x"), RowRefused("closed", remedy="x")], ids=repr)
def test_a_claim_that_a_changed_table_refuses_is_the_change_and_leaves_no_phase_out(it: Claiming, error: Exception) -> None:
    it.result, it.change = error, SchemaChanged("the table has changed", remedy="mend it")
    with pytest.raises(SchemaChanged):
        it.claim()
    assert (it.rules, it.claimer.leaves_out(SCHEDULED), it.claimer.refused) == ({}, False, None)
    assert it.asked[-1] == "kept the guardian"


def test_what_another_drain_of_the_group_has_tried_is_left_out_for_the_rest_of_the_session(it: Claiming) -> None:
    it.result = TriedInGroup()
    assert it.claim() is None
    assert "not claimed: group: another has tried it" in it.asked
    it.claimer.look_again()
    assert (it.rules, it.claimer.leaves_out(SCHEDULED), it.claimer.refused) == ({KEY: "group"}, True, None)


def test_the_first_claim_that_is_refused_to_every_controller_is_remembered(it: Claiming) -> None:
    first, second = BadData("first", remedy="x"), BadData("second", remedy="x")
    for it.result in (first, second):
        it.claim()
    assert it.claimer.refused is first
