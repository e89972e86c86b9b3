"""What chain-with-queued, drain-all and the resume of a chain share: one chain, drained and reported as a whole."""

from __future__ import annotations

import sys

from batchdrain.cli.commands.chain_flags import ChainFlags, find_idle, open_chain
from batchdrain.cli.commands.chain_plan import show_chain_plan
from batchdrain.cli.commands.open import screen_for
from batchdrain.cli.commands.report import summarise, tell_code, why_nothing
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output, to_error_lines
from batchdrain.drain.chain import Chain
from batchdrain.drain.chain_run import ChainOutcome, run_chain
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.project import Project
from batchdrain.model.errors import BatchDrainError
from batchdrain.runtime.text import safe_text


def drain_chain(invocation: Invocation, flags: ChainFlags, task: str) -> int:
    """The queued phases that the flags are about, then the failed ones. Returns the exit code."""
    with open_chain(invocation, flags) as (project, requests):
        chain = Chain.of(task, requests)
        for line in find_idle(project, requests):
            Output().line(f"  ! {safe_text(line)}")
        if invocation.dry:
            return show_chain_plan(project, chain, fail_if_nothing=flags.fail_if_nothing)
        outcome = go_through(invocation, project, chain, quiet=flags.quiet)
        return code_of(outcome, fail_if_nothing=flags.fail_if_nothing)


def go_through(
    invocation: Invocation, project: Project, chain: Chain, *, quiet: bool, shape: str = "text", less: Narrowing = AS_ASKED
) -> ChainOutcome:
    """Drain what is left of a chain, and report it as a whole."""
    outcome = run_chain(project, chain, lambda: screen_for(quiet=quiet, shape=shape), _tell, less)
    session = outcome.whole
    if not outcome.failures and (session is None or not outcome.took):
        _tell_nothing(project, outcome, shape)
    if session is not None:
        if outcome.stopped is not None:
            Output(sys.stderr if shape != "text" else None).line(f"  ! Nothing more is begun: {outcome.stopped}")
        summarise(invocation, project, session, shape)
    return outcome


def code_of(outcome: ChainOutcome, *, fail_if_nothing: bool, shape: str = "text") -> int:
    """The exit code of the whole; why it is what it is, is told where a rate was wanted."""
    code, session = outcome.exit_code or int(fail_if_nothing and not outcome.took), outcome.whole
    return code if session is None else tell_code(session, code, shape)


def _tell_nothing(project: Project, outcome: ChainOutcome, shape: str) -> None:
    for request, part in outcome.empty if shape == "text" else ():
        Output().line(why_nothing(project, request, part))


def _tell(error: BatchDrainError) -> None:
    Output(sys.stderr).line(to_error_lines(error))
