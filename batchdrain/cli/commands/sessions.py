"""inv sessions: every session of the folder, and what each holds. Reads only."""

from __future__ import annotations

import sys
from typing import Any, Final

from batchdrain.cli.commands.chain_rows import join_chains
from batchdrain.cli.commands.open import open_project, settings_of
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.database.ledger.held_claims import Held
from batchdrain.drain.liveness import describe_held, is_alive
from batchdrain.model.errors import BadData, ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.reports.session_table import render_sessions
from batchdrain.runtime import clock
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import safe_text, to_shown_path
from batchdrain.sessions.folder import LostSession, SessionFolder
from batchdrain.sessions.session import Session

NEWEST: Final = 20
"""So many are shown to people, if they do not ask for more."""


def list_sessions(invocation: Invocation, *, format_name: str, top: int | None = None, every: bool = False) -> None:
    """`inv sessions`. `top`: so many, the newest; None: NEWEST for people, all of JSON. `every`: all."""
    folder = SessionFolder(invocation.root / settings_of(invocation).session_dir)
    out, held = Output(), _read_held_by_session(invocation)
    rows = [_row_of(folder, name, session, held) for name, session in folder.all()]
    if format_name != "json":
        rows = join_chains(invocation, rows)
    most = len(rows) if every else top
    if format_name == "json":
        out.json(to_json(rows[:most], indent=True).decode())
        return
    if rows:
        shown = _choose(rows, NEWEST if most is None else most)
        for line in render_sessions([{**row, **_shorten(row, folder)} for row in shown]):
            out.line(line)
        if len(shown) < len(rows):
            out.line(f"and {len(rows) - len(shown)} older ones (--all shows them)")
    else:
        out.line(f"No sessions in {to_shown_path(folder.folder)}.")
    elsewhere = [claim for claims in held.values() for claim in claims]
    if elsewhere:
        out.line("Held by sessions of another folder:")
    for claim in elsewhere:
        out.line(safe_text(f"  {describe_held(claim)}"))


def _choose(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The newest, and of the older ones those that are at work or hold something."""
    return rows[:most] + [row for row in rows[most:] if row["alive"] or row.get("held")]


def _shorten(row: dict[str, Any], folder: SessionFolder) -> dict[str, Any]:
    """Its error without the path, which its id tells."""
    if "error" not in row:
        return {}
    return {"error": row["error"].removeprefix(f"{folder.path(row['session_id'])}: ")}


def _read_held_by_session(invocation: Invocation) -> dict[str, list[Held]]:
    """The claims that are held now, by session_uid. The list of sessions is of files: it is shown without a database too."""
    found: dict[str, list[Held]] = {}
    try:
        with open_project(invocation) as project:
            for held in project.store.history.read_held():
                found.setdefault(held.session_uid, []).append(held)
    except (DatabaseUnavailable, FilesUnavailable, ConfigError) as error:
        Output(sys.stderr).line(f"batchdrain: what is held can't be shown: {safe_text(error.message.splitlines()[0])}")
    return found


def _row_of(folder: SessionFolder, name: str, session: Session | BadData, held: dict[str, list[Held]]) -> dict[str, Any]:
    """What is shown of a session; the claims that it holds are taken out of `held`."""
    alive = folder.is_held(name)
    if isinstance(session, BadData):
        return {"session_id": name, "error": str(session), "lost": isinstance(session, LostSession), "alive": alive}
    return {
        "session_id": session.session_id,
        "chain_uid": session.chain_uid,
        "kind": session.kind.value,
        "status": session.current_status.value,
        "alive": alive,
        "started_at": clock.to_iso(session.started_at),
        "completed_at": None if session.completed_at is None else clock.to_iso(session.completed_at),
        "held": [
            {
                "run_id": claim.key.run_id,
                "phase_id": claim.key.phase_id,
                "epoch": claim.epoch,
                "alive": is_alive(claim),
                "lease_left_s": claim.lease_left_ms / 1000,
                "said": describe_held(claim),
            }
            for claim in held.pop(session.session_uid or "", ())
        ],
        "batch_size": session.batch_size,
        "total_processed": session.total_processed,
        "total_success": session.total_success,
        "total_failed": session.total_failed,
        "success_rate": session.success_rate,
    }
