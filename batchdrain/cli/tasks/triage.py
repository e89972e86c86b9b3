"""The task that diagnoses without draining."""

from __future__ import annotations

from invoke.context import Context

from batchdrain.cli.tasks.invoke_edge import command, invocation_of


@command(
    help={
        "limit": "how many phases to diagnose at most, those first that a drain would take first",
        "workers": "how many diagnoses to run side by side",
        "anew": "also phases whose verdict still holds",
        "format": "text or json",
    },
    iterable=("exclude_run", "category"),
)
def triage(
    c: Context,
    limit: str | None = None,
    workers: str | None = None,
    run_id: str | None = None,
    exclude_run: list[str] | None = None,
    category: list[str] | None = None,
    anew: bool = False,
    format: str | None = None,  # noqa: A002 - the flag's name
) -> int:
    """Run the diagnosis command (triage.argv) over the phases that a drain comes to next, and keep its verdicts."""
    from batchdrain.cli.commands.triage import TriageFlags
    from batchdrain.cli.commands.triage import triage as diagnose

    runs, kinds = exclude_run or (), category or ()
    given = TriageFlags(run_id=run_id, exclude_runs=runs, categories=kinds, limit=limit, workers=workers, anew=anew)
    return diagnose(invocation_of(c), given, format)
