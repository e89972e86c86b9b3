"""inv drain-queued: drains the queued phases of a run."""

from __future__ import annotations

from dataclasses import replace

from batchdrain.cli.commands.chain_flags import ChainFlags, open_chain
from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.cli.commands.open import screen_for
from batchdrain.cli.commands.plan_format import require_plan_format
from batchdrain.cli.commands.report import report
from batchdrain.cli.commands.tell_others import early_ends_told
from batchdrain.cli.invocation import Invocation
from batchdrain.drain.start import begin
from batchdrain.sessions.session import Kind


def drain_queued(invocation: Invocation, flags: ChainFlags) -> int:
    """`inv drain-queued`. Returns the exit code."""
    flags.require_run()
    with open_chain(invocation, flags) as (project, requests):
        request = replace(requests[Kind.QUEUED], fail_if_nothing=flags.fail_if_nothing)
        if invocation.dry:
            return show_plan(project, request, require_plan_format(flags.format))
        with early_ends_told(invocation, project):
            outcome = begin(project, request, screen_for(quiet=flags.quiet, shape=flags.format))
        return report(invocation, project, request, outcome, flags.format)
