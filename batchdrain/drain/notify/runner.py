"""Runs the command that notifies others. It never changes the result of the session.

It is executed under a guardian like every command, so nothing of it is left, whatever it does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from batchdrain.drain.notify.judge import describe_error, describe_problem, find_time_s
from batchdrain.drain.project import Project
from batchdrain.drain.shutdown import Shutdown
from batchdrain.execution.engines.local import LocalEngine
from batchdrain.execution.guardian_pool import execute
from batchdrain.execution.notify_command import EndFacts, make_notify_order
from batchdrain.execution.order import Ending, Order
from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime import folders
from batchdrain.runtime.files import write_all
from batchdrain.runtime.text import to_shown_path
from batchdrain.sessions import lock
from batchdrain.sessions.session import Session

_PATIENCE_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is notified of an end."""

    session: Session  #: for a chain: its sessions as one
    summary: bytes  #: JSON
    exit_code: int  #: that of the task
    gone_by: float | None  #: monotonic; this process has to be gone by then. None: nobody asked for that
    tell: Callable[[str], None]  #: shows a line to people who wait


def notify(project: Project, notice: Notice) -> str:
    """Execute the command. Returns what went wrong, in one line for people; '' if nothing did."""
    within_s = find_time_s(notice.gone_by, monotonic())
    if not within_s:
        return "was not started: a signal ended the drain, and no time is left for it"
    session = notice.session
    folder = (project.folder.folder / session.session_id / "notify").absolute()
    facts = EndFacts(session_id=session.session_id, status=session.current_status.value, exit_code=notice.exit_code)
    order = make_notify_order(project.settings, project.root, folder, facts, within_s=within_s)
    try:
        ending, signalled_by = _execute_in(folder, order, notice)
    except (OSError, FilesUnavailable) as error:  # NotEndedError is an OSError
        return describe_error(error, folder)
    paths = (to_shown_path(Path(order.stdout_path)), to_shown_path(Path(order.stderr_path)))
    return describe_problem(ending, project.store.redact, paths, within_s=within_s, signalled_by=signalled_by)


def _execute_in(folder: Path, order: Order, notice: Notice) -> tuple[Ending, str]:
    """Returns the ending, and the name of the signal that came meanwhile ('' for none). A signal ends the command, and changes
    nothing else."""
    held = lock.make_locked_folder(folder)  # the lock shows `inv prune` that the folder is in use
    try:
        _write_new(order.stdin_path, notice.summary)
        shutdown = Shutdown()
        with shutdown.watch(), LocalEngine(1) as engine:
            shutdown.engine = engine
            future = engine.submit(execute, order)
            if not wait([future], timeout=_PATIENCE_S).done:
                notice.tell(f"is awaited, at most {order.timeout_s + order.grace_s:.0f} s; Ctrl-C ends it")
            return future.result(), shutdown.name
    finally:
        os.close(held)


def _write_new(path: str, content: bytes) -> None:
    fd = folders.open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, guarded=True)
    try:
        write_all(fd, content)
    finally:
        os.close(fd)
