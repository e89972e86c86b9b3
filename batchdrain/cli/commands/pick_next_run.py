"""inv pick-next-run: shows the run to drain next. Reads only."""

from __future__ import annotations

from batchdrain.cli.commands.open import open_to_look
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.selection import backlog_for
from batchdrain.planning.filters import Filters
from batchdrain.planning.session_progress import NothingDone
from batchdrain.planning.usable_ids import UsableIds
from batchdrain.runtime import clock
from batchdrain.runtime.json_text import to_json
from batchdrain.sessions.session import Kind


def show_next_run(invocation: Invocation, *, state: str, format_name: str) -> None:
    """`inv pick-next-run`. Prints one line, or nothing."""
    with open_to_look(invocation) as project:
        run_id = choose_next_run(project, state)
        run_type = "" if run_id is None else project.settings.run_type_of(run_id)
    out = Output()
    if format_name == "json":
        found = None if run_id is None else {"run_id": run_id, "run_type": run_type}
        out.json(to_json(found).decode())
    elif run_id is not None:
        out.row(run_id, run_type)


def choose_next_run(project: Project, state: str) -> str | None:
    """The run with most queued phases, else the run of the first phase that a drain would take; None if there is neither."""
    if state in {"any", "queued"}:
        usable = UsableIds(project.settings.command.argv)
        for row in project.store.read_run_counts():
            if row.queued and usable.problem_of(row.run_id, "any") is None:
                return row.run_id
    if state == "queued":
        return None
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=project.settings)
    backlog = backlog_for(project, request, NothingDone(), foresee_recovery(project))
    backlog.refresh(clock.now())
    choice = backlog.next(clock.now())
    return None if choice is None else choice.phase.run_id
