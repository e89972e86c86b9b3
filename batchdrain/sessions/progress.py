"""The figures of a session's results that selection and stop conditions look at. A failure that will be tried again does not
count as a failure yet."""

from __future__ import annotations

import time
from collections import ChainMap
from collections.abc import Mapping

from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.failure_row import FailureRow
from batchdrain.planning.group_figures import GroupFigures
from batchdrain.planning.stop import Progress
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session


class ResultCounts:
    """The running figures of a session, updated with each result. It is the SessionProgress of the planner."""

    def __init__(self, metric: str = "") -> None:
        self._begun = time.monotonic()
        self._timeouts: dict[str, int] = {}
        self._repeats: dict[str, int] = {}
        self.row = FailureRow()
        self._spent: dict[str, float] = {}
        self._canaries: dict[str, int] = {}
        self._dead_canaries: set[str] = set()
        self._consecutive = 0
        self._without_metric = 0
        self.waiting = 0  #: how many results are of phases that will be tried again
        self.attempts = 0  #: known attempts of the session, and their total seconds
        self.attempts_s = 0.0
        self._results = 0
        self._successes = 0
        self.places: dict[PhaseKey, int] = {}  #: phases with a result, and the place of the result in the list
        self.in_chain: dict[PhaseKey, int] = {}  #: phases that another session of the chain attempted
        self.earlier_s = 0.0  #: how long the session and others of its chain were drained before
        self.passed_over: dict[PhaseKey, Skip] = {}  #: phases that could not be claimed; not chosen again for now
        self.fixed: dict[str, int] = {}  #: phases that this session completed, by run_id
        self.is_tried_again = False  #: some phase was tried again before, in this session or in its chain
        self.group: GroupFigures | None = None  #: the figures of its group of drains; None without a group
        self.metric = metric  #: the metric whose absence is counted

    def add(self, result: Result, by: int = 1) -> None:
        """Count a result. `by` is -1 for a result that is being replaced."""
        if by > 0:
            self.spend(result.metrics)
            self.attempts += result.duration_s is not None
            self.attempts_s += result.duration_s or 0.0
        self.waiting += by if result.retry_at is not None else 0
        if result.success:
            self.fixed[result.run_id] = self.fixed.get(result.run_id, 0) + by
        self._count(result, by)

    def _count(self, result: Result, by: int = 1) -> None:
        if result.has_timed_out:
            self._timeouts[result.run_id] = self._timeouts.get(result.run_id, 0) + by
        if result.retry_at is not None:
            return
        if not result.success and result.fingerprint:
            self._repeats[result.fingerprint] = self._repeats.get(result.fingerprint, 0) + by
        self._results += by
        self._successes += by if result.success else 0
        if by > 0:
            self._consecutive = 0 if result.success else self._consecutive + 1
            self._without_metric = 0 if result.metrics.get(self.metric, 0.0) > 0 else self._without_metric + 1

    def add_earlier(self, result: Result) -> None:
        """Count what the earlier attempts on the phase of a result consumed, if they were not counted as they came."""
        if (earlier := result.earlier) is not None:
            self.spend(earlier.metrics)
            self.attempts += earlier.attempts
            self.attempts_s += earlier.duration_s
            self.is_tried_again = True

    def spend(self, metrics: Mapping[str, float]) -> None:
        """Add the metrics that an attempt reported. They stay spent even if the phase is tried again."""
        for name, value in metrics.items():
            self._spent[name] = self._spent.get(name, 0.0) + value

    @property
    def attempted(self) -> Mapping[PhaseKey, int]:
        """Phases with a result of this session, or of another session of its chain."""
        return ChainMap(self.places, self.in_chain) if self.in_chain else self.places

    def follow(self, other: Session, known: int = 0) -> None:
        """Count what another session of the chain did: the limits hold for the whole chain. `known`: how many results it had
        when the chain was resumed; what is counted in a row begins after them."""
        for count, result in enumerate(other.results, start=1):
            self.in_chain[result.key] = 0
            self.spend(result.all_metrics)
            self._count(result)
            if count == known:
                self.begin_row()
        self.earlier_s += other.active_s

    def take(self, key: PhaseKey) -> None:
        """For a look ahead: act as if the phase had a result."""
        self.places.setdefault(key, len(self.places))

    def begin(self) -> None:
        """Measure the session's time from now on."""
        self._begun = time.monotonic()

    def begin_row(self) -> None:
        """After a resume begin to count afresh what is counted in a row: the session may have ended because of it."""
        self._consecutive = self._without_metric = 0

    def note_canary(self, fingerprint: str, *, alive: bool) -> None:
        """Note that a phase of this big cluster was completed, or failed again."""
        if alive:
            self._canaries[fingerprint] = self._canaries.get(fingerprint, 0) + 1
        else:
            self._dead_canaries.add(fingerprint)

    def progress(self) -> Progress:
        """The present figures. The mappings in it keep growing with the results."""
        own = Progress(
            elapsed_s=self.earlier_s + time.monotonic() - self._begun,
            consecutive_failures=self._consecutive,
            timeouts=self._timeouts,
            repeats=self._repeats,
            same_failures=self.row.length,
            same_failure=self.row.fingerprint,
            results=self._results,
            successes=self._successes,
            without_metric=self._without_metric,
            spent=self._spent,
            canaries=self._canaries,
            dead_canaries=self._dead_canaries,
        )
        return own if self.group is None else self.group.apply(own)


def counts_of(session: Session, before: ResultCounts | None = None) -> ResultCounts:
    """The figures of a session that is resumed, from its results. `before`: the figures of the earlier sessions of its
    chain."""
    counts = ResultCounts() if before is None else before
    for place, result in enumerate(session.results):
        counts.places[result.key] = place
        counts.add(result)
        counts.add_earlier(result)
    counts.begin_row()
    return counts
