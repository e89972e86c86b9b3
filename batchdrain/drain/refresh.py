"""Reads the backlog again. What dead controllers left is given back first, and what rules leave out is reported.

The cost of a reading grows with the backlog. So it is done in small steps while commands run, and the less often the larger the
backlog is: at most a twentieth of a drain's time goes into it, that of the reading before its first phase included. Only if
nothing else is left to do is it read at once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import partial
from time import monotonic
from typing import Final

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.recovery import recover
from batchdrain.drain.services import Services
from batchdrain.model.errors import DatabaseUnavailable
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.filters import ASKED_FOR, PLAN
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.skip_rules import IN_THIS_SESSION, by_rule
from batchdrain.runtime import clock

_SHARE: Final = 0.05
"""The share of a drain's time that may go into reading the backlog."""


class Refresh:
    """Decides when the backlog is read again. When a drain begins, it must just have been read."""

    def __init__(
        self,
        backlog: Backlog,
        limits: TimeLimits,
        recorder: Recorder,
        outage: DatabaseOutage,
        recover: Callable[[], Iterable[Recovered]],
        settings: Settings,
    ) -> None:
        """`recover`: settles what dead controllers hold."""
        self._backlog = backlog
        self._limits = limits
        self._recorder = recorder
        self._outage = outage
        self._recover = recover
        self._watch: Callable[[], None] = lambda: None  # raises ConfigError if the table has changed
        self._refresh_s = settings.refresh_s
        self._recover_s = settings.lease.ttl_s
        self._began_at = self._read_at = self._recovered_at = self._stepped_at = monotonic()
        self._spent_s = self._step_s = 0.0
        self._slices: Generator[None, None, None] | None = None

    @classmethod
    def of_session(cls, it: OpenSession, services: Services, recorder: Recorder) -> Refresh:
        """For the session's backlog and what dead controllers hold in its project."""
        recovers = partial(recover, it.project)
        made = cls(it.backlog, services.limits, recorder, services.outage, recovers, it.request.settings)
        made._watch = services.watch.look
        return made

    @property
    def is_due(self) -> bool:
        """Whether the last reading was at least `refresh_s` ago, and all of them cheap enough for the drain's time so far."""
        return self.due_in_s <= 0

    @property
    def due_in_s(self) -> float:
        """Seconds until a reading is due; 0.0 if it is due now."""
        after_last = self._read_at + max(self._refresh_s, self._least_s)
        after_all = self._began_at + (self._spent_s + self._backlog.read_s) / _SHARE  # with the next, which costs as much
        return max(0.0, max(after_last, after_all) - monotonic())

    @property
    def is_affordable(self) -> bool:
        """Whether the last reading was cheap enough for another one now."""
        return self.affordable_in_s <= 0

    @property
    def affordable_in_s(self) -> float:
        """Seconds until another reading is affordable; 0.0 if it is now."""
        return max(0.0, self._read_at + self._least_s - monotonic())

    @property
    def is_under_way(self) -> bool:
        """Whether a reading was begun and is not done."""
        return self._slices is not None

    @property
    def may_step(self) -> bool:
        """Whether a step is cheap enough although a phase could begin in its time."""
        return monotonic() - self._stepped_at >= self._step_s / _SHARE

    @property
    def _least_s(self) -> float:
        return self._backlog.read_s * (1 / _SHARE - 1)

    def begin(self) -> None:
        """Begin a reading that goes on with each `step`. Does nothing if one is under way."""
        if self._slices is None:
            self._slices = self._read_slowly()

    def step(self) -> bool:
        """Do a little of the reading that is under way. Returns whether it is done. If the database does not answer, this is
        reported, and the next reading is as far off as if this one were done. Raises ConfigError for a cycle of dependencies or a
        bad policy."""
        if self._slices is None:
            return True
        began = monotonic()
        try:
            for _ in self._slices:
                return False
            self._slices = None
            self.tell()
        except DatabaseUnavailable as error:
            self._read_at = monotonic()
            self.abandon()
            self._recorder.notice(f"{error.message}: the backlog is read again later")
        except BaseException:
            self.abandon()
            raise
        finally:
            self._stepped_at = monotonic()
            self._step_s = self._stepped_at - began
        return True

    def abandon(self) -> None:
        """Drop the reading that is under way, if any."""
        if self._slices is not None:
            self._slices.close()
            self._slices = None

    def read(self) -> None:
        """Read the whole backlog at once. Raises DatabaseUnavailable once patience has run out."""
        self.abandon()
        self._recorder.settle()
        self._outage.retry(self._look, meanwhile="nothing is claimed")
        self.tell()

    def refill(self) -> None:
        """Refill the lanes of the backlog that have run out. Raises DatabaseUnavailable once patience has run out."""
        self._outage.retry(lambda: self._backlog.refill(clock.now()), meanwhile="nothing is claimed")

    def tell(self) -> None:
        """Report what the reading left out, once for each rule and value."""
        self._recorder.settle()
        self._limits.forget()
        self._read_at = monotonic()
        self._spent_s += self._backlog.read_s
        self._recorder.noted(self._backlog.remainder)
        new = {
            skip: count
            for skip, count in sorted(self._backlog.skipped.items())
            if skip.value != IN_THIS_SESSION
            and self._recorder.skipped(skip, None, count=count, keep=False)
            and not self._recorder.has_told_of(skip)
        }
        for skip in (skip for skip in new if skip.rule == PLAN):
            self._recorder.notice(str(skip))
        quiet = ASKED_FOR | {PLAN}
        for rule, count, values in by_rule({skip: count for skip, count in new.items() if skip.rule not in quiet}):
            self._recorder.notice(f"{count} skipped by {rule}: {values}")

    def _look(self) -> None:
        self._watch()
        self._recover_when_due()
        self._backlog.refresh(clock.now())

    def _read_slowly(self) -> Generator[None, None, None]:
        self._watch()
        self._recover_when_due()
        yield
        yield from self._backlog.refresh_in_slices(clock.now)

    def _recover_when_due(self) -> None:
        if monotonic() - self._recovered_at >= self._recover_s:
            for back in self._recover():
                self._recorder.recovered(back)
            self._recovered_at = monotonic()
