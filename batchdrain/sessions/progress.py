"""What selection and stop conditions look at of a session's results. A failure that is to be tried again is no failure yet."""

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
    """The running figures of a session, kept up with each result: its progress, as the planner knows it."""

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
        self.waiting = 0  #: results of phases that are to be tried again
        self.attempts = 0  #: of the session that are known, and the seconds that they took together
        self.attempts_s = 0.0
        self._results = 0
        self._successes = 0
        self.places: dict[PhaseKey, int] = {}  #: phases with a result, and its place among the results
        self.in_chain: dict[PhaseKey, int] = {}  #: phases that another session of the chain attempted
        self.earlier_s = 0.0  #: for which the session, and others of its chain, were drained before
        self.passed_over: dict[PhaseKey, Skip] = {}  #: phases that could not be claimed: not to be chosen again for now
        self.fixed: dict[str, int] = {}  #: phases that this session completed, by run_id
        self.is_tried_again = False  #: a transient failure came in another session of the chain
        self.group: GroupFigures | None = None  #: what all drains of its group did, where it is of one
        self.metric = metric  #: whose absence is counted

    def add(self, result: Result, by: int = 1) -> None:
        """Count a result; by -1: one that another takes the place of."""
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

    def spend(self, metrics: Mapping[str, float]) -> None:
        """What an attempt reported. It stays spent where the phase is tried again."""
        for name, value in metrics.items():
            self._spent[name] = self._spent.get(name, 0.0) + value

    @property
    def attempted(self) -> Mapping[PhaseKey, int]:
        """Phases with a result of the session, or of another one of its chain."""
        return ChainMap(self.places, self.in_chain) if self.in_chain else self.places

    def follow(self, other: Session) -> None:
        """Count what another session of the chain did: its limits are those of the chain."""
        for result in other.results:
            self.in_chain[result.key] = 0
            self.spend(result.metrics)
            self._count(result)
        self.earlier_s += other.active_s

    def take(self, key: PhaseKey) -> None:
        """For a look ahead: as if the phase had a result."""
        self.places.setdefault(key, len(self.places))

    def begin(self) -> None:
        """The session's time is counted from now on."""
        self._begun = time.monotonic()

    def begin_row(self) -> None:
        """What is counted in a row is counted anew after a resume: the session may have ended by it."""
        self._consecutive = self._without_metric = 0

    def note_canary(self, fingerprint: str, *, alive: bool) -> None:
        """A phase of this big cluster was completed, or failed again."""
        if alive:
            self._canaries[fingerprint] = self._canaries.get(fingerprint, 0) + 1
        else:
            self._dead_canaries.add(fingerprint)

    def progress(self) -> Progress:
        """Numbers as of now; its mappings go on growing with the results."""
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
    """What the results of a session come to, for one that goes on. `before`: of the others of its chain."""
    counts = ResultCounts() if before is None else before
    for place, result in enumerate(session.results):
        counts.places[result.key] = place
        counts.add(result)
    counts.begin_row()
    return counts
