"""summary, sessions, pick-next-run and list-run-counts. Reads only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from batchdrain import clock, durable
from batchdrain.actions.opening import opened, settings_of, shape_of
from batchdrain.database.history import Held
from batchdrain.errors import BadData, ConfigError, DatabaseUnavailable, FilesUnavailable, UsageError, did_you_mean
from batchdrain.intent import Intent
from batchdrain.planning.filters import Filters
from batchdrain.planning.selection import Sofar
from batchdrain.recovering import is_alive, said_of
from batchdrain.reports import formats
from batchdrain.screens.output import Output
from batchdrain.session import Kind, Session
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.parsing import CorruptSession
from batchdrain.sessions.rebuilding import rebuilt
from batchdrain.sessions.record import shown
from batchdrain.site import RunCounts, Site, described
from batchdrain.starting import supply_for
from batchdrain.tasks.edge import Project
from batchdrain.text import safe_text

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
    durable.write_for_people(Path(output), [text.encode(errors="backslashreplace")], f"--output: {output}")
    Output().line(f"Summary written to {safe_text(output)}")


def list_sessions(project: Project, shape: str | None) -> None:
    """`inv sessions`."""
    form = shape_of(shape, ("text", "json"))
    folder = SessionFolder(project.root / settings_of(project).session_dir)
    out, held = Output(), _held_by_session(project)
    rows = [_row(name, session, held) for name, session in folder.all()]
    if form == "json":
        out.text(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    if not rows:
        out.line(f"No sessions in {shown(folder.folder)}.")
        return
    out.line(f"{'SESSION':<34} {'KIND':<7} {'STATUS':<12} {'DONE':>7} {'OK':>6} {'FAILED':>6} {'RATE':>7}  STARTED")
    for row in rows:
        if "error" in row:
            out.line(f"{row['session_id']:<34} can't be read: {safe_text(row['error'])}")
            continue
        rate = "-" if row["success_rate"] is None else f"{row['success_rate'] * 100:.1f}%"
        of = f"/{row['batch_size']}" if row["batch_size"] and row["kind"] == Kind.FAILED else ""
        out.line(
            f"{row['session_id']:<34} {row['kind']:<7} {row['status']:<12} {row['total_processed']}{of:<5} "
            f"{row['total_success']:>6} {row['total_failed']:>6} {rate:>7}  {row['started_at']}"
        )
        for claim in row["held"]:
            out.line(safe_text(f"  holds {claim['said']}"))


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
    if session_id is None:
        session_id = folder.newest()
    if session_id is None:
        raise UsageError(f"there is no session in {shown(folder.folder)}", remedy="`inv drain` begins one")
    try:
        return folder.load(session_id)
    except CorruptSession as error:
        with opened(project) as site:
            return rebuilt(site.history, session_id, error)


def _held_by_session(project: Project) -> dict[str, list[Held]]:
    """The claims that are held now, by session_uid. The list of sessions is of files: it is shown without a database too."""
    found: dict[str, list[Held]] = {}
    try:
        with opened(project) as site:
            for held in site.history.held():
                found.setdefault(held.session_uid, []).append(held)
    except (DatabaseUnavailable, FilesUnavailable, ConfigError) as error:
        Output(sys.stderr).line(f"batchdrain: what is held can't be shown: {safe_text(error.message.splitlines()[0])}")
    return found


def _row(name: str, session: Session | BadData, held: Mapping[str, list[Held]]) -> dict[str, Any]:
    if isinstance(session, BadData):
        return {"session_id": name, "error": str(session)}
    return {
        "session_id": session.session_id,
        "kind": session.kind.value,
        "status": session.standing.value,
        "started_at": clock.iso(session.started_at),
        "completed_at": None if session.completed_at is None else clock.iso(session.completed_at),
        "held": [
            {
                "run_id": claim.key.run_id,
                "phase_id": claim.key.phase_id,
                "epoch": claim.epoch,
                "alive": is_alive(claim),
                "lease_left_s": claim.lease_left_ms / 1000,
                "said": said_of(claim),
            }
            for claim in held.get(session.session_uid or "", ())
        ],
        "batch_size": session.batch_size,
        "total_processed": session.total_processed,
        "total_success": session.total_success,
        "total_failed": session.total_failed,
        "success_rate": session.success_rate,
    }


def _counts(row: RunCounts) -> dict[str, object]:
    return {
        "run_id": row.run_id,
        "queued": row.queued,
        "failed": row.failed,
        "complete": row.complete,
        "other": row.other,
    }
