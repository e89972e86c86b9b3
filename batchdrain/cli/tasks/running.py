"""The tasks that look at sessions that run, and ask something of them, from another shell or another host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchdrain.cli.tasks.command import command

if TYPE_CHECKING:
    from batchdrain.cli.invocation import Invocation


@command
def status(invocation: Invocation, **given: Any) -> None:
    """Show the running sessions of your table, on any host."""
    from batchdrain.cli.commands.status import show_status

    show_status(invocation, format_name=given["format"], watch=given["watch"])


@command
def stop(invocation: Invocation, **given: Any) -> int:
    """End a running session, on any host: after its running phases, or at once with --now."""
    from batchdrain.cli.commands.ask import ask_session
    from batchdrain.model.asked import Ask

    ask = Ask.STOP_NOW if given["now"] else Ask.STOP
    return ask_session(invocation, ask, session_id=given["session_id"], reason=given["reason"], shape=given["format"])


@command
def pause(invocation: Invocation, **given: Any) -> int:
    """Keep a running session from claiming phases, until `inv continue`."""
    from batchdrain.cli.commands.ask import ask_session
    from batchdrain.model.asked import Ask

    return ask_session(invocation, Ask.PAUSE, session_id=given["session_id"], reason=given["reason"], shape=given["format"])


@command
def continue_(invocation: Invocation, **given: Any) -> int:
    """End the pause of a session."""
    from batchdrain.cli.commands.ask import ask_session
    from batchdrain.model.asked import Ask

    return ask_session(
        invocation, Ask.CONTINUE, session_id=given["session_id"], reason=given["reason"], shape=given["format"]
    )
