"""The dry run: the phases that a drain would take, in order, and for every other phase the rule that skips it.

The phases come from the same backlog as in a drain. Reads only.
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
from batchdrain.planning.reading import Reasons
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.skip_rules import ATTEMPTED, DEPENDS_ON, IN_THIS_SESSION
from batchdrain.runtime.text import agree, count_of

FULL: Final = "batch is full"
"""The rule that skips a phase because others come first and fill the batch."""
ORDERED: Final = 10_000
"""Up to this many phases are explained in the order of their ids; a longer list keeps the order of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A phase that a drain would take, and its time limit."""

    choice: Choice
    limit: TimeLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a drain would take now."""

    phases: tuple[Planned, ...]
    retries: tuple[Planned, ...] = ()  #: retries of a session that is resumed; they come first
    remainder: Remainder  #: counts the rows of the reading behind this plan
    room: int | None = None  #: how many more phases it could take; None: any number
    forecast: Forecast | None = None  #: for a new session, if a forecast can be made
    workers: int = 1  #: with several, phases of other runs may come in between, since those of one run never run side by side
    may_end_by: tuple[str, ...] = ()  #: stop conditions that may end it early; only results will tell
    may_refuse: tuple[str, ...] = ()  #: what in the table may refuse a phase; only a write will tell

    @property
    def all(self) -> tuple[Planned, ...]:
        """All planned phases in the order of the drain."""
        return (*self.retries, *self.phases)

    @property
    def total(self) -> int:
        """How many phases are in the source state."""
        return self.remainder.total

    @property
    def skipped(self) -> Counter[Skip]:
        """Skipped phases by rule and value, without those that only the full batch leaves out."""
        again = {planned.choice.phase.key for planned in self.retries}
        attempted = {Skip(ATTEMPTED, IN_THIS_SESSION): len(self.remainder.attempted - again)}
        return self.remainder.skipped + Counter(attempted)

    @property
    def left(self) -> int:
        """How many phases may be drained but do not fit into the batch."""
        return self.remainder.waiting - len(self.phases)

    @property
    def may_follow(self) -> int:
        """How many phases may become ready during this drain and still fit: they wait for runs that it may complete."""
        waiting = sum(count for skip, count in self.skipped.items() if skip.rule == DEPENDS_ON)
        return waiting if self.room is None else min(waiting, self.room)

    @property
    def most(self) -> str:
        """How many phases it takes, for people: 'up to 7' if only results or writes will tell."""
        return f"{self._up_to}{len(self.all) + self.may_follow}"

    def describe_most(self, noun: str) -> str:
        """`most` with a noun: '1 failed phase', 'up to 7 failed phases'."""
        return f"{self._up_to}{count_of(len(self.all) + self.may_follow, noun)}"

    @property
    def _up_to(self) -> str:
        return "up to " if self.may_end_by or self.may_follow or self.may_refuse else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImaginedClaims:
    """Stands in for claims while a plan is made."""

    take: Callable[[PhaseKey], object]  #: called for each planned phase, so that further readings leave it out
    refuse: Callable[[Sequence[PhaseKey]], Mapping[PhaseKey, Skip]] = lambda _: {}  #: which could not be claimed, and why


def plan(
    backlog: Backlog,
    limits: TimeLimits,
    *,
    most: int | None,
    now: datetime,
    claims: ImaginedClaims,
    retries: Sequence[ScheduledAttempt] = (),
) -> Plan:
    """Take phases from a backlog that was just read, as a drain does, without executing them.

    `most`: take at most this many, None: all. `retries`: phases that the session will try again anyway. The backlog skips
    them, as the session has attempted them.
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
    """Choose up to `most` phases."""
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
    """Count the phases that could not be claimed as skipped."""
    if not refused:
        return remainder
    skipped = remainder.skipped + Counter(refused.values())
    return replace(remainder, attempted=remainder.attempted - refused.keys(), skipped=skipped)


def explain_in_order(pages: Iterable[ExplainedPage], order: IdOrder) -> Iterator[ExplainedPage]:
    """If there are at most ORDERED rows, yield them as one page ordered by id. Otherwise yield the pages as they come: nobody
    reads a list of a million from its top."""
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


def explain_rows(reasons: Reasons, made: Plan, order: IdOrder = TEXTS) -> Iterator[tuple[Row, str, Skip | None]]:
    """Explain each phase of the source state by exactly one reason: (row, reason of its choice, None) or (row, '', skip).
    `reasons`: for each row the rule that skips it, as if nothing were chosen."""
    for page, chosen, skips in explain_in_order(explain_pages(reasons, made), order):
        for at, row in enumerate(page.rows):
            yield (row, chosen[at], None) if at in chosen else (row, "", skips[at])


class ExplainedPage(NamedTuple):
    """A page of rows of the source state, each with exactly one reason."""

    page: Page
    reasons: Mapping[int, str]  #: why a row was chosen, by its place in the page
    skips: Sequence[Skip]  #: for each row why it is skipped; only meaningful if it was not chosen

    @property
    def only_skip(self) -> Skip | None:
        """The one reason of all its rows; None if there are several, or none."""
        one = self.skips[0] if self.skips and not self.reasons else None
        return one if one is not None and self.skips.count(one) == len(self.skips) else None


def explain_pages(reasons: Reasons, made: Plan) -> Iterator[ExplainedPage]:
    """Like `explain_rows`, but page by page: there may be a million rows."""
    chosen = {(key.run_id, key.phase_id): planned.choice.reason for planned in made.all for key in [planned.choice.phase.key]}
    phases, most = (
        {phase_id for _, phase_id in chosen},
        len(chosen),
    )  # to pass over a page without asking for each of its rows
    full = Skip(FULL, f"{count_of(len(made.all), 'phase')} {agree(len(made.all), 'comes', 'come')} first")
    for page, skips in reasons:
        whys: dict[int, str] = {}
        if not phases.isdisjoint(page.phases):
            found = compress(enumerate(page.ids), map(chosen.__contains__, page.ids))
            whys = {
                at: chosen.pop(ids) for at, ids in found if ids in chosen
            }  # of several rows with the same ids one is taken
            if len(chosen) * 2 <= most:  # after each page it would cost the square of a plan that takes a million
                phases, most = {phase_id for _, phase_id in chosen}, len(chosen)
        is_full = skips.count(None) == len(skips)
        yield ExplainedPage(
            page, whys, [full] * len(skips) if is_full else [full if skip is None else skip for skip in skips]
        )
