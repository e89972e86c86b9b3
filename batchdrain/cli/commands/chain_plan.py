"""The dry run of a chain: one pass over each part, a line a run. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from batchdrain.cli.screens.writer import Output
from batchdrain.database.run_counts import describe_counts
from batchdrain.drain.chain import Chain
from batchdrain.drain.dry_plan import name_early_ends
from batchdrain.drain.foreseen_recovery import foresee_recovery
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.resumption import what_is_left
from batchdrain.drain.selection import backlog_for
from batchdrain.drain.services import limits_for
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Plan, plan
from batchdrain.reports.chain_plan_text import render_chain_plan
from batchdrain.reports.plan_text import render_recovery
from batchdrain.runtime import clock
from batchdrain.sessions.session import Kind, Status


def show_chain_plan(project: Project, chain: Chain, less: Narrowing = AS_ASKED, *, fail_if_nothing: bool = False) -> int:
    """Print what is left of a chain. Returns 0, or 1 where nothing is planned and that is to fail. Raises ConfigError for a table that can't be drained."""
    project.require_fit_table(project.settings.command)
    plans, recovery = dict[Kind, Plan](), foresee_recovery(project)
    for kind in chain.requests:
        known = chain.sessions.get(kind)
        if known is None or chain.ended is Status.COMPLETE or known.current_status is not Status.COMPLETE:
            taken = sum(len(made.phases) for made in plans.values())
            plans[kind] = _plan_part(project, chain, kind, less.after(taken), recovery)
    out = Output()
    out.line("Dry run: nothing is written")
    out.line(f"Database: {project.store.where}: {describe_counts(project.store.read_run_counts())}")
    target = [f"{'all' if _is_unlimited(chain, kind) else len(made.all)} {kind.value} phases" for kind, made in plans.items()]
    out.line(f"Target: Process {', then '.join(target) or 'nothing'}")
    for line in render_recovery(recovery):
        out.line(line)
    out.line()
    for line in render_chain_plan(plans):
        out.line(line)
    return int(fail_if_nothing and not any(made.all for made in plans.values()))


def _plan_part(project: Project, chain: Chain, kind: Kind, less: Narrowing, recovery: Sequence[GivenBack]) -> Plan:
    known, request = chain.sessions.get(kind), chain.requests[kind]
    now, counts = less.apply(request), chain.counts_for(kind)
    if known is None:
        most, retries = less.most(now, 0), []
    else:
        left = what_is_left(project, known.session_id, request, less)
        counts, most, retries = left.count(counts), left.most, sorted(left.retries)
    progress, backlog = counts.progress(), backlog_for(project, now, counts, recovery)
    made = plan(
        backlog,
        limits_for(project, now.settings),
        most=most,
        now=clock.now(),
        take=counts.take,
        retries=retries,
    )
    return name_early_ends(made, now, progress, backlog)


def _is_unlimited(chain: Chain, kind: Kind) -> bool:
    return chain.requests[kind].most is None
