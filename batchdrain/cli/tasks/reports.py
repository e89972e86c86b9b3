"""The tasks that only look."""

from __future__ import annotations

from invoke.context import Context

from batchdrain.cli.tasks.invoke_edge import command, invocation_of


@command()
def summary(
    c: Context,
    session_id: str | None = None,
    format: str | None = None,  # noqa: A002 - the flag's name
    output: str | None = None,
) -> None:
    """Report a session: the newest, or the one named."""
    from batchdrain.cli.commands.summary import show_summary

    show_summary(invocation_of(c), session_id, format, output)


@command(help={"format": "text or json"})
def sessions(c: Context, format: str | None = None) -> None:  # noqa: A002 - the flag's name
    """List every session: id, state, counts, success rate."""
    from batchdrain.cli.commands.sessions import list_sessions

    list_sessions(invocation_of(c), format)


@command(help={"state": "queued, failed or any", "format": "tsv or json"})
def pick_next_run(c: Context, state: str = "any", format: str | None = None) -> None:  # noqa: A002
    """Print the run to drain next as run_id<TAB>run_type, or nothing."""
    from batchdrain.cli.commands.pick_next_run import show_next_run

    show_next_run(invocation_of(c), state, format)


@command(help={"format": "tsv, json or text"})
def list_run_counts(c: Context, format: str | None = None) -> None:  # noqa: A002 - the flag's name
    """Print each run's queued, failed, complete and other phases."""
    from batchdrain.cli.commands.list_run_counts import show_run_counts

    show_run_counts(invocation_of(c), format)


@command(help={"run_id": "only clusters of this run", "top": "so many, most frequent first", "format": "text or json"})
def clusters(
    c: Context,
    run_id: str | None = None,
    top: str | None = None,
    format: str | None = None,  # noqa: A002 - the flag's name
) -> None:
    """Group the failed phases by what they failed with, and say what retries did about it."""
    from batchdrain.cli.commands.clusters import show_clusters

    show_clusters(invocation_of(c), run_id, top, format)
