"""summary, pick-next-run and list-run-counts. Reads only."""

from __future__ import annotations

from pathlib import Path

import orjson

from batchdrain.cli.commands.open import opened, settings_of, shape_of
from batchdrain.cli.invocation import Project
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import RunCounts, Site, described
from batchdrain.drain.request import Intent
from batchdrain.drain.start import supply_for
from batchdrain.model.errors import UsageError, did_you_mean
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import Sofar
from batchdrain.reports import formats
from batchdrain.runtime import clock, files
from batchdrain.runtime.text import safe_text, shown
from batchdrain.sessions.folder import LostSession, SessionFolder
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.rebuild import UnknownSession, rebuilt
from batchdrain.sessions.session import Kind, Session, Status

_STATES = ("any", "queued", "failed")


def show_summary(project: Project, session_id: str | None, shape: str | None, output: str | None) -> None:
    """`inv summary`. Raises UsageError where there is no session."""
    form = shape_of(shape, formats.SUMMARY)
    folder = SessionFolder(project.root / settings_of(project).session_dir)
    session = _session(project, folder, session_id)
    text = formats.summary(session, shown(folder.path(session.session_id)), form)
    if output is None:
        Output().text(text)
        return
    files.write_for_people(Path(output), [text.encode(errors="backslashreplace")], f"--output: {output}")
    Output().line(f"Summary written to {safe_text(output)}")


def show_run_counts(project: Project, shape: str | None) -> None:
    """`inv list-run-counts`."""
    form = shape_of(shape, ("tsv", "json", "text"))
    with opened(project) as site:
        counts = site.counts()
        header = f"{site.where}: {described(counts)}"
    out = Output()
    if form == "json":
        rows = [_counts(row) for row in counts]
        out.text(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode() + "\n")
    elif form == "tsv":
        for row in counts:
            out.line(f"{safe_text(row.run_id)}\t{row.queued}\t{row.failed}\t{row.complete}\t{row.other}")
    else:
        out.line(header)
        out.line(f"{'QUEUED':>8} {'FAILED':>8} {'COMPLETE':>8} {'OTHER':>8}  RUN")
        for row in counts:
            out.line(f"{row.queued:>8} {row.failed:>8} {row.complete:>8} {row.other:>8}  {safe_text(row.run_id)}")


def show_next_run(project: Project, state: str, shape: str | None) -> None:
    """`inv pick-next-run`: one line, or nothing."""
    form = shape_of(shape, ("tsv", "json"))
    if state not in _STATES:
        raise UsageError(f"--state: {state!r} is no choice{did_you_mean(state, _STATES)}")
    with opened(project) as site:
        run_id = next_run(site, state)
        run_type = "" if run_id is None else site.run_type(run_id)
    out = Output()
    if form == "json":
        found = None if run_id is None else {"run_id": run_id, "run_type": run_type}
        out.text(orjson.dumps(found).decode() + "\n")
    elif run_id is not None:
        out.line(f"{safe_text(run_id)}\t{safe_text(run_type)}")


def next_run(site: Site, state: str) -> str | None:
    """The run with most queued phases, else the run of the first phase that a drain would take; None: neither."""
    if state in {"any", "queued"}:
        for row in site.counts():
            if row.queued and row.run_id:
                return row.run_id
    if state == "queued":
        return None
    supply = supply_for(site, Intent(kind=Kind.FAILED, filters=Filters(), settings=site.settings), Sofar())
    supply.refresh(clock.now())
    choice = supply.next(clock.now())
    return None if choice is None else choice.phase.run_id


def _session(project: Project, folder: SessionFolder, session_id: str | None) -> Session:
    """The session that was asked for, else the newest that there is more of than an empty folder."""
    if session_id is not None:
        return _read(project, folder, session_id)
    for name in folder.newest_first():
        try:
            return _read(project, folder, name)
        except UnknownSession as error:
            if not isinstance(error.__cause__, LostSession):
                raise
    raise UsageError(f"there is no session in {shown(folder.folder)}", remedy="`inv drain` begins one")


def _read(project: Project, folder: SessionFolder, session_id: str) -> Session:
    """As its file says, else as the ledger does; one that says it runs is interrupted when nobody drains it."""
    try:
        session = folder.load(session_id)
    except CorruptSession as error:
        with opened(project) as site:
            session = rebuilt(site.history, session_id, error, site.table.words[PhaseState.FAILED])
    if session.standing is Status.RUNNING and not folder.is_held(session_id):
        session.status, session.stopped_because = Status.INTERRUPTED, "its process died"
    return session


def _counts(row: RunCounts) -> dict[str, object]:
    return {
        "run_id": row.run_id,
        "queued": row.queued,
        "failed": row.failed,
        "complete": row.complete,
        "other": row.other,
    }
