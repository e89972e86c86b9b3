"""inv drain-all: the queued phases of all runs, then the failed ones."""

from __future__ import annotations

from batchdrain.cli.commands.chain import drain_chain
from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.invocation import Invocation


def drain_all(invocation: Invocation, flags: ChainFlags) -> int:
    """`inv drain-all`: run by run, most queued first, then what failed. Returns the exit code of the whole."""
    return drain_chain(invocation, flags, "drain-all")
