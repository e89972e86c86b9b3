"""The common part of chain-with-queued and drain-all: one chain is drained and reported as a whole."""

from __future__ import annotations

import sys

from batchdrain.cli.commands.chain_flags import ChainFlags, open_chain
from batchdrain.cli.commands.chain_plan import show_chain_plan
from batchdrain.cli.commands.go_through import Told, go_through
from batchdrain.cli.commands.plan_format import require_plan_format
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.idle_options import find_idle_in_chain
from batchdrain.runtime.text import safe_text


def drain_chain(invocation: Invocation, flags: ChainFlags, task: str) -> int:
    """Drain the requested queued phases, then the failed ones. Returns the exit code."""
    with open_chain(invocation, flags) as (project, requests):
        chain = Chain.of(task, requests)
        chain.idle = find_idle_in_chain(project, requests)
        for line in chain.idle:
            Output(sys.stderr if flags.format != "text" else None).line(f"  ! {safe_text(line)}")
        if invocation.dry:
            shape = require_plan_format(flags.format)
            return show_chain_plan(project, chain, fail_if_nothing=flags.fail_if_nothing, shape=shape)
        how = Told(quiet=flags.quiet, fail_if_nothing=flags.fail_if_nothing, shape=flags.format)
        return go_through(invocation, project, chain, how)
