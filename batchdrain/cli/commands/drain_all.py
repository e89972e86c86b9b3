"""inv drain-all: drains the queued phases of all runs, then the failed ones."""

from __future__ import annotations

from batchdrain.cli.commands.chain import drain_chain
from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.invocation import Invocation


def drain_all(invocation: Invocation, flags: ChainFlags) -> int:
    """`inv drain-all`. The runs with most queued phases go first, then the failed phases.
    Returns the exit code of the whole chain."""
    return drain_chain(invocation, flags, "drain-all")
