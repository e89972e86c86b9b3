"""inv stop, pause and continue: send a request to a running session, on whatever host."""

from __future__ import annotations

import getpass
import socket
from typing import Final

from batchdrain.cli.commands.open import open_to_look
from batchdrain.cli.commands.status import alive_of, describe_nothing
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.lines_or_json import LinesOrJson
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.drain.chain.between_parts import read_running
from batchdrain.drain.project import Project
from batchdrain.model.asked import Ask, Asked
from batchdrain.model.errors import UsageError
from batchdrain.reports.status_view import DIED, render_status, state_of, to_fields
from batchdrain.runtime import clock
from batchdrain.runtime.text import safe_text

_TRIES: Final = 3  #: while a chain passes from one part to the next
_DONE = {
    Ask.STOP: "starts nothing more, and ends after the running phases",
    Ask.STOP_NOW: "ends the running commands, releases their phases, and ends",
    Ask.PAUSE: "claims nothing until `inv continue`",
    Ask.CONTINUE: "claims phases again",
}


def ask_session(invocation: Invocation, ask: Ask, *, session_id: str | None, reason: str | None, shape: str = "text") -> int:
    """Send the request. Raises UsageError if it is not clear which session is meant, or the named one does not run; raises
    DatabaseUnavailable. Returns the exit code."""
    out = LinesOrJson(shape)
    with open_to_look(invocation) as project:
        row = _choose(_read_living(project), session_id)
        if row is None:
            out.line(describe_nothing(project))
            return out.end(0, session_id=None, asked=None)
        if invocation.dry:
            out.line(f"Would be sent to {_name_of(row)}: {_DONE[ask]}")
            return out.end(0, session_id=row.session_id, asked=None)
        row, asked = _ask(project, row, ask, project.store.redact(reason or ""))
    _tell(out, asked, ask, row)
    return out.end(0, session_id=row.session_id, asked=None if asked is None else asked.ask.value)


def _read_living(project: Project) -> list[SessionRow]:
    return [row for row in read_running(project, alive_of) if state_of(row, alive_of(row)) != DIED]


def _ask(project: Project, row: SessionRow, ask: Ask, reason: str) -> tuple[SessionRow, Asked | None]:
    """The session that got the request, and the request; None if it has ended.
    If the chain's next part began meanwhile, that one gets it."""
    for _ in range(_TRIES):
        asked = project.session_rows.ask(row, ask, by=_name_self(), reason=reason)
        if asked is not None or row.chain_uid is None:
            return row, asked
        later = [one for one in _read_living(project) if one.chain_uid == row.chain_uid]
        if not later:
            break
        row = later[0]
    return row, None


def _name_of(row: SessionRow) -> str:
    return safe_text(f"{row.session_id} on {row.host}, process {row.controller.pid}")


def _tell(out: LinesOrJson, asked: Asked | None, ask: Ask, row: SessionRow) -> None:
    where = _name_of(row)
    if asked is None:
        out.line(f"It has ended meanwhile: {where}")
    elif asked.ask is not ask:
        out.line(safe_text(f"It is ending already, {asked}: {where}"))
    else:
        out.line(f"Request sent to {where}: {_DONE[ask]}.{_say_when(row)}")


def _say_when(row: SessionRow) -> str:
    if row.ended_ms is not None:
        return " Its chain is between its parts: the next part follows this as it begins."
    beat_s = row.wanted.get("beat_s")
    return f" It takes effect within {beat_s:g} s (lease.beat_s)." if isinstance(beat_s, int | float) else ""


def _choose(running: list[SessionRow], session_id: str | None) -> SessionRow | None:
    """The session that is meant; None if none runs and none was named."""
    if session_id is not None:
        found = [row for row in running if session_id in {row.session_id, row.uid}]
        if not found:
            raise UsageError(f"--session-id: no session {session_id} runs", remedy="`inv status` lists the running sessions")
    else:
        found = running
    if len(found) > 1:
        lines = "\n".join(render_status([to_fields(row, alive_of(row)) for row in found], clock.now().astimezone()))
        by = "with --session-id" if session_id is None else "by its session_uid (`inv status --format=json`)"
        raise UsageError(f"--session-id: {len(found)} sessions run:\n{lines}", remedy=f"choose one {by}")
    return found[0] if found else None


def _name_self() -> str:
    """user@host. A container may have no name for its user."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # OSError since Python 3.13
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
