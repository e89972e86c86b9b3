"""A chooser, and all that it looks at, which a test sets as it wants."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Retry
from batchdrain.drain import chooser, circuit_breaker
from batchdrain.drain.budget import Budget
from batchdrain.drain.chooser import Chooser
from batchdrain.drain.circuit_breaker import CircuitBreaker
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState

NOW = 1_000.0


def choice(run_id: str) -> Choice:
    return Choice(phase=Phase(run_id=run_id, phase_id="p", phase_index=0, state=PhaseState.FAILED), reason="")


def retry(run_id: str, due: float = NOW) -> ScheduledAttempt:
    return ScheduledAttempt(due, 1, choice(run_id), executions=1)


class Room:
    """A chooser, and all that it looks at."""

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        runs: str,
        *,
        most: int | None = None,
        batch: int | None = None,
        minutes: float = 0.0,
        pace: Any = None,
    ) -> None:
        self.now, self.reads, self.refills, self.elapsed_s = NOW, 0, 0, 0.0
        for module in (chooser, circuit_breaker):
            patch.setattr(module, "monotonic", lambda: self.now)
        self.left = list(runs)
        self.stale = False
        self.breaker = CircuitBreaker(Retry(outage_after=3, initial_s=10))
        self.is_due = self.is_ending = self.is_interrupted = False
        stops = SimpleNamespace(is_ending=lambda: self.is_ending, results=0, full_clusters=lambda _: frozenset())
        stops.progress, stops.is_interrupted, stops.is_paused = SimpleNamespace(elapsed_s=0.0), False, False
        self.stops = stops
        self.asked: list[str] = []
        lookahead = SimpleNamespace(
            apply=lambda: None,
            submit=lambda left: self.asked.append(f"diagnoses for {left}"),
            cancel=lambda key: self.asked.append(f"no diagnosis of {key}"),
        )
        refresh = SimpleNamespace(is_due=False, read=self._read, refill=self._refill, tell=self._tell)
        refresh.is_affordable, refresh.is_under_way, self.refresh = True, False, refresh
        refresh.affordable_in_s, refresh.due_in_s, refresh.may_step = 7.0, 30.0, False
        refresh.begin, refresh.abandon = self._begin, lambda: self.asked.append("reading abandoned")
        refresh.step = self._step
        self.steps = self.tells = 0
        budget = Budget(most=most, batch=batch, minutes=minutes, workers=2, pace=pace)
        parts: list[Any] = [self, refresh, lookahead, budget, self.breaker, stops]
        self.chooser = Chooser(*parts)
        self.busy: set[str] = set()

    def _read(self) -> None:
        self.reads += 1
        self.stale = False

    def _tell(self) -> None:
        self.tells += 1

    def _begin(self) -> None:
        self.asked.append("reading begun")
        self.refresh.is_under_way = True

    def _step(self) -> bool:
        """It is done with the third."""
        self.now += 0.03
        self.steps += 1
        return self.steps == 3

    def _refill(self) -> None:
        self.refills += 1
        self.stale = False

    @property
    def waiting(self) -> int:
        return len(self.left)

    def next(self, now: datetime, busy: set[str], full: object) -> Choice | None:  # as a backlog
        for run in self.left:
            if run not in busy:
                self.left.remove(run)
                return choice(run)
        return None

    read_s = 0.0  # as a backlog too

    def touch(self, *facts: Any) -> None:
        self.asked.append(f"learns of {facts[0]}")

    def end(self) -> None:
        self.asked.append("backlog ended")

    def workers(self) -> Any:
        return Holding(self.busy)

    def pick(self) -> str | None:
        found = self.chooser.next(self.workers())
        if found is None:
            return None
        return f"{found.run_id} again" if found.is_retry else found.run_id

    def until(self, held: int = 0) -> float | None:
        return self.chooser.until_next(cast("Any", Holding(self.busy, held)))


class Holding:
    """Workers of which so many hold something."""

    def __init__(self, busy: set[str], held: int = 0, *, ended: bool = False) -> None:
        self.busy_runs, self._held, self._ended = busy, held, ended

    def have_ended(self) -> bool:
        return self._ended

    def __len__(self) -> int:
        return self._held

    @property
    def occupied(self) -> int:
        return self._held

    def side_by_side(self) -> dict[str, int]:
        return {}
