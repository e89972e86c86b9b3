"""inv drain-queued: the queued phases of a run."""

from __future__ import annotations

from batchdrain.cli.commands.chain import ChainFlags, open_chain
from batchdrain.cli.invocation import Invocation


def drain_queued(invocation: Invocation, flags: ChainFlags) -> int:
    """`inv drain-queued`. Returns the exit code."""
    run_id = flags.required_run
    with open_chain(invocation, flags) as chain:
        return chain.code_of(chain.drain_queued(run_id))
