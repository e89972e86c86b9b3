"""inv resume, and drain --resume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.cli.commands.open import opened, screen_for, whole
from batchdrain.cli.commands.report import report
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resume import resumable, resume
from batchdrain.model.errors import UsageError
from batchdrain.runtime.text import to_shown_path

_NARROWING = frozenset({"batch_size", "finish_current"})


def resume_session(invocation: Invocation, session_id: str | None, batch_size: str | None, *, finish_current: bool) -> int:
    """`inv resume`. Returns the exit code."""
    size = whole("--batch-size", batch_size)
    with opened(invocation, {"finish_current": finish_current or None}) as project:
        return _resumed(project, session_id, size, DrainFlags(dry_run=invocation.dry), "text")


def _resume_by_flag(invocation: Invocation, flags: Mapping[str, object], given: DrainFlags, shape: str, *, dry: bool) -> int:
    widening = [name for name, value in flags.items() if value is not None and name not in _NARROWING]
    others = [name for name in ("plan", "triage") if getattr(given, name)]
    if widening or others:
        name = (widening or others)[0].replace("_", "-")
        raise UsageError(
            f"--{name}: --resume goes on as the session was asked for",
            remedy="leave the flag out, or leave out --resume",
        )
    size = flags.get("batch_size")
    with opened(invocation, {"finish_current": flags.get("finish_current")}) as project:
        number = whole("--batch-size", None if size is None else str(size))
        return _resumed(project, None, number, replace(given, dry_run=dry), shape)


def _resumed(project: Project, session_id: str | None, size: int | None, given: DrainFlags, shape: str) -> int:
    if given.dry_run:
        left = resumable(project, session_id, size=size, by=given.filters)
        if left is None:
            return _nothing_to_resume(project)
        output = None if given.output is None else Path(given.output)
        return show_plan(project, left.request, shape, output=output, explain=given.explain, left=left)
    outcome = resume(project, session_id, screen_for(quiet=given.quiet, shape=shape), size=size, by=given.filters)
    if outcome is None:
        return _nothing_to_resume(project)
    if outcome.session is None:
        raise AssertionError("a resumed session is a session")
    return report(
        project, DrainRequest(kind=outcome.session.kind, filters=given.filters, settings=project.settings), outcome, shape
    )


def _nothing_to_resume(project: Project) -> int:
    known = ", ".join(project.folder.ids()[-5:]) or "none"
    Output().line(f"Nothing to resume in {to_shown_path(project.folder.folder)}: no session is incomplete (newest: {known}).")
    return 0
