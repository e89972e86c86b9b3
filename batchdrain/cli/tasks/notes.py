"""The tasks by which people say what they know of runs, phases and clusters."""

from __future__ import annotations

from invoke.context import Context

from batchdrain.cli.tasks.invoke_edge import command, invocation_of


@command(
    help={
        "run_id": "the run, or a glob such as 'build-*'",
        "priority": "a whole number, higher is sooner; write --priority=-5 for a negative one",
        "reason": "why, for whoever reads the list",
        "clear": "take the hint of this run or glob back",
    }
)
def hint(
    c: Context,
    run_id: str | None = None,
    priority: str | None = None,
    reason: str | None = None,
    clear: bool = False,
) -> None:
    """Give runs a manual priority, kept in the ledger; without flags list the hints."""
    from batchdrain.cli.commands.hint import hint as said

    said(invocation_of(c), run_id, priority, reason, clear=clear)


@command(
    help={
        "run_id": "the run, or a glob such as 'build-*'; with --phase-id exactly this run",
        "phase_id": "only this phase of the run",
        "cluster": "all failures of this cluster, in every run (its id stands in `inv clusters`; several with commas)",
        "reason": "why it is known (required)",
        "until": "void after this date (2026-03-01), date and time (UTC), or time from now (7d, 12h)",
        "clear": "take it back: the phase, run or cluster may be drained again",
    }
)
def accept(
    c: Context,
    run_id: str | None = None,
    phase_id: str | None = None,
    cluster: str | None = None,
    reason: str | None = None,
    until: str | None = None,
    clear: bool = False,
) -> None:
    """Accept a known failure: it is not drained again. Without flags list what is accepted."""
    from batchdrain.cli.commands.accept import AcceptFlags
    from batchdrain.cli.commands.accept import accept as accepted

    flags = AcceptFlags(run_id=run_id, phase_id=phase_id, cluster=cluster, reason=reason, until=until, clear=clear)
    accepted(invocation_of(c), flags)
