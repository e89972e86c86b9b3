"""inv status: shows every running session of the database, on whatever host, as of its last beat. Reads only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from batchdrain.cli.commands.open import open_to_look
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.stream import wait_while_read
from batchdrain.cli.screens.watched import Watched
from batchdrain.database.ledger.session_counts import read_session_counts
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.drain.chain.between_parts import read_running
from batchdrain.drain.project import Project
from batchdrain.execution.process_identity import is_alive
from batchdrain.reports.status_view import DIED, is_overdue, render_status, to_fields
from batchdrain.runtime import clock
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import safe_text

_EVERY_S: Final = 2.0


def show_status(invocation: Invocation, *, format_name: str, watch: bool = False) -> None:
    """`inv status`. `watch`: show it again and again until nothing runs, or nobody reads. Raises ConfigError and
    DatabaseUnavailable."""
    with open_to_look(invocation) as project, Watched(is_repeated=watch) as out:
        while True:
            rows = read_fields(project)
            if format_name == "json":
                out.json(to_json(rows, indent=not watch).decode())
            else:
                out.show([*render_status(rows, clock.now().astimezone())] or [describe_nothing(project)])
            if not watch or not any(is_running(row) for row in rows) or not out.is_open:
                return
            if not wait_while_read(sys.stdout, _EVERY_S):  # no event tells of a beat, so the row is read again
                return


def is_running(row: Mapping[str, Any]) -> bool:
    """Whether a session may still change. `row`: as made by `to_fields`."""
    return bool(row["state"] != DIED)


def read_fields(project: Project) -> list[dict[str, Any]]:
    """The running sessions, as `to_fields` has them. Of those that died or tell nothing now, the ledger has the results. Raises
    DatabaseUnavailable."""
    found = [(row, alive_of(row)) for row in read_running(project, alive_of)]
    unheard = [row.uid for row, alive in found if alive is False or is_overdue(row)]
    counts = read_session_counts(project.store.database, project.store.ledger, unheard)
    return [to_fields(row, alive, counts.get(row.uid)) for row, alive in found]


def alive_of(row: SessionRow) -> bool | None:
    """Whether the session's process lives; None if that can't be told from here."""
    return is_alive(row.controller)


def describe_nothing(project: Project) -> str:
    """What is said where no session runs: those of other tables of the database are not shown."""
    return safe_text(f"No session of table {project.settings.source.table!r} runs.")
