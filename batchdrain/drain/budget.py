"""Limits of one drain: how many phases it may take, in total, between two readings and side by side, and for how many minutes."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The limits of one drain, from its start or from where it was resumed."""

    most: int | None  #: the most phases; None: all there are
    batch: int | None = None  #: the backlog is read again after this many phases; None: this never causes a reading
    minutes: float = 0.0  #: minutes in which phases may begin; 0: no limit
    workers: int = 1
    deadline: float | None = None  #: monotonic, in seconds; for this call only
    pace: Pace | None = None  #: how soon the next command may begin; None: at once

    @classmethod
    def of_session(cls, it: OpenSession, pace: Pace | None = None) -> Budget:
        """What the session may take now. After `resume` that is less than its own batch size."""
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
        """Whether the pace lets a command begin now."""
        return self.pace is None or self.pace.permits()

    def tell_wait(self) -> None:
        """Tell the pace that a worker is free and waits."""
        if self.pace is not None:
            self.pace.tell_wait()

    def put_off(self, wait_s: float) -> None:
        """Begin no command for `wait_s` seconds, because another drain of the group was faster."""
        if self.pace is not None:
            self.pace.put_off(wait_s)

    @property
    def due(self) -> float:
        """The earliest time (monotonic, seconds) at which a command may begin."""
        return 0.0 if self.pace is None else self.pace.due

    def left(self, taken: int) -> int | None:
        """How many phases may still be taken; None: all there are."""
        return None if self.most is None else max(0, self.most - taken)

    def ends_batch(self, taken: int) -> bool:
        """Whether a batch ends after this many phases. Always False if there are no batches."""
        return bool(self.batch) and taken % (self.batch or 1) == 0

    def left_s(self, elapsed_s: float) -> float:
        """The seconds in which phases may still begin."""
        left = self.minutes * 60 - elapsed_s if self.minutes else float("inf")
        return left if self.deadline is None else min(left, self.deadline - monotonic())
