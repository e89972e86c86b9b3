"""inv resume, and drain --resume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from batchdrain.cli.commands.drain_flags import Request
from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.cli.commands.open import opened, screen_for, whole
from batchdrain.cli.commands.report import report
from batchdrain.cli.invocation import Project
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Site
from batchdrain.drain.request import Intent
from batchdrain.drain.resume import resumable, resume
from batchdrain.model.errors import UsageError
from batchdrain.runtime.text import shown

_NARROWING = frozenset({"batch_size", "finish_current"})


def resume_session(project: Project, session_id: str | None, batch_size: str | None, *, finish_current: bool) -> int:
    """`inv resume`. Returns the exit code."""
    size = whole("--batch-size", batch_size)
    with opened(project, {"finish_current": finish_current or None}) as site:
        return _resumed(site, session_id, size, Request(dry_run=project.dry), "text")


def _resume_by_flag(project: Project, flags: Mapping[str, object], request: Request, shape: str, *, dry: bool) -> int:
    widening = [name for name, value in flags.items() if value is not None and name not in _NARROWING]
    others = [name for name in ("plan", "triage") if getattr(request, name)]
    if widening or others:
        name = (widening or others)[0].replace("_", "-")
        raise UsageError(
            f"--{name}: --resume goes on as the session was asked for",
            remedy="leave the flag out, or leave out --resume",
        )
    size = flags.get("batch_size")
    with opened(project, {"finish_current": flags.get("finish_current")}) as site:
        number = whole("--batch-size", None if size is None else str(size))
        return _resumed(site, None, number, replace(request, dry_run=dry), shape)


def _resumed(site: Site, session_id: str | None, size: int | None, request: Request, shape: str) -> int:
    if request.dry_run:
        left = resumable(site, session_id, size=size, by=request.filters)
        if left is None:
            return _nothing_to_resume(site)
        output = None if request.output is None else Path(request.output)
        return show_plan(site, left.intent, shape, output=output, explain=request.explain, left=left)
    went = resume(site, session_id, screen_for(quiet=request.quiet, shape=shape), size=size, by=request.filters)
    if went is None:
        return _nothing_to_resume(site)
    if went.session is None:
        raise AssertionError("a resumed session is a session")
    return report(site, Intent(kind=went.session.kind, filters=request.filters, settings=site.settings), went, shape)


def _nothing_to_resume(site: Site) -> int:
    known = ", ".join(site.folder.ids()[-5:]) or "none"
    Output().line(f"Nothing to resume in {shown(site.folder.folder)}: no session is incomplete (newest: {known}).")
    return 0
