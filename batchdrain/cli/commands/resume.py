"""inv resume, and inv drain --resume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.cli.commands.open import open_project, screen_for, settings_of
from batchdrain.cli.commands.report import report_whole
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.config.load import Override
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resume import resume
from batchdrain.drain.resumption import resumable
from batchdrain.model.errors import UsageError
from batchdrain.runtime.text import to_shown_path

_BATCH_SIZE: Final = "--batch-size"
_FINISH_CURRENT: Final = "--finish-current"


def resume_session(
    invocation: Invocation, *, session_id: str | None, settings: Sequence[Override], fail_if_nothing: bool = False
) -> int:
    """`inv resume`. Returns the exit code."""
    return _resume(
        invocation, session_id, DrainFlags(settings=settings, dry_run=invocation.dry, fail_if_nothing=fail_if_nothing)
    )


def resume_by_flag(invocation: Invocation, flags: DrainFlags) -> int:
    """`inv drain --resume`, and its dry run. Returns the exit code. Raises UsageError for what would widen the session."""
    widening = [one.flag for one in flags.settings if one.flag not in {_BATCH_SIZE, _FINISH_CURRENT}]
    widening += [f"--{name}" for name in ("plan", "triage") if getattr(flags, name)]
    if widening:
        raise UsageError(
            f"{widening[0]}: --resume goes on as the session was asked for",
            remedy="leave the flag out, or leave out --resume",
        )
    return _resume(invocation, None, flags)


def _resume(invocation: Invocation, session_id: str | None, flags: DrainFlags) -> int:
    filters = flags.filters
    own = [one for one in flags.settings if one.flag != _BATCH_SIZE]
    batch_size = settings_of(invocation, flags.settings).batch_size if flags.sets(_BATCH_SIZE) else None
    # the session has a batch size of its own, and takes at most the flag's now
    with open_project(invocation, own) as project:
        if flags.dry_run:
            return _show_resumption(project, session_id, batch_size, flags)
        screen = screen_for(quiet=flags.quiet, shape=flags.format)
        outcome = resume(project, session_id, screen, batch_size=batch_size, by=filters)
        if outcome is None:
            return _nothing_to_resume(project, flags)
        if outcome.session is None:
            raise AssertionError("a resumed session is a session")
        request = DrainRequest(
            kind=outcome.session.kind, filters=filters, settings=project.settings, fail_if_nothing=flags.fail_if_nothing
        )
        return report_whole(project, request, outcome, flags.format)


def _show_resumption(project: Project, session_id: str | None, batch_size: int | None, flags: DrainFlags) -> int:
    left = resumable(project, session_id, batch_size=batch_size, by=flags.filters)
    if left is None:
        return _nothing_to_resume(project, flags)
    request = replace(left.request, fail_if_nothing=flags.fail_if_nothing)
    return show_plan(project, request, flags.format, view=flags.view, left=left)


def _nothing_to_resume(project: Project, flags: DrainFlags) -> int:
    known = ", ".join(project.folder.ids()[-5:]) or "none"
    Output().line(f"Nothing to resume in {to_shown_path(project.folder.folder)}: no session is incomplete (newest: {known}).")
    return int(flags.fail_if_nothing)
