"""inv chain-with-queued: the queued phases of a run, then its failed ones."""

from __future__ import annotations

from batchdrain.cli.commands.chain import ChainFlags, open_chain
from batchdrain.cli.invocation import Invocation


def chain_with_queued(invocation: Invocation, flags: ChainFlags) -> int:
    """`inv chain-with-queued`. Returns the worse of both exit codes."""
    run_id = flags.required_run
    with open_chain(invocation, flags) as chain:
        return chain.in_turn([lambda: chain.drain_queued(run_id), chain.drain_failed])
