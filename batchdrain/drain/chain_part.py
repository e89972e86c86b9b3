"""The plan of what is left of one part of a chain. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from batchdrain.drain.chain import Chain
from batchdrain.drain.foreseen_end import name_early_ends
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.resumption import what_is_left
from batchdrain.drain.selection import backlog_for
from batchdrain.drain.services import limits_for
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Plan, plan
from batchdrain.runtime import clock
from batchdrain.sessions.session import Kind


def plan_part(project: Project, chain: Chain, kind: Kind, less: Narrowing, recovery: Sequence[GivenBack]) -> Plan:
    """`less`: what is asked for now; `recovery`: what is given back before. Raises ConfigError, DatabaseUnavailable."""
    known, request = chain.sessions.get(kind), chain.requests[kind]
    now, counts = less.apply(request), chain.counts_for(kind)
    if known is None:
        most, retries = less.most(now, 0), []
    else:
        left = what_is_left(project, known.session_id, request, less)
        counts, most, retries = left.count(counts), left.most, sorted(left.retries)
    progress, backlog = counts.progress(), backlog_for(project, now, counts, recovery)
    backlog.refresh(clock.now())
    made = plan(
        backlog,
        limits_for(project, now.settings),
        most=most,
        now=clock.now(),
        take=counts.take,
        retries=retries,
    )
    return name_early_ends(made, now, progress, backlog)
