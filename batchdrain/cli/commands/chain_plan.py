"""The dry run of a chain: plans each part, and shows a line for each run. Writes nothing."""

from __future__ import annotations

import sys

from batchdrain.cli.screens.writer import Output, to_error_lines
from batchdrain.database.run_counts import describe_reading
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.part import plan_part
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.preview.failure import find_problems, foresee_failure
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.drain.project import Project
from batchdrain.planning.plan import Plan
from batchdrain.reports.chain_plan_json import render_chain_json
from batchdrain.reports.chain_plan_text import render_chain_plan
from batchdrain.reports.plan_text import render_recovery
from batchdrain.runtime.text import safe_text
from batchdrain.sessions.session import Kind, Status


def show_chain_plan(
    project: Project, chain: Chain, less: Narrowing = AS_ASKED, *, fail_if_nothing: bool = False, shape: str = "text"
) -> int:
    """Print what is left of a chain. Returns 0, or 1 if nothing is planned and that is to fail, or the exit code with which
    the chain would end whatever its phases' results are. Raises ConfigError for a table that can't be drained."""
    project.require_fit_table(project.settings.command)
    plans, idle, recovery = dict[Kind, Plan](), list[str](), foresee_recovery(project)
    for kind in chain.requests:
        known = chain.sessions.get(kind)
        if known is None or chain.ended is Status.COMPLETE or known.current_status is not Status.COMPLETE:
            taken = sum(len(made.phases) for made in plans.values())
            part = plan_part(project, chain, kind, less.after(taken), recovery, plans.get(Kind.QUEUED))
            plans[kind] = part.made
            idle += part.idle
    problems = list(dict.fromkeys(line for kind in plans for line in find_problems(project, chain.requests[kind])))
    failures = [error for made in plans.values() if (error := foresee_failure(project, made, problems)) is not None]
    nothing = int(fail_if_nothing and not any(made.all for made in plans.values()))
    code, out = max((error.exit_code for error in failures), default=nothing), Output()
    if not problems:
        for error in failures:
            Output(sys.stderr).line(to_error_lines(error))
    if shape == "json":
        out.json(render_chain_json(project.store.database.name, plans, [*chain.idle, *idle], recovery, problems))
        return code
    out.line("Dry run: nothing is written")
    read = {} if recovery else {kind.value: made.total for kind, made in plans.items()}
    out.line(f"Database: {project.store.where}: {describe_reading(project.store.read_totals(), read)}")
    target = [made.describe_most(f"{kind.value} phase") for kind, made in plans.items()]
    out.line(f"Target: Process {', then '.join(target) or 'nothing'}")
    for line in idle:
        out.line(f"  ! {safe_text(line)}")
    for line in problems:
        out.line(f"A drain would not start: {safe_text(line)}")
    for line in render_recovery(recovery):
        out.line(line)
    out.line()
    for line in render_chain_plan(plans):
        out.line(line)
    return code
