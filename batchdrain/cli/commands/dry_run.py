"""inv dry-run, and what --dry-run shows: the phases that a drain would take. Writes nothing but a plan file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from batchdrain.cli.screens.writer import Output
from batchdrain.config.categories import categoriser_of
from batchdrain.database.run_counts import describe_counts
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resumption import Resumption
from batchdrain.drain.selection import backlog_for, selection_for
from batchdrain.drain.services import limits_for
from batchdrain.planning import plan_file
from batchdrain.planning.plan import Plan, explain_rows, plan
from batchdrain.reports.nothing_to_drain import EmptySelection, explain_nothing
from batchdrain.reports.plan_text import render_explanation, render_phases
from batchdrain.runtime import clock
from batchdrain.runtime.text import safe_text
from batchdrain.sessions.progress import ResultCounts


def show_plan(
    project: Project,
    request: DrainRequest,
    shape: str,
    *,
    output: Path | None = None,
    explain: bool = False,
    left: Resumption | None = None,
) -> int:
    """Print the plan of a request; write it to `output` where asked. `left`: of a session that would go on. Writes nothing
    else. Returns 0. Raises ConfigError for a table that can't be drained."""
    project.require_fit_table(request.settings.command)
    stopped = None if left is None else left.find_stop()
    made = _make_plan(project, request, left, is_stopped=stopped is not None)
    filters = {"kind": request.kind.value, **asdict(request.filters)}
    file = plan_file.as_file(made, now=clock.now(), database=project.store.identify(), filters=filters)
    if output is not None:
        plan_file.save(output, file)
    out = Output()
    if shape == "json":
        out.json(plan_file.render(file).decode())
        return 0
    by_plan = request.plan is not None
    lines = [*_header(project, request, made, is_limited=_limit_of(request, left) is not None)]
    lines += [f"The session takes nothing more: {safe_text(str(stopped))}"] if stopped is not None else []
    lines += render_phases(made, categoriser_of(request.settings).slow, by_plan=by_plan)
    for line in lines:
        out.line(line)
    if explain:
        selection = selection_for(project, request, _progress_of(left))
        for line in render_explanation(explain_rows(selection, made, by_plan=by_plan), request.state.value):
            out.line(line)
    if output is not None:
        place = safe_text(str(output))
        out.line(f"Plan written to {place}: `inv drain --plan {place}` drains it")
    return 0


def _make_plan(project: Project, request: DrainRequest, left: Resumption | None, *, is_stopped: bool) -> Plan:
    done = _progress_of(left)
    return plan(
        backlog_for(project, request, done),
        limits_for(project, request.settings),
        most=0 if is_stopped else _limit_of(request, left),
        now=clock.now(),
        take=done.take,
        retries=[] if left is None or is_stopped else sorted(left.retries),
    )


def _limit_of(request: DrainRequest, left: Resumption | None) -> int | None:
    return request.most if left is None else left.most


def _progress_of(left: Resumption | None) -> ResultCounts:
    return ResultCounts() if left is None else left.count()


def _header(project: Project, request: DrainRequest, made: Plan, *, is_limited: bool) -> Iterator[str]:
    counts = project.store.read_run_counts()
    yield "Dry run: nothing is written"
    yield f"Database: {project.store.where}: {describe_counts(counts)}"
    yield f"Target: Process {len(made.all) if is_limited else 'all'} {request.state.value} phases"
    for name, budget in request.settings.stop.max_metric.items():
        if budget:
            yield f"Budget: the session ends once its results brought {budget:.15g} of {safe_text(name)}"
    yield ""
    if not made.all:
        empty = EmptySelection(
            state=request.state.value,
            total=made.total,
            skipped=made.skipped,
            held=len(project.store.history.read_held()),
            by_plan=request.plan is not None,
        )
        yield explain_nothing(project.store.where, counts, empty)
