"""inv drain-all: the queued phases of all runs, then the failed ones."""

from __future__ import annotations

from functools import partial

from batchdrain.cli.commands.chain import ChainFlags, open_chain
from batchdrain.cli.invocation import Invocation
from batchdrain.planning.filters import Filters
from batchdrain.runtime.text import is_nameable


def drain_all(invocation: Invocation, flags: ChainFlags) -> int:
    """`inv drain-all`: run by run, most queued first. Returns the worst of all exit codes."""
    wanted = Filters.of(exclude_runs=flags.exclude_run)
    with open_chain(invocation, flags) as chain:
        counts = chain.project.store.read_run_counts()
        named = [row.run_id for row in counts if row.queued and is_nameable(row.run_id)]
        runs = [run_id for run_id in named if not wanted.skips_run(run_id)]
        return chain.in_turn([*(partial(chain.drain_queued, run_id) for run_id in runs), chain.drain_failed])
