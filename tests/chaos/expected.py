"""The model of the claim machine: what must stand for each phase after every step, and what no step may ever do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from batchdrain.model.states import Outcome

COUNTED: Final = {"complete", "failed", "timeout"}
GIVEN_BACK: Final = {"released", "not_started", "orphaned"}


class Row(NamedTuple):
    """A phase in the user's table."""

    state: str
    reason: str | None


class ClaimRow(NamedTuple):
    epoch: int
    owner: str | None
    lease_ms: int | None
    next_ms: int | None
    prior_reason: str | None
    orphans: int
    attempts: int


class AttemptRow(NamedTuple):
    attempt: int
    initial_state: str
    outcome: str | None
    final_state: str | None
    ended_ms: int | None


class Standings(NamedTuple):
    """All that stands in the three tables, by the phase's name."""

    phases: dict[str, Row]
    claims: dict[str, ClaimRow]
    attempts: dict[str, dict[int, AttemptRow]]  #: by epoch


@dataclass(kw_only=True)
class Expected:
    """One phase as it must stand."""

    row: Row
    prior: Row = field(init=False)  #: as it stood before the last claim
    epoch: int = 0
    owner: str | None = None
    lease_ms: int | None = None
    next_ms: int | None = None
    orphans: int = 0
    counted: int = 0
    outcomes: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)  #: and final states, by epoch
    kept: int | None = None  #: the exit code that a guardian kept for the recovery
    by_hand: bool = False  #: somebody else has set the state since it was claimed

    def __post_init__(self) -> None:
        self.prior = self.row

    def can_be_claimed(self, word: str, now_ms: int) -> bool:
        return self.owner is None and self.row.state == word and (self.next_ms is None or self.next_ms <= now_ms)

    def is_held_by(self, owner: str, epoch: int) -> bool:
        return (self.owner, self.epoch) == (owner, epoch)

    def is_over(self, now_ms: int) -> bool:
        return self.lease_ms is not None and self.lease_ms < now_ms

    def claim(self, owner: str, lease_ms: int) -> None:
        self.epoch, self.owner, self.lease_ms, self.next_ms = self.epoch + 1, owner, lease_ms, None
        self.prior, self.row = self.row, Row("EXECUTING", self.row.reason)
        self.outcomes[self.epoch] = (None, None)
        self.by_hand = False

    def end(self, outcome: Outcome, reason: str | None, next_ms: int | None) -> None:
        """`outcome` is written, unless somebody else has set the state: then the row is left alone, and a result MOVED."""
        recorded = outcome
        if self.row.state == "EXECUTING":
            done = Row("COMPLETE", None) if outcome is Outcome.COMPLETE else Row("FAILED", reason)
            self.row = self.prior if outcome in GIVEN_BACK else done
        elif outcome not in GIVEN_BACK:
            recorded = Outcome.MOVED
        if outcome in COUNTED:
            self.counted, self.orphans = self.counted + 1, 0
        elif outcome is Outcome.ORPHANED:
            self.orphans += 1
        self._free(recorded, None if recorded is Outcome.MOVED else next_ms)

    def orphan(self) -> None:
        """A recovery gives it back."""
        if self.row.state == "EXECUTING":
            self.row = self.prior
        self.orphans += 1
        self._free(Outcome.ORPHANED, self.next_ms)
        self.epoch += 1

    def recover(self) -> str | None:
        """What its guardian kept is recorded; the outcome is returned. Without it, it is given back."""
        if self.kept is None:
            self.orphan()
            return None
        if self.kept == 0:
            self.end(Outcome.COMPLETE, None, None)
        else:
            self.end(Outcome.FAILED, "kept in the spool [exit 1]", None)
        return self.outcomes[self.epoch][0]

    def _free(self, recorded: Outcome, next_ms: int | None) -> None:
        self.outcomes[self.epoch] = (recorded.value, self.row.state)
        self.owner, self.lease_ms, self.next_ms, self.kept = None, None, next_ms, None

    def differences(self, row: Row, claim: ClaimRow | None, attempts: dict[int, AttemptRow]) -> Iterator[str]:
        if row != self.row:
            yield f"the phase is {row}, not {self.row}"
        kept = self.prior.reason if self.owner is not None else None
        expected = ClaimRow(self.epoch, self.owner, self.lease_ms, self.next_ms, kept, self.orphans, self.counted)
        if (claim is not None or self.epoch) and claim != expected:
            yield f"the claim is {claim}, not {expected}"
        found = {epoch: (attempt.outcome, attempt.final_state) for epoch, attempt in attempts.items()}
        if found != self.outcomes:
            yield f"the attempts ended as {found}, not as {self.outcomes}"


def broken(before: Standings, now: Standings, by_hand: set[str]) -> Iterator[str]:
    """Every promise that a step broke, whatever the model says. `by_hand`: whose states somebody else has set."""
    for name, claim in now.claims.items():
        was, attempts = before.claims.get(name), now.attempts.get(name, {})
        if was is not None and claim.epoch < was.epoch:
            yield f"{name}: the epoch went back from {was.epoch} to {claim.epoch}"
        if claim.owner is not None and claim.epoch == (0 if was is None else was.epoch) and was and claim.owner != was.owner:
            yield f"{name}: a new owner in the same epoch {claim.epoch}"
        for epoch, attempt in before.attempts.get(name, {}).items():
            if attempt.outcome is not None and attempts.get(epoch) != attempt:
                yield f"{name}: what was recorded of epoch {epoch} changed from {attempt} to {attempts.get(epoch)}"
        unended = [epoch for epoch, attempt in attempts.items() if attempt.outcome is None]
        if unended != ([] if claim.owner is None else [claim.epoch]):
            yield f"{name}: the attempts {unended} have no outcome, and the claim is {claim}"
        yield from (f"{name}: {fault}" for fault in _miscounted(claim, attempts))
        if name not in by_hand:
            yield from (f"{name}: {fault}" for fault in _misplaced(now.phases[name], claim, attempts))


def _miscounted(claim: ClaimRow, attempts: dict[int, AttemptRow]) -> Iterator[str]:
    ended = [attempt.outcome for _, attempt in sorted(attempts.items()) if attempt.outcome is not None]
    if "moved" in ended:
        return  # the row does not tell what it would have been
    if claim.attempts != len([outcome for outcome in ended if outcome in COUNTED]):
        yield f"{claim.attempts} attempts were counted of {ended}"
    last = max((place for place, outcome in enumerate(ended) if outcome in COUNTED), default=-1)
    if claim.orphans != ended[last + 1 :].count("orphaned"):
        yield f"{claim.orphans} orphanings in a row were counted of {ended}"


def _misplaced(row: Row, claim: ClaimRow, attempts: dict[int, AttemptRow]) -> Iterator[str]:
    if (row.state == "EXECUTING") != (claim.owner is not None):
        yield f"it is {row.state}, and its claim is {claim}"
    if row.state == "COMPLETE" and attempts[max(attempts)].outcome != "complete":
        yield f"it is COMPLETE, and its last attempt is {attempts[max(attempts)]}"
