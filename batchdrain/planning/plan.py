"""The dry run: the phases that a drain would take, in order, and for every other one the rule that skips it.

It takes them from the same backlog as the drain. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from batchdrain.database.phases.pages import Row
from batchdrain.model.claim import Choice, ScheduledAttempt, TimeLimit
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.lane_backlog import Reading
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.planner import Selection
from batchdrain.planning.skip_rules import ATTEMPTED, IN_THIS_SESSION, PLAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A phase that a drain would take, and how long it might run."""

    choice: Choice
    limit: TimeLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a drain would take now."""

    phases: tuple[Planned, ...]
    retries: tuple[Planned, ...] = ()  #: of a session that goes on: they come first
    total: int  #: phases in the source state
    skipped: Counter[Skip]  #: by rule and value; without those that only the full batch leaves out

    @property
    def all(self) -> tuple[Planned, ...]:
        """In the order of the drain."""
        return (*self.retries, *self.phases)

    @property
    def left(self) -> int:
        """Phases that may be drained but find the batch full."""
        return self.total - len(self.all) - self.skipped.total()


def plan(
    backlog: Backlog,
    limits: TimeLimits,
    *,
    most: int | None,
    now: datetime,
    take: Callable[[PhaseKey], object],
    retries: Sequence[ScheduledAttempt] = (),
) -> Plan:
    """Take phases from a backlog as the drain does, without executing them. At most `most`; None: all. `retries`: phases that
    the session tries again anyway; as it attempted them, the backlog skips them.

    `take`: told of each planned phase, so that the backlog takes it for attempted: another reading goes on behind it, as the
    drain's does.
    """
    backlog.refresh(now)
    skipped, total = Counter(backlog.skipped), backlog.total
    skipped -= Counter({Skip(ATTEMPTED, IN_THIS_SESSION): len(retries)})
    again = tuple(Planned(choice=tried.choice, limit=limits.of(tried.choice.phase, longer=tried.longer)) for tried in retries)
    chosen: dict[PhaseKey, Planned] = {}
    while most is None or len(chosen) < most:
        choice = backlog.next(now)
        if choice is None:
            if not backlog.stale:
                break
            backlog.refresh(now)
            continue
        take(choice.phase.key)
        chosen[choice.phase.key] = Planned(choice=choice, limit=limits.of(choice.phase))
    return Plan(phases=tuple(chosen.values()), retries=again, total=total, skipped=skipped)


def explain_rows(selection: Selection, made: Plan, *, by_plan: bool = False) -> Iterator[tuple[Row, str, Skip | None]]:
    """For every phase of the source state exactly one reason: (row, reason of its choice, None) or (row, '', skip)."""
    backlog = selection.backlog()
    reading: Reading = selection.reading()
    chosen = {planned.choice.phase.key: planned.choice.reason for planned in made.all}
    full = Skip("batch is full", f"{len(made.all)} phases come first")
    if by_plan:
        full = Skip(PLAN, "is not in it, or changed since")
    for row, key, skip in backlog.why_not(reading):
        if key in chosen:
            yield row, chosen.pop(key), None
        elif skip is not None:
            yield row, "", skip
        else:
            yield row, "", full
