"""The tasks that only look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchdrain.cli.tasks.command import command

if TYPE_CHECKING:
    from batchdrain.cli.invocation import Invocation


@command
def summary(invocation: Invocation, **given: Any) -> None:
    """Report on a session: the newest, or the named one."""
    from batchdrain.cli.commands.summary import show_summary

    show_summary(invocation, session_id=given["session_id"], format_name=given["format"], output=given["output"])


@command
def sessions(invocation: Invocation, **given: Any) -> None:
    """List every session: id, state, counts, success rate."""
    from batchdrain.cli.commands.sessions import list_sessions

    list_sessions(invocation, format_name=given["format"], top=given["top"], every=given["all"])


@command
def events(invocation: Invocation, **given: Any) -> None:
    """Print the events of a session, one line each; with --follow also new ones."""
    from batchdrain.cli.commands.events import show_events

    show_events(invocation, session_id=given["session_id"], format_name=given["format"], follow=given["follow"])


@command
def pick_next_run(invocation: Invocation, **given: Any) -> None:
    """Print the run to drain next as run_id<TAB>run_type, or nothing."""
    from batchdrain.cli.commands.pick_next_run import show_next_run

    show_next_run(invocation, state=given["state"], format_name=given["format"])


@command
def list_run_counts(invocation: Invocation, **given: Any) -> None:
    """Print each run's queued, failed, complete and other phases."""
    from batchdrain.cli.commands.list_run_counts import show_run_counts

    show_run_counts(invocation, format_name=given["format"])


@command
def clusters(invocation: Invocation, **given: Any) -> None:
    """Group the failed phases by their failure, and show how many retries succeeded."""
    from batchdrain.cli.commands.clusters import show_clusters

    show_clusters(invocation, run_id=given["run_id"], top=given["top"], format_name=given["format"])


@command
def explain(invocation: Invocation, **given: Any) -> None:
    """Show the history of one phase, and what the next drain does with it; without flags count the failed phases by what became of them."""
    from batchdrain.cli.commands import explain

    explain.explain(invocation, explain.ExplainFlags(**given))
