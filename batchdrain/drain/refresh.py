"""Looking at the backlog again: what dead controllers left is given back first, and what rules leave out is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic

from batchdrain.config.categories import categoriser_of
from batchdrain.config.settings import Settings
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.recovery import recover
from batchdrain.failures.categories import Categoriser
from batchdrain.model.phase import Skip
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.filters import ASKED_FOR, PLAN
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.skip_rules import IN_THIS_SESSION, by_rule
from batchdrain.runtime import clock


class Refresh:
    """The backlog was read just now, when a drain begins."""

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
        self._refresh_s = settings.refresh_s
        self._recover_s = settings.lease.ttl_s
        self._categorise: Categoriser = categoriser_of(settings)
        self._read_at = self._recovered_at = monotonic()

    @classmethod
    def of_session(cls, it: OpenSession, limits: TimeLimits, recorder: Recorder, outage: DatabaseOutage) -> Refresh:
        """Over the session's backlog, and with what dead controllers hold in its project."""
        return cls(it.backlog, limits, recorder, outage, partial(recover, it.project), it.request.settings)

    @property
    def is_due(self) -> bool:
        """Whether the last reading is `refresh_s` ago, or longer."""
        return monotonic() - self._read_at >= self._refresh_s

    def read(self) -> None:
        """Raises DatabaseUnavailable once our patience is over."""
        self._recorder.settle()
        self._outage.retry(self._look, meanwhile="nothing is claimed")
        self.tell()

    def tell(self) -> None:
        """Of what the reading left out: once for each rule and value."""
        self._recorder.settle()
        self._limits.forget()
        self._read_at = monotonic()
        self._recorder.noted(self._backlog.remainder)
        new = {
            skip: count
            for skip, count in sorted(self._backlog.skipped.items())
            if skip.value != IN_THIS_SESSION and self._recorder.skipped(skip, None, count=count, keep=False)
        }
        for pattern in self._categorise.slow:
            slow = Skip("categories", f"{pattern!r} took too long on a failure text and is left out; mend it")
            self._recorder.skipped(slow, str(slow), count=0, keep=False)
        for skip in (skip for skip in new if skip.rule == PLAN):
            self._recorder.notice(str(skip))
        quiet = ASKED_FOR | {PLAN}
        for rule, count, values in by_rule({skip: count for skip, count in new.items() if skip.rule not in quiet}):
            self._recorder.notice(f"{count} skipped by {rule}: {values}")

    def _look(self) -> None:
        if monotonic() - self._recovered_at >= self._recover_s:
            for back in self._recover():
                self._recorder.recovered(back)
            self._recovered_at = monotonic()
        self._backlog.refresh(clock.now())
