"""The dry run: the phases that a drain would take, in order, and for every other one the rule that skips it.

It takes them from the same backlog as the drain. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import compress
from typing import Final, NamedTuple

from batchdrain.database.phases.pages import Page, Row
from batchdrain.model.claim import Choice, ScheduledAttempt, TimeLimit
from batchdrain.model.id_order import TEXTS, IdOrder
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.forecast import Forecast
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.skip_rules import ATTEMPTED, DEPENDS_ON, IN_THIS_SESSION
from batchdrain.runtime.text import agree, count_of

FULL: Final = "batch is full"
"""The rule of those that others come before."""
ORDERED: Final = 10_000
"""Phases that are explained in the order of their ids; more come as the table gives them."""


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
    room: int | None = None  #: phases that it could take beside these; None: any number
    forecast: Forecast | None = None  #: of a session that would begin, where there is something to say
    workers: int = 1  #: with several, phases of one run never run side by side: others may come in between
    may_end_by: tuple[str, ...] = ()  #: stop conditions that may end it before its last phase: only results can tell
    may_refuse: tuple[str, ...] = ()  #: what of the table may refuse a phase: only a write can tell

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
        """Phases that wait for runs of which this may complete the last phase, as far as there is room."""
        waiting = sum(count for skip, count in self.skipped.items() if skip.rule == DEPENDS_ON)
        return waiting if self.room is None else min(waiting, self.room)

    @property
    def most(self) -> str:
        """How many phases it takes, for people: 'up to 7' where only results or writes can tell."""
        return f"{self._up_to}{len(self.all) + self.may_follow}"

    def describe_most(self, noun: str) -> str:
        """The same with what they are: '1 failed phase', 'up to 7 failed phases'."""
        return f"{self._up_to}{count_of(len(self.all) + self.may_follow, noun)}"

    @property
    def _up_to(self) -> str:
        return "up to " if self.may_end_by or self.may_follow or self.may_refuse else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImaginedClaims:
    """What a plan has in the place of claims."""

    take: Callable[[PhaseKey], object]  #: told of each planned phase: another reading goes on behind it, as the drain's does
    refuse: Callable[[Sequence[PhaseKey]], Mapping[PhaseKey, Skip]] = (
        lambda _: {}
    )  #: which of these could not be claimed, and why: others come in their place


def plan(
    backlog: Backlog,
    limits: TimeLimits,
    *,
    most: int | None,
    now: datetime,
    claims: ImaginedClaims,
    retries: Sequence[ScheduledAttempt] = (),
) -> Plan:
    """Take phases from a backlog that was just read, as the drain does, without executing them. At most `most`; None: all. `retries`: phases that
    the session tries again anyway; as it attempted them, the backlog skips them.
    """
    refused = dict(claims.refuse([tried.choice.phase.key for tried in retries]))
    again = tuple(
        Planned(choice=tried.choice, limit=limits.of(tried.choice.phase, longer=tried.longer))
        for tried in retries
        if tried.choice.phase.key not in refused
    )
    remainder = _leave_out(backlog.remainder, {key: refused[key] for key in backlog.remainder.attempted & refused.keys()})
    chosen: dict[PhaseKey, Planned] = {}
    while new := list(_choose(backlog, now, claims.take, None if most is None else most - len(chosen))):
        chosen.update({choice.phase.key: Planned(choice=choice, limit=limits.of(choice.phase)) for choice in new})
        refused = dict(claims.refuse([choice.phase.key for choice in new]))
        for key in refused:
            del chosen[key]
        remainder = _leave_out(remainder, refused)
    room = None if most is None else most - len(chosen)
    return Plan(phases=tuple(chosen.values()), retries=again, remainder=remainder, room=room)


def _choose(backlog: Backlog, now: datetime, take: Callable[[PhaseKey], object], most: int | None) -> Iterator[Choice]:
    """At most so many, as far as there are any."""
    count = 0
    while most is None or count < most:
        choice = backlog.next(now)
        if choice is not None:
            take(choice.phase.key)
            count += 1
            yield choice
        elif backlog.stale:
            backlog.refill(now)
        else:
            return


def _leave_out(remainder: Remainder, refused: Mapping[PhaseKey, Skip]) -> Remainder:
    """With phases that could not be claimed among those that a rule skips."""
    if not refused:
        return remainder
    skipped = remainder.skipped + Counter(refused.values())
    return replace(remainder, attempted=remainder.attempted - refused.keys(), skipped=skipped)


def explain_in_order(pages: Iterable[ExplainedPage], order: IdOrder) -> Iterator[ExplainedPage]:
    """By their ids, as one page, where there are no more than ORDERED; else as they come: a list of a million is read by no one
    from its top."""
    held: list[ExplainedPage] = []
    count, rest = 0, iter(pages)
    for page in rest:
        held.append(page)
        count += len(page.skips)
        if count > ORDERED:
            yield from held
            yield from rest
            return
    rows = [(row, page.reasons.get(at), page.skips[at]) for page in held for at, row in enumerate(page.page.rows)]
    if not rows:
        return
    rows.sort(key=lambda one: order.of_key(PhaseKey(one[0].run_id, one[0].phase_id)))
    reasons = {at: reason for at, (_, reason, _) in enumerate(rows) if reason is not None}
    yield ExplainedPage(Page.of([row for row, _, _ in rows]), reasons, [skip for _, _, skip in rows])


def explain_rows(backlog: Backlog, made: Plan, order: IdOrder = TEXTS) -> Iterator[tuple[Row, str, Skip | None]]:
    """For every phase of the source state exactly one reason: (row, reason of its choice, None) or (row, '', skip). `backlog`:
    another one, which knows of no choice."""
    for page, reasons, skips in explain_in_order(explain_pages(backlog, made), order):
        for at, row in enumerate(page.rows):
            yield (row, reasons[at], None) if at in reasons else (row, "", skips[at])


class ExplainedPage(NamedTuple):
    """Some rows of the source state, each with exactly one reason."""

    page: Page
    reasons: Mapping[int, str]  #: of those that are chosen, by their place in the page
    skips: Sequence[Skip]  #: of every other one


def explain_pages(backlog: Backlog, made: Plan) -> Iterator[ExplainedPage]:
    """The same by pages: there may be a million rows."""
    chosen = {(key.run_id, key.phase_id): planned.choice.reason for planned in made.all for key in [planned.choice.phase.key]}
    full = Skip(FULL, f"{count_of(len(made.all), 'phase')} {agree(len(made.all), 'comes', 'come')} first")
    for page, skips in backlog.why_not():
        found = compress(enumerate(page.ids), map(chosen.__contains__, page.ids))
        reasons = {
            at: chosen.pop(ids) for at, ids in found if ids in chosen
        }  # of several rows with the same ids one is taken
        yield ExplainedPage(page, reasons, [full if skip is None else skip for skip in skips])
