"""inv chain-with-queued: drains the queued phases of a run, then its failed ones."""

from __future__ import annotations

from batchdrain.cli.commands.chain import drain_chain
from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.invocation import Invocation


def chain_with_queued(invocation: Invocation, flags: ChainFlags) -> int:
    """`inv chain-with-queued`. Returns the exit code of the whole chain."""
    flags.require_run()
    return drain_chain(invocation, flags, "chain-with-queued")
