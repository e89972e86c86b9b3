"""Tells others of the end of a session or chain, as the settings request (notify)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from batchdrain.cli.commands.beside import beside_of, read_accepted
from batchdrain.cli.commands.show_report import render
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.notify.judge import is_wanted
from batchdrain.drain.notify.runner import Notice, notify
from batchdrain.drain.project import Project
from batchdrain.drain.session_run import LeftSession
from batchdrain.model.errors import BatchDrainError
from batchdrain.reports.exit_words import Exit, explain_exit
from batchdrain.runtime.text import safe_text
from batchdrain.sessions.session import Session


def tell_others(invocation: Invocation, project: Project, session: Session, ended: Exit, gone_by: float | None) -> None:
    """Run the notify command, after the report was printed. A failure is a line on stderr, and changes no exit code.
    `gone_by`: see Shutdown."""
    if not is_wanted(project.settings.notify, session):
        return
    beside = beside_of(invocation, project.settings, project.folder, session, ended, read_accepted(project, session, ended))
    summary = render(project.folder, session, "json", beside)
    notice = Notice(session=session, summary=summary.encode(), exit_code=ended.code, gone_by=gone_by, tell=_tell)
    if problem := notify(project, notice):
        _tell(problem)


@contextmanager
def early_ends_told(invocation: Invocation, project: Project) -> Iterator[None]:
    """If an error in the block ends a session at once, so that it gets no report, tell others too.
    The error is raised again."""
    try:
        yield
    except BatchDrainError as error:
        if isinstance(left := error.left, LeftSession):
            ended = explain_exit(left.session, error.exit_code, orphaned=False)
            tell_others(invocation, project, left.session, ended, left.gone_by)
        raise


def _tell(what: str) -> None:
    Output(sys.stderr).line(f"batchdrain: the notify command {safe_text(what)}")
