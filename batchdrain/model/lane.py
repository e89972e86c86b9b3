"""A lane: everything that a policy sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchdrain.model.deferred import Deferred
from batchdrain.model.retry_stats import NOTHING, RetryCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane(Deferred):
    """The waiting phases of one run in one category with the same number of attempts. A policy sees nothing else."""

    run_id: str
    run_type: str  #: from `run_types`; 'default' if nothing matches
    category: str
    attempts: int  #: how many counted executions each of its phases has had
    phase_index: int | None  #: of the next phase
    phase_id: str  #: of the next phase
    waiting: int  #: number of phases in this lane
    failed: int  #: failed phases of the run when the session began, so also those it has fixed
    queued: int  #: queued phases of the run
    successes: int = 0  #: completed attempts of the run in the ledger
    timeouts: int = 0  #: timed-out attempts of the run in the ledger
    mean_duration_s: float | None = None  #: mean of the run's completed attempts; None if there are none
    hint: int = 0  #: manual priority; higher is sooner
    promising: bool = False  #: a diagnosis says that its phases are worth trying again
    reason: str | None = None  #: failure text of the next phase
    fingerprint: str = ""  #: the fingerprint of that text; '' if there is none
    repeats: Mapping[str, int] = field(default_factory=dict, repr=False)  #: failures of this session by fingerprint
    taken: int = 0  #: phases of the run that were chosen since this session began or was resumed
    failed_alike: bool = False  #: the run's latest failed attempt failed like one of another run
    limit_s: float = 600.0  #: time limit of the next phase before anything is learnt from durations
    of_all: RetryCount = NOTHING  #: all attempts on failures, in the ledger and this session, as in those below
    of_category: RetryCount = NOTHING  #: attempts on failures of this category
    of_fingerprint: RetryCount = NOTHING  #: attempts on failures with this fingerprint; none if it is ''
    of_run: RetryCount = NOTHING  #: attempts of the run
    of_run_type: RetryCount = NOTHING  #: attempts of runs of this type

    run_order: Any = None  #: sort key of run_id: a number for a numeric column; the id itself if not set
    phase_order: Any = None  #: sort key of phase_id, likewise

    def __post_init__(self) -> None:
        if self.run_order is None:
            object.__setattr__(self, "run_order", self.run_id)
        if self.phase_order is None:
            object.__setattr__(self, "phase_order", self.phase_id)

    @property
    def fingerprint_count(self) -> int:
        """How many failures in this session have this fingerprint."""
        return self.repeats.get(self.fingerprint, 0)
