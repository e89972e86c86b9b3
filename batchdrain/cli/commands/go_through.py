"""Drains one chain, and reports it as a whole."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import NamedTuple

from batchdrain.cli.commands.open import screen_for
from batchdrain.cli.commands.report import summarise, why_nothing
from batchdrain.cli.commands.show_report import show
from batchdrain.cli.commands.tell_others import early_ends_told, tell_others
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output, to_error_lines
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.outcome import ChainOutcome
from batchdrain.drain.chain.run import run_chain
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.project import Project
from batchdrain.model.errors import BatchDrainError
from batchdrain.reports import formats
from batchdrain.reports.exit_words import explain_exit


class Told(NamedTuple):
    """How a chain's results are told."""

    quiet: bool
    fail_if_nothing: bool
    shape: str = "text"


def go_through(invocation: Invocation, project: Project, chain: Chain, how: Told, *, less: Narrowing = AS_ASKED) -> int:
    """Drain what is left of a chain, and report it as a whole. Returns the exit code."""
    shape, less = how.shape, replace(less, fail_if_nothing=how.fail_if_nothing)
    with early_ends_told(invocation, project):
        outcome = run_chain(project, chain, lambda: screen_for(quiet=how.quiet, shape=shape), _tell, less)
    session = outcome.whole
    if not outcome.failures and (session is None or not outcome.took):
        _tell_nothing(project, outcome, shape)
    elif session is None and shape != "text":
        show(Output(), formats.render_nothing("Nothing was drained.", shape), shape)
    code = outcome.exit_code or int(how.fail_if_nothing and not outcome.took)
    if session is not None:
        if outcome.stopped is not None:
            Output(sys.stderr if shape != "text" else None).line(f"  ! Nothing more is started: {outcome.stopped}")
        ended = explain_exit(session, code, orphaned=outcome.is_orphaned)
        summarise(invocation, project, session, shape, ended)
        tell_others(invocation, project, session, ended, outcome.gone_by)
    return code


def _tell_nothing(project: Project, outcome: ChainOutcome, shape: str) -> None:
    why = [why_nothing(project, request, part) for request, part in outcome.empty]
    if shape == "text":
        for lines in why:
            Output().line(lines)
    elif outcome.whole is None:
        show(Output(), formats.render_nothing("\n".join(why), shape), shape)


def _tell(error: BatchDrainError) -> None:
    Output(sys.stderr).line(to_error_lines(error))
