"""How much a session may take: phases, phases between two readings, minutes, and phases side by side."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Of one drain, from the start or from where it goes on."""

    most: int | None  #: phases; None: all there are
    batch: int | None = None  #: the backlog is read again after so many; None: not for that
    minutes: float = 0.0  #: 0: no limit
    workers: int = 1
    deadline: float | None = None  #: monotonic, of this time alone
    pace: Pace | None = None  #: how soon the next one may begin; None: at once

    @classmethod
    def of_session(cls, it: OpenSession, pace: Pace | None = None) -> Budget:
        """Of what the session may take now: after `resume` that is less than its own batch size."""
        settings = it.request.settings
        return cls(
            most=it.most,
            batch=it.request.batch,
            minutes=settings.stop.max_total_minutes,
            workers=settings.workers,
            deadline=it.less.deadline,
            pace=pace,
        )

    @property
    def is_due(self) -> bool:
        """Whether a command may begin now, as far as the pace goes."""
        return self.pace is None or self.pace.permits()

    def tell_wait(self) -> None:
        """A worker is free, and waits."""
        if self.pace is not None:
            self.pace.tell_wait()

    def put_off(self, wait_s: float) -> None:
        """Another drain of the group was faster: no command begins before."""
        if self.pace is not None:
            self.pace.put_off(wait_s)

    @property
    def due(self) -> float:
        """Monotonic: no command begins before it."""
        return 0.0 if self.pace is None else self.pace.due

    def left(self, taken: int) -> int | None:
        """Phases that may still be taken; None: all there are."""
        return None if self.most is None else max(0, self.most - taken)

    def ends_batch(self, taken: int) -> bool:
        """Whether so many phases are a whole number of batches; never, where there are no batches."""
        return bool(self.batch) and taken % (self.batch or 1) == 0

    def left_s(self, elapsed_s: float) -> float:
        """Seconds in which phases may still be begun."""
        left = self.minutes * 60 - elapsed_s if self.minutes else float("inf")
        return left if self.deadline is None else min(left, self.deadline - monotonic())
