"""The tasks that drain, and the dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchdrain.cli.tasks.command import command

if TYPE_CHECKING:
    from batchdrain.cli.invocation import Invocation


@command
def drain(invocation: Invocation, **given: Any) -> int:
    """Drain failed phases, the one most worth trying first."""
    from batchdrain.cli.commands.drain import drain_failed
    from batchdrain.cli.commands.drain_flags import DrainFlags

    return drain_failed(invocation, DrainFlags(**given))


@command
def resume(invocation: Invocation, **given: Any) -> int:
    """Continue the newest incomplete session, or the named one, with its own filters and limits."""
    from batchdrain.cli.commands.resume_flags import ResumeFlags

    if given.pop("close"):
        from batchdrain.cli.commands.close_session import close_session

        return close_session(invocation, ResumeFlags(**given))
    from batchdrain.cli.commands.resume import resume_session

    return resume_session(invocation, ResumeFlags(**given))


@command
def dry_run(invocation: Invocation, **given: Any) -> int:
    """Show the phases that drain would take, in order, each with its reason. Writes nothing."""
    from batchdrain.cli.commands.drain import drain_failed
    from batchdrain.cli.commands.drain_flags import DrainFlags

    return drain_failed(invocation, DrainFlags(**given, dry_run=True))


@command
def drain_queued(invocation: Invocation, **given: Any) -> int:
    """Drain the queued phases of a run in phase order, batch after batch, until none is left."""
    from batchdrain.cli.commands import drain_queued
    from batchdrain.cli.commands.chain_flags import ChainFlags

    return drain_queued.drain_queued(invocation, ChainFlags(**given))


@command
def chain_with_queued(invocation: Invocation, **given: Any) -> int:
    """Drain all phases of one run: the queued ones first, then the failed ones."""
    from batchdrain.cli.commands import chain_with_queued
    from batchdrain.cli.commands.chain_flags import ChainFlags

    return chain_with_queued.chain_with_queued(invocation, ChainFlags(**given))


@command
def drain_all(invocation: Invocation, **given: Any) -> int:
    """Drain all runs: queued phases run by run, most queued first, then the failed ones."""
    from batchdrain.cli.commands import drain_all
    from batchdrain.cli.commands.chain_flags import ChainFlags

    return drain_all.drain_all(invocation, ChainFlags(**given))
