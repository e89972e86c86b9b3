"""Plans what is left of one part of a chain. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.preview.end import name_early_ends
from batchdrain.drain.preview.failure import find_risks
from batchdrain.drain.preview.refused_values import RefusedValues
from batchdrain.drain.preview.results import foresee
from batchdrain.drain.project import Project
from batchdrain.drain.resumption import what_is_left
from batchdrain.drain.selection import backlog_for, find_idle_order, settle
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import ImaginedClaims, Plan, plan
from batchdrain.runtime import clock
from batchdrain.sessions.session import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPlan:
    """What a part would take."""

    made: Plan
    idle: Sequence[str] = ()  #: requested options that change nothing in its order, a line each


def plan_part(
    project: Project,
    chain: Chain,
    kind: Kind,
    less: Narrowing,
    recovery: Sequence[GivenBack],
    before: Plan | None = None,
) -> PartPlan:
    """Plan one part. `less`: what this call asks for; `recovery`: the phases that are given back first; `before`: the plan of the
    part before it. Raises ConfigError, DatabaseUnavailable."""
    known, request = chain.sessions.get(kind), chain.requests[kind]
    now, counts = less.apply(request), chain.counts_for(kind)
    if known is None:
        most, retries = less.most(now, 0), []
    else:
        left = what_is_left(project, known.session_id, request, less)
        counts, most, retries = left.count(counts), left.most, sorted(left.retries)
    drained = Counter(() if before is None else (planned.choice.phase.run_id for planned in before.phases))
    progress, backlog = counts.progress(), backlog_for(project, now, counts, recovery, drained)
    backlog.refresh(clock.now())
    idle = find_idle_order(request, backlog) if known is None and kind is Kind.FAILED else []
    forecast = foresee(project, now, backlog, most, progress) if known is None else None
    made = plan(
        backlog,
        project.limits_for(now.settings),
        most=most,
        now=clock.now(),
        claims=ImaginedClaims(take=counts.take, refuse=RefusedValues(project.store)),
        retries=retries,
    )
    made = name_early_ends(made, now, progress, backlog, before)
    risks = find_risks(project, now) if made.all else ()
    return PartPlan(made=replace(made, forecast=forecast, may_refuse=risks), idle=idle)


def has_nothing(project: Project, chain: Chain, kind: Kind) -> bool:
    """Whether a part that has not begun would find nothing. Raises ConfigError, DatabaseUnavailable."""
    if kind in chain.sessions:
        return False
    backlog = backlog_for(project, settle(project, chain.requests[kind]), chain.counts_for(kind))
    backlog.refresh(clock.now())
    return not backlog.waiting
