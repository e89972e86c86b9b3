"""Counts of how attempts on failures ended: the facts from which policies learn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from batchdrain.model.attempt import Attempt
from batchdrain.model.failure_change import FailureChange
from batchdrain.model.states import Outcome, PhaseState

LEARNT_FROM: Final = frozenset({Outcome.COMPLETE, Outcome.FAILED, Outcome.TIMEOUT})
"""The outcomes that say something about a retry."""


@dataclass(frozen=True, slots=True)
class RetryCount:
    """Counts of attempts on failed phases that were executed to their end."""

    tried: int = 0
    fixed: int = 0  #: how many of these completed
    fixed_s: float = 0.0  #: total seconds of the completed ones
    failed_s: float = 0.0  #: total seconds of the others (failed or timed out)

    @classmethod
    def of(cls, *, fixed: bool, seconds: float) -> RetryCount:
        """The count of one attempt."""
        return cls(1, 1, seconds, 0.0) if fixed else cls(1, 0, 0.0, seconds)

    @property
    def failed(self) -> int:
        """How many failed or timed out."""
        return self.tried - self.fixed

    def plus(self, other: RetryCount) -> RetryCount:
        """The sum of both counts."""
        return RetryCount(
            self.tried + other.tried,
            self.fixed + other.fixed,
            self.fixed_s + other.fixed_s,
            self.failed_s + other.failed_s,
        )


NOTHING: Final = RetryCount()


@dataclass(slots=True, kw_only=True)
class RetryStats:
    """The results of retries so far: those that the ledger had at the last reading, and those of this session since.

    A new reading starts new stats, as the ledger has this session's results by then. The mappings are bounded, see
    database/ledger/retry_stats_query.py.
    """

    categories: dict[str, RetryCount] = field(default_factory=dict)  #: by the category of the failure before the attempt
    fingerprints: dict[str, RetryCount] = field(default_factory=dict)  #: by the fingerprint of the failure before the attempt
    runs: dict[str, RetryCount] = field(default_factory=dict)  #: by run_id
    run_types: dict[str, RetryCount] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)  #: fingerprint of each run's latest failed attempt
    seen_in: dict[str, frozenset[str]] = field(default_factory=dict)  #: by fingerprint, the runs that failed with it
    changes: dict[FailureChange, int] = field(default_factory=dict)  #: failed attempts without timeouts, counted
    overall: RetryCount = field(init=False, default=NOTHING)
    results: int = field(init=False, default=0)  #: results of this session since the reading

    def __post_init__(self) -> None:
        for count in self.categories.values():
            self.overall = self.overall.plus(count)

    def copy(self) -> RetryStats:
        """A copy that can be changed; the original of a reading is shared."""
        return RetryStats(
            categories=dict(self.categories),
            fingerprints=dict(self.fingerprints),
            runs=dict(self.runs),
            run_types=dict(self.run_types),
            failures=dict(self.failures),
            seen_in=dict(self.seen_in),
            changes=dict(self.changes),
        )

    def add(self, attempt: Attempt, run_type: str) -> None:
        """Add a result of this session. Queued phases teach nothing about retries, and phases that were given back teach
        nothing at all."""
        phase = attempt.phase
        if attempt.outcome not in LEARNT_FROM or phase.state is not PhaseState.FAILED:
            return
        self.results += 1
        one = RetryCount.of(fixed=attempt.success, seconds=attempt.duration_s)
        self.overall = self.overall.plus(one)
        for counts, name in (
            (self.categories, phase.category),
            (self.fingerprints, phase.failure.fingerprint),
            (self.runs, phase.run_id),
            (self.run_types, run_type[:191]),
        ):
            counts[name] = counts.get(name, NOTHING).plus(one)
        if attempt.outcome is Outcome.FAILED:
            change = FailureChange(phase.category, phase.failure.fingerprint, attempt.fingerprint)
            self.changes[change] = self.changes.get(change, 0) + 1
        if not attempt.success:
            self.failures[phase.run_id] = attempt.fingerprint
            seen = self.seen_in.get(attempt.fingerprint, frozenset())
            if len(seen) < 2:  # two runs are enough to know that more than one run has it
                self.seen_in[attempt.fingerprint] = seen | {phase.run_id}

    def of_fingerprint(self, fingerprint: str) -> RetryCount:
        """The counts of a fingerprint. '' is that of a phase without a reason, which says nothing beyond its category."""
        return self.fingerprints.get(fingerprint, NOTHING) if fingerprint else NOTHING

    def failed_alike(self, run_id: str) -> bool:
        """Whether the latest failed attempt of the run failed like an attempt of another run."""
        fingerprint = self.failures.get(run_id)
        return bool(fingerprint) and bool(self.seen_in.get(fingerprint or "", frozenset()) - {run_id})
