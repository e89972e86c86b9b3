"""What retries have done so far: what the ledger knew at the last reading, and the results of this session since."""

from __future__ import annotations

from typing import Final

from batchdrain.failures.fingerprints import fingerprint
from batchdrain.model.attempt import Attempt
from batchdrain.model.retry_stats import NOTHING, Lessons, Tally, tally_of
from batchdrain.model.states import Outcome, PhaseState

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
            (self.fingerprints, fingerprint(phase.reason)),
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
