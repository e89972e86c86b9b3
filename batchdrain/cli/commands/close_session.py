"""inv resume --close: ends a dead session as it stands. Starts no work."""

from __future__ import annotations

from collections.abc import Sequence

from batchdrain.cli.commands.open import open_project
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.lines_or_json import LinesOrJson
from batchdrain.drain.close_dead import close_dead, find_dead
from batchdrain.drain.liveness import describe_held, describe_recovered
from batchdrain.model.errors import UsageError
from batchdrain.runtime.text import safe_text, to_shown_path
from batchdrain.sessions.session import Session


def close_session(invocation: Invocation, flags: ResumeFlags) -> int:
    """Close the session. Returns 0, or 1 if there is nothing to close and that is to fail, or the exit code of a phase that
    the session held and the table does not take back. Raises SessionInUse if the session is alive."""
    if flags.settings:
        raise UsageError(
            f"{flags.settings[0].flag}: --close starts no work", remedy="leave the flag out, or leave out --close"
        )
    out = LinesOrJson(flags.format)
    with open_project(invocation) as project:
        if invocation.dry:
            target = find_dead(project, flags.session_id)
            session = None if target is None else target.session
            if target is not None and target.is_open:
                _tell(out, "Would be closed without running anything", target.incomplete or (target.session,))
                return out.end(0, session=target.session.session_id, would_close=True)
        else:
            closed = close_dead(project, flags.session_id)
            session = None if closed is None else closed.session
            if closed is not None and not closed.was_complete:
                for back in closed.recovered:
                    out.line(safe_text(describe_recovered(back)))
                _tell(out, "Closed without running anything", (closed.session, *closed.others))
                for held in closed.held:
                    out.line(safe_text(f"It still holds {describe_held(held)}"))
                if closed.holds_elsewhere:
                    out.line(
                        "It still holds phases of another table: `inv recover` with the settings of that table releases them."
                    )
                return out.end(
                    max((back.code for back in closed.recovered), default=0), session=closed.session.session_id, closed=True
                )
        if session is None:
            out.line(f"Nothing to close in {to_shown_path(project.folder.folder)}: no session is incomplete.")
            return out.end(int(flags.fail_if_nothing), session=None, closed=False)
        out.line(f"Session {session.session_id} is {session.current_status.value} already.")
    return out.end(0, session=session.session_id, closed=False)


def _tell(out: LinesOrJson, what: str, sessions: Sequence[Session]) -> None:
    for one in sessions:
        out.line(f"{what}: {_describe(one)}")


def _describe(session: Session) -> str:
    of = f" of {session.batch_size}" if session.batch_size else ""
    return (
        f"session {session.session_id}, {session.total_processed}{of} processed, {session.total_success} succeeded, "
        f"{session.total_failed} failed."
    )
