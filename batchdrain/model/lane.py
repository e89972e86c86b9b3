"""A lane: all that a policy sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchdrain.model.deferred import Deferred
from batchdrain.model.retry_stats import NOTHING, RetryCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane(Deferred):
    """The waiting phases of one run in one category with equally many attempts. All that a policy sees."""

    run_id: str
    run_type: str  #: from `run_types`; 'default' where nothing matches
    category: str
    attempts: int  #: counted executions of each of its phases so far
    phase_index: int | None  #: of the next phase
    phase_id: str  #: of the next phase
    waiting: int  #: phases in this lane
    failed: int  #: failed phases of the run when the session began to look, this session's successes included
    queued: int  #: queued phases of the run
    successes: int = 0  #: completed attempts of the run in the ledger
    timeouts: int = 0  #: timed-out attempts of the run in the ledger
    mean_duration_s: float | None = None  #: of the run's completed attempts; None without any
    hint: int = 0  #: manual priority; higher is sooner
    promising: bool = False  #: a diagnosis says that trying its phases again is worth it
    reason: str | None = None  #: failure text of the next phase
    fingerprint: str = ""  #: of that; '' where it has none
    repeats: Mapping[str, int] = field(default_factory=dict, repr=False)  #: failures of this session by fingerprint
    taken: int = 0  #: phases of the run that were chosen since this session began, or went on
    failed_alike: bool = False  #: the run's latest failed attempt failed like one of another run
    limit_s: float = 600.0  #: time limit of the next phase, before anything is learnt of durations
    of_all: RetryCount = NOTHING  #: all attempts on failures so far, in the ledger and in this session; so those that follow
    of_category: RetryCount = NOTHING  #: attempts that set out from this category
    of_fingerprint: RetryCount = NOTHING  #: attempts that set out from the next phase's fingerprint; none where it is ''
    of_run: RetryCount = NOTHING  #: attempts of the run
    of_run_type: RetryCount = NOTHING  #: attempts of runs of this type

    run_order: Any = None  #: what run_id is compared by: a number where it is one by its type; not set: the id itself
    phase_order: Any = None  #: likewise of phase_id

    def __post_init__(self) -> None:
        if self.run_order is None:
            object.__setattr__(self, "run_order", self.run_id)
        if self.phase_order is None:
            object.__setattr__(self, "phase_order", self.phase_id)

    @property
    def fingerprint_count(self) -> int:
        """Failures with that fingerprint in this session."""
        return self.repeats.get(self.fingerprint, 0)
