"""inv sessions: lists every session of the folder, and what each holds. Reads only."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Any, Final

from batchdrain.cli.commands.chain_rows import join_chains
from batchdrain.cli.commands.open import open_to_look, settings_of
from batchdrain.cli.commands.session_row import count_anew, is_dead, row_of
from batchdrain.cli.commands.sessions_elsewhere import list_held, read_elsewhere
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.session_counts import read_session_counts
from batchdrain.drain.project import Project
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.reports.session_table import render_sessions
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import agree, count_of, safe_text, to_shown_path
from batchdrain.sessions.folder import SessionFolder

NEWEST: Final = 20
"""How many sessions are shown to people by default."""
_AWAY: Final = (DatabaseUnavailable, FilesUnavailable, ConfigError)


def list_sessions(invocation: Invocation, *, format_name: str, top: int | None = None, every: bool = False) -> None:
    """`inv sessions`. `top`: how many, the newest first; None: NEWEST for people, all as JSON. `every`: all."""
    folder = SessionFolder(invocation.root / settings_of(invocation).session_dir)
    out = Output()
    with ExitStack() as opened:
        project = _open_or_tell(invocation, opened)
        held = {} if project is None else _read_held_by_session(project)
        paused = frozenset() if project is None else _read_paused(project)
        known = set[str]()
        rows = [row_of(folder, name, session, held, known, paused) for name, session in folder.all()]
        if project is not None:
            rows = _count_dead(project, rows)
        lost = {row["session_id"] for row in rows if row.get("lost")}
        others = [] if project is None else _read_elsewhere(project, known, lost, held)
        if format_name != "json":  # after the files: a chain that was complete by then is complete in the ledger too
            rows = join_chains(rows, {} if project is None else _read_chains_left(project))
    most = len(rows) + len(others) if every else top
    if format_name == "json":
        out.json(to_json([*rows, *others][:most], indent=True).decode())
        return
    if rows:
        shown = _choose(rows, NEWEST if most is None else most)
        for line in render_sessions([{**row, **_shorten(row, folder)} for row in shown], out.columns):
            out.line(line)
        if len(shown) < len(rows):
            out.line(
                f"and {count_of(len(rows) - len(shown), 'older one')} (--all shows {agree(len(rows) - len(shown), 'it', 'them')})"
            )
    else:
        out.line(f"No sessions in {to_shown_path(folder.folder)}.")
    _show_elsewhere(out, others, NEWEST if most is None else most)
    elsewhere = list_held(held)
    if elsewhere:
        out.line("Held by sessions of another folder:")
    for line in elsewhere:
        out.line(safe_text(f"  {line}"))


def _show_elsewhere(out: Output, others: list[dict[str, Any]], most: int) -> None:
    shown = _choose(others, most)
    if shown:
        out.line("Of the same database, with their files on another host or in another folder:")
    for line in render_sessions(shown, out.columns) if shown else ():
        out.line(line)
    if len(shown) < len(others):
        out.line(f"and {count_of(len(others) - len(shown), 'older one')} (--all)")


def _choose(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The newest rows, and of the older ones those that are alive or hold something."""
    return rows[:most] + [row for row in rows[most:] if row["alive"] or row.get("held")]


def _shorten(row: dict[str, Any], folder: SessionFolder) -> dict[str, Any]:
    """The row's error without its path, since the id already tells it."""
    if "error" not in row:
        return {}
    return {"error": row["error"].removeprefix(f"{folder.path(row['session_id'])}: ")}


def _open_or_tell(invocation: Invocation, opened: ExitStack) -> Project | None:
    """The project; None with a message if the database can't be opened. The list is then made of files alone."""
    try:
        return opened.enter_context(open_to_look(invocation))
    except _AWAY as error:
        _tell(error)
        return None


def _read_held_by_session(project: Project) -> dict[str, list[Held]]:
    """The claims that are held now, by session_uid."""
    found: dict[str, list[Held]] = {}
    try:
        for held in project.store.history.read_held():
            found.setdefault(held.session_uid, []).append(held)
    except _AWAY as error:
        _tell(error)
    return found


def _read_paused(project: Project) -> frozenset[str]:
    """The uids of the sessions that claim nothing now because somebody paused them."""
    try:
        return frozenset(row.uid for row in project.session_rows.read(running=True) if row.progress.get("paused") is True)
    except _AWAY:
        return frozenset()


def _count_dead(project: Project, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    dead = [row["session_uid"] for row in rows if is_dead(row) and row["session_uid"]]
    try:
        counts = read_session_counts(project.store.database, project.store.ledger, dead)
    except _AWAY:
        return rows
    return [count_anew(row, counts.get(row.get("session_uid") or "")) if is_dead(row) else row for row in rows]


def _read_chains_left(project: Project) -> dict[str, ChainRow]:
    """The chains that are not complete, by uid; empty if the database has gone since it was opened."""
    try:
        return Chains(project.store.database, project.store.ledger).read_left()
    except _AWAY:
        return {}


def _read_elsewhere(project: Project, known: set[str], lost: set[str], held: dict[str, list[Held]]) -> list[dict[str, Any]]:
    try:
        return read_elsewhere(project, known, lost, held)
    except _AWAY:
        return []


def _tell(error: BatchDrainError) -> None:
    Output(sys.stderr).line(f"batchdrain: what is held can't be shown: {safe_text(error.message.splitlines()[0])}")
