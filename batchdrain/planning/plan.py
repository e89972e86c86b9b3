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
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.skip_rules import ATTEMPTED, DEPENDS_ON, IN_THIS_SESSION


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
    remainder: Remainder  #: the reading that it was made of
    may_end_by: tuple[str, ...] = ()  #: stop conditions that may end it before its last phase: only results can tell

    @property
    def all(self) -> tuple[Planned, ...]:
        """In the order of the drain."""
        return (*self.retries, *self.phases)

    @property
    def total(self) -> int:
        """Phases in the source state."""
        return self.remainder.total

    @property
    def skipped(self) -> Counter[Skip]:
        """By rule and value; without those that only the full batch leaves out."""
        again = {planned.choice.phase.key for planned in self.retries}
        attempted = {Skip(ATTEMPTED, IN_THIS_SESSION): len(self.remainder.attempted - again)}
        return self.remainder.skipped + Counter(attempted)

    @property
    def left(self) -> int:
        """Phases that may be drained but find the batch full."""
        return self.remainder.waiting - len(self.phases)

    @property
    def may_follow(self) -> int:
        """Phases that wait for runs of which this may complete the last phase."""
        return sum(count for skip, count in self.skipped.items() if skip.rule == DEPENDS_ON)

    @property
    def most(self) -> str:
        """How many phases it takes, for people: 'up to 7' where only results can tell."""
        return f"{'up to ' if self.may_end_by else ''}{len(self.all)}"


def plan(
    backlog: Backlog,
    limits: TimeLimits,
    *,
    most: int | None,
    now: datetime,
    take: Callable[[PhaseKey], object],
    retries: Sequence[ScheduledAttempt] = (),
) -> Plan:
    """Take phases from a backlog that was just read, as the drain does, without executing them. At most `most`; None: all. `retries`: phases that
    the session tries again anyway; as it attempted them, the backlog skips them.

    `take`: told of each planned phase, so that the backlog takes it for attempted: another reading goes on behind it, as the
    drain's does.
    """
    remainder = backlog.remainder
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
    return Plan(phases=tuple(chosen.values()), retries=again, remainder=remainder)


def explain_rows(backlog: Backlog, made: Plan) -> Iterator[tuple[Row, str, Skip | None]]:
    """For every phase of the source state exactly one reason: (row, reason of its choice, None) or (row, '', skip). `backlog`:
    another one, which knows of no choice."""
    chosen = {planned.choice.phase.key: planned.choice.reason for planned in made.all}
    full = Skip("batch is full", f"{len(made.all)} phases come first")
    for row, skip in backlog.why_not():
        reason = chosen.pop(PhaseKey(row.run_id, row.phase_id), None)
        if reason is not None:
            yield row, reason, None
        else:
            yield row, "", skip or full
