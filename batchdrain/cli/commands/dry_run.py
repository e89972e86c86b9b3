"""inv dry-run and --dry-run: show the phases that a drain would take. Writes nothing but a plan file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchdrain.cli.screens.writer import Output
from batchdrain.database.run_counts import describe_reading
from batchdrain.drain.preview.dry_plan import DryPlan, make_dry_plan
from batchdrain.drain.preview.failure import foresee_failure, name_stopped
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resumption import Resumption
from batchdrain.drain.selection import settle
from batchdrain.planning import plan_file
from batchdrain.planning.plan import explain_in_order, explain_pages, explain_rows
from batchdrain.reports.nothing_to_drain import EmptySelection, explain_nothing
from batchdrain.reports.plan_json import render_json
from batchdrain.reports.plan_text import render_counts, render_explanation, render_phases, render_recovery
from batchdrain.runtime import clock
from batchdrain.runtime.text import safe_text


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """What of a plan is shown, and the file it is written to."""

    output: Path | None = None  #: the plan's file
    dry: bool = False  #: Invoke's own --dry: not even the plan's file is written
    explain: bool = False  #: show every phase, chosen or skipped
    quiet: bool = False  #: show only the sums


def show_plan(
    project: Project,
    request: DrainRequest,
    shape: str,
    *,
    view: PlanView = PlanView(),
    left: Resumption | None = None,
) -> int:
    """Print the plan of a request, and write it to a file if asked. `left`: what is left of a session that would go on.
    Writes nothing else. Returns 0, or 1 if nothing is planned and that is to fail, or the exit code of the problem that keeps
    a drain from beginning. Raises ConfigError for a table that can't be drained, and BadData if a drain would end with it
    whatever its phases' results are."""
    project.require_fit_table(request.settings.command)
    request = settle(project, request)
    found = make_dry_plan(project, request, left, explains=view.explain)
    filters = {"kind": request.kind.value, **request.filters.as_fields()}
    file = plan_file.as_file(
        found.made, now=clock.now(), database=project.store.identify(), filters=filters, without_effect=found.idle
    )
    out, as_json = Output(), shape == "json"
    nothing = "" if found.made.all else _explain_nothing(project, request, found)
    order = project.store.table.ids.order
    rows = explain_rows(found.reasons(None), found.made, order) if view.explain and as_json else None
    text = render_json(file, found.made, found.recovery, nothing=nothing, problems=found.problems, rows=rows)
    if view.output is not None:
        plan_file.save(view.output, file, text.encode(), dry=view.dry)
    if as_json:
        out.json(text)
        return _end(project, request, found)
    for line in _render(project, request, found, quiet=view.quiet):
        out.line(line)
    if view.explain:
        pages = explain_pages(found.reasons(None), found.made)
        in_order = pages if view.quiet else explain_in_order(pages, order)
        for line in render_explanation(in_order, request.state.value, quiet=view.quiet):
            out.line(line)
    for line in _tell_file(view):
        out.line(line)
    return _end(project, request, found)


def _tell_file(view: PlanView) -> Iterator[str]:
    if view.output is not None:
        place = safe_text(str(view.output))
        yield (
            f"Plan would be written to {place}"
            if view.dry
            else f"Plan written to {place}: `inv drain --plan {place}` drains it"
        )


def _end(project: Project, request: DrainRequest, found: DryPlan) -> int:
    """End like the drain would. Problems that keep it from beginning have been shown already."""
    failure = foresee_failure(project, found.made, found.problems)
    if failure is None:
        return int(request.fail_if_nothing and not found.made.all)
    if found.problems:
        return failure.exit_code
    raise failure


def _render(project: Project, request: DrainRequest, found: DryPlan, *, quiet: bool) -> Iterator[str]:
    made, state = found.made, request.state.value
    yield "Dry run: nothing is written"
    read = {} if found.recovery else {state: made.total}  # recovery would change the counts of the table
    yield f"Database: {project.store.where}: {describe_reading(project.store.read_totals(), read)}"
    yield f"Target: Process {made.describe_most(f'{state} phase') if found.limit is not None else f'all {state} phases'}"
    yield from (f"  ! {safe_text(line)}" for line in found.idle)
    yield from render_recovery(found.recovery)
    for name, budget in request.settings.stop.max_metric.items():
        if budget:
            yield f"Budget: the session ends once its results brought {budget:.15g} of {safe_text(name)}"
    if made.all and (per_minute := request.settings.command.runs_per_minute):
        last_s = (len(made.all) - 1) * 60 / per_minute
        yield f"Pace: {per_minute:g} executions start per minute (command.runs_per_minute): the last of these after {last_s:.0f} s at the earliest"
    for problem in found.problems:
        yield f"A drain would not start: {safe_text(problem)}"
    yield ""
    if not made.all:
        yield _explain_nothing(project, request, found)
        return
    if not quiet:
        yield from render_phases(made)
    yield from render_counts(made, f"{made.total}")


def _explain_nothing(project: Project, request: DrainRequest, found: DryPlan) -> str:
    if found.stopped is not None:
        who = name_stopped(found.stopped)
        return f"The {who} takes nothing more: {safe_text(str(found.stopped))}"
    store, made = project.store, found.made
    empty = EmptySelection(
        state=request.state.value,
        total=made.total,
        skipped=made.remainder.named if request.plan is not None else made.skipped,
        held=len(store.history.read_held()) - len(found.recovery),
        by_plan=request.plan is not None,
        condition=project.settings.source.where,
        batch_done=request.settings.batch_size if found.limit == 0 else None,
    )
    return explain_nothing(store.where, store.read_run_counts(), empty)
