"""What came of attempts, counted: the facts that a policy learns from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from batchdrain.model.attempt import Attempt
from batchdrain.model.states import Outcome, PhaseState


@dataclass(frozen=True, slots=True)
class Tally:
    """Attempts that set out from a failure and were executed to their end."""

    tried: int = 0
    fixed: int = 0  #: of these, completed
    fixed_s: float = 0.0  #: seconds of the completed ones, together
    failed_s: float = 0.0  #: seconds of the others (failed or timed out), together

    @property
    def failed(self) -> int:
        return self.tried - self.fixed

    def plus(self, other: Tally) -> Tally:
        return Tally(
            self.tried + other.tried,
            self.fixed + other.fixed,
            self.fixed_s + other.fixed_s,
            self.failed_s + other.failed_s,
        )


NOTHING: Final = Tally()


def tally_of(*, fixed: bool, seconds: float) -> Tally:
    """Of one attempt."""
    return Tally(1, 1, seconds, 0.0) if fixed else Tally(1, 0, 0.0, seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What the ledger has learnt of retries. The mappings are bounded: see database/lessons.py."""

    categories: Mapping[str, Tally] = field(default_factory=dict)  #: by the category that the attempt set out from
    fingerprints: Mapping[str, Tally] = field(default_factory=dict)  #: by the fingerprint that it set out from
    runs: Mapping[str, Tally] = field(default_factory=dict)  #: by run_id
    run_types: Mapping[str, Tally] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)  #: fingerprint of each run's latest failed attempt
    seen_in: Mapping[str, frozenset[str]] = field(default_factory=dict)  #: by such a fingerprint, runs that failed with it


LEARNT_FROM: Final = frozenset({Outcome.COMPLETE, Outcome.FAILED, Outcome.TIMEOUT})
"""The outcomes that say something of a retry."""


class Learnt:
    """Grows with each result. A new reading begins a new one: the ledger has this session's results by then."""

    def __init__(self, lessons: Lessons | None = None) -> None:
        found = lessons or Lessons()
        self.categories = dict(found.categories)
        self.fingerprints = dict(found.fingerprints)
        self.runs = dict(found.runs)
        self.run_types = dict(found.run_types)
        self.overall = NOTHING
        for tally in self.categories.values():
            self.overall = self.overall.plus(tally)
        self.failures = dict(found.failures)
        self.seen_in = dict(found.seen_in)
        self.results = 0  #: of this session, since the reading

    def add(self, attempt: Attempt, run_type: str) -> None:
        """A result of this session. Queued phases teach nothing of retries, and what was given back nothing at all."""
        phase = attempt.phase
        if attempt.outcome not in LEARNT_FROM or phase.state is not PhaseState.FAILED:
            return
        self.results += 1
        one = tally_of(fixed=attempt.success, seconds=attempt.duration_s)
        self.overall = self.overall.plus(one)
        for tallies, name in (
            (self.categories, phase.category),
            (self.fingerprints, phase.failure.fingerprint),
            (self.runs, phase.run_id),
            (self.run_types, run_type[:191]),
        ):
            tallies[name] = tallies.get(name, NOTHING).plus(one)
        if not attempt.success:
            self.failures[phase.run_id] = attempt.fingerprint
            seen = self.seen_in.get(attempt.fingerprint, frozenset())
            if len(seen) < 2:  # two runs are enough to know that it is not of one run alone
                self.seen_in[attempt.fingerprint] = seen | {phase.run_id}

    def tally_of_fingerprint(self, mark: str) -> Tally:
        """'' is the fingerprint of a phase without a reason: that says nothing beyond its category."""
        return self.fingerprints.get(mark, NOTHING) if mark else NOTHING

    def failed_alike(self, run_id: str) -> bool:
        """Whether the run's latest failed attempt failed like one of another run."""
        mark = self.failures.get(run_id)
        return bool(mark) and bool(self.seen_in.get(mark or "", frozenset()) - {run_id})
