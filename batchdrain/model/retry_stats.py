"""What came of attempts on failures, counted: the facts that a policy learns from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from batchdrain.model.attempt import Attempt
from batchdrain.model.failure_change import FailureChange
from batchdrain.model.states import Outcome, PhaseState

LEARNT_FROM: Final = frozenset({Outcome.COMPLETE, Outcome.FAILED, Outcome.TIMEOUT})
"""The outcomes that say something of a retry."""


@dataclass(frozen=True, slots=True)
class RetryCount:
    """Attempts that set out from a failure and were executed to their end."""

    tried: int = 0
    fixed: int = 0  #: of these, completed
    fixed_s: float = 0.0  #: seconds of the completed ones, together
    failed_s: float = 0.0  #: seconds of the others (failed or timed out), together

    @classmethod
    def of(cls, *, fixed: bool, seconds: float) -> RetryCount:
        """Of one attempt."""
        return cls(1, 1, seconds, 0.0) if fixed else cls(1, 0, 0.0, seconds)

    @property
    def failed(self) -> int:
        """Those that failed or timed out."""
        return self.tried - self.fixed

    def plus(self, other: RetryCount) -> RetryCount:
        """Both together."""
        return RetryCount(
            self.tried + other.tried,
            self.fixed + other.fixed,
            self.fixed_s + other.fixed_s,
            self.failed_s + other.failed_s,
        )


NOTHING: Final = RetryCount()


@dataclass(slots=True, kw_only=True)
class RetryStats:
    """What retries have done so far: what the ledger knew at the last reading, and the results of this session since.

    A new reading begins a new one: the ledger has this session's results by then. The mappings are bounded: see
    database/ledger/retry_stats_query.py.
    """

    categories: dict[str, RetryCount] = field(default_factory=dict)  #: by the category that the attempt set out from
    fingerprints: dict[str, RetryCount] = field(default_factory=dict)  #: by the fingerprint that it set out from
    runs: dict[str, RetryCount] = field(default_factory=dict)  #: by run_id
    run_types: dict[str, RetryCount] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)  #: fingerprint of each run's latest failed attempt
    seen_in: dict[str, frozenset[str]] = field(default_factory=dict)  #: by such a fingerprint, runs that failed with it
    changes: dict[FailureChange, int] = field(default_factory=dict)  #: attempts that failed, without those that timed out
    overall: RetryCount = field(init=False, default=NOTHING)
    results: int = field(init=False, default=0)  #: of this session, since the reading

    def __post_init__(self) -> None:
        for count in self.categories.values():
            self.overall = self.overall.plus(count)

    def copy(self) -> RetryStats:
        """One to go on from: a reading is shared."""
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
        """A result of this session. Queued phases teach nothing of retries, and what was given back nothing at all."""
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
            if len(seen) < 2:  # two runs are enough to know that it is not of one run alone
                self.seen_in[attempt.fingerprint] = seen | {phase.run_id}

    def of_fingerprint(self, fingerprint: str) -> RetryCount:
        """'' is the fingerprint of a phase without a reason: that says nothing beyond its category."""
        return self.fingerprints.get(fingerprint, NOTHING) if fingerprint else NOTHING

    def failed_alike(self, run_id: str) -> bool:
        """Whether the run's latest failed attempt failed like one of another run."""
        fingerprint = self.failures.get(run_id)
        return bool(fingerprint) and bool(self.seen_in.get(fingerprint or "", frozenset()) - {run_id})
