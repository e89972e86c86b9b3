"""inv resume, and inv drain --resume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from batchdrain.cli.commands.chain import go_through
from batchdrain.cli.commands.chain_plan import show_chain_plan
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.cli.commands.go_on import to_resume_command
from batchdrain.cli.commands.open import open_project, screen_for, settings_of
from batchdrain.cli.commands.report import report
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.config.load import Override
from batchdrain.drain.chain_resumption import Target, find_target
from batchdrain.drain.narrowing import NARROWED, Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resume import resume
from batchdrain.drain.resumption import request_to_resume, what_is_left
from batchdrain.model.errors import UsageError
from batchdrain.runtime.clock import to_iso
from batchdrain.runtime.text import safe_text, to_shown_path
from batchdrain.sessions.session import Session, Status

_BATCH_SIZE: Final = "--batch-size"
_FINISH_CURRENT: Final = "--finish-current"


def resume_session(invocation: Invocation, *, session_id: str | None, settings: Sequence[Override]) -> int:
    """`inv resume`. Returns the exit code."""
    return _resume(invocation, session_id, DrainFlags(settings=settings, dry_run=invocation.dry))


def resume_by_flag(invocation: Invocation, flags: DrainFlags) -> int:
    """`inv drain --resume`, and its dry run. Returns the exit code. Raises UsageError for what would widen the session."""
    widening = [one.flag for one in flags.settings if one.flag not in {_BATCH_SIZE, _FINISH_CURRENT, *NARROWED}]
    widening += [f"--{name}" for name in ("plan", "triage") if getattr(flags, name)]
    if widening:
        raise UsageError(
            f"{widening[0]}: --resume goes on as the session was asked for",
            remedy="leave the flag out, or leave out --resume",
        )
    return _resume(invocation, None, flags)


def _resume(invocation: Invocation, session_id: str | None, flags: DrainFlags) -> int:
    less = _narrowing_of(invocation, flags)
    own = [one for one in flags.settings if one.flag == _FINISH_CURRENT]
    with open_project(invocation, own) as project:
        target = find_target(project, session_id)
        if target is None:
            return _nothing_to_resume(invocation, project)
        if session_id is None and flags.format == "text" and not flags.quiet:
            _tell_choice(project, target.session)
        if target.chain is not None:
            return _resume_chain(invocation, project, target, flags, less)
        if flags.dry_run:
            return _show_resumption(project, target.session, less, flags)
        outcome = resume(project, target.session.session_id, screen_for(quiet=flags.quiet, shape=flags.format), less)
        request = DrainRequest(kind=target.session.kind, filters=flags.filters, settings=project.settings)
        return report(invocation, project, request, outcome, flags.format)


def _narrowing_of(invocation: Invocation, flags: DrainFlags) -> Narrowing:
    """What the flags ask for besides the session's own. Raises UsageError for a wrong value."""
    asked = settings_of(invocation, flags.settings)
    limits: dict[str, Any] = {}
    for flag, (path, _) in NARROWED.items():
        if flags.sets(flag):
            value: Any = asked
            for name in path:
                value = getattr(value, name)
            limits[flag] = value
    return Narrowing(batch_size=asked.batch_size if flags.sets(_BATCH_SIZE) else None, filters=flags.filters, limits=limits)


def _resume_chain(invocation: Invocation, project: Project, target: Target, flags: DrainFlags, less: Narrowing) -> int:
    chain, less = target.chain, replace(less, is_of_chain=True)
    if chain is None:
        raise AssertionError("a chain goes on")
    for request in chain.requests.values():
        less.apply(request)
    if flags.dry_run:
        return show_chain_plan(project, chain, less)
    if chain.ended is not None:
        chain.begin_anew(project)
    return go_through(invocation, project, chain, quiet=flags.quiet, shape=flags.format, less=less)


def _show_resumption(project: Project, session: Session, less: Narrowing, flags: DrainFlags) -> int:
    left = what_is_left(project, session.session_id, request_to_resume(project, session), less)
    output = None if flags.output is None else Path(flags.output)
    return show_plan(project, left.request, flags.format, output=output, explain=flags.explain, left=left)


def _tell_choice(project: Project, session: Session) -> None:
    """Which session it is, where it is not the newest."""
    newest = next(project.folder.all(), None)
    if newest is None or newest[0] == session.session_id:
        return
    state = newest[1].current_status.value if isinstance(newest[1], Session) else "unreadable"
    Output().line(
        f"Going on with session {session.session_id}, begun {to_iso(session.started_at)}; the newest, {newest[0]}, is {state}."
    )


def _nothing_to_resume(invocation: Invocation, project: Project) -> int:
    out, known = Output(), ", ".join(project.folder.ids()[-5:]) or "none"
    out.line(f"Nothing to resume in {to_shown_path(project.folder.folder)}: no session is incomplete (newest: {known}).")
    for name, found in project.folder.all():
        if not isinstance(found, Session) or found.current_status is not Status.STOPPED:
            continue
        command = to_resume_command(invocation, project.folder, found)
        if command is not None:
            out.line(
                f"Session {name} was stopped ({safe_text(found.stopped_because or 'no reason is known')}). It goes on with:"
            )
            out.line(command)
            break
    return 0
