"""What drain-queued, chain-with-queued and drain-all share: queued phases, and what is drained behind them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from batchdrain.cli.commands.chain_plan import show_chain_plan
from batchdrain.cli.commands.open import open_project, screen_for, settings_of
from batchdrain.cli.commands.report import summarise, why_nothing
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output, to_error_lines
from batchdrain.config.load import Override
from batchdrain.drain.chain import Chain
from batchdrain.drain.chain_run import ChainOutcome, run_chain
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.model.errors import BatchDrainError, UsageError
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind

_QUEUED_BATCH_SIZE = "--queued-batch-size"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFlags:
    """The flags of the tasks that drain queued phases; `settings` are those that set a setting."""

    settings: Sequence[Override]
    max_batches: int | None
    stop_on_first_failure: bool
    run_id: str | None = None
    exclude_run: Sequence[str] = ()
    category: Sequence[str] = ()
    quiet: bool = False

    def require_run(self) -> None:
        """Raises UsageError."""
        if self.run_id is None:
            raise UsageError("--run-id: is required", remedy="name the run; `inv list-run-counts` lists them")


@contextmanager
def open_chain(invocation: Invocation, flags: ChainFlags) -> Iterator[tuple[Project, Mapping[Kind, DrainRequest]]]:
    """The project, closed at the end, and what its queued and its failed phases are to be drained by. Raises ConfigError,
    UsageError, DatabaseUnavailable."""
    filters = Filters.of(run_id=flags.run_id, exclude_runs=flags.exclude_run, categories=flags.category)
    of_queued = [one for one in flags.settings if one.flag == _QUEUED_BATCH_SIZE]
    of_all = [one for one in flags.settings if one.flag != _QUEUED_BATCH_SIZE]
    batch_size = settings_of(invocation, [*of_all, *of_queued]).batch_size
    policy = ["run-order"] if flags.run_id is not None else ["most-queued", "run-order"]
    with open_project(invocation, of_all) as project:
        queued = project.settings.model_copy(update={"batch_size": batch_size, "policy": policy})
        requests = {
            Kind.QUEUED: DrainRequest(kind=Kind.QUEUED, filters=filters, settings=queued, max_batches=flags.max_batches,
                                      stop_on_first_failure=flags.stop_on_first_failure),
            Kind.FAILED: DrainRequest(kind=Kind.FAILED, filters=filters, settings=project.settings,
                                      stop_on_first_failure=flags.stop_on_first_failure),
        }  # fmt: skip
        yield project, requests


def drain_chain(invocation: Invocation, flags: ChainFlags, task: str) -> int:
    """The queued phases that the flags are about, then the failed ones. Returns the exit code."""
    with open_chain(invocation, flags) as (project, requests):
        chain = Chain.of(task, requests)
        if invocation.dry:
            return show_chain_plan(project, chain)
        return go_through(invocation, project, chain, quiet=flags.quiet)


def go_through(
    invocation: Invocation, project: Project, chain: Chain, *, quiet: bool, shape: str = "text", less: Narrowing = AS_ASKED
) -> int:
    """Drain what is left of a chain, and report it as a whole. Returns the exit code."""
    outcome = run_chain(project, chain, lambda: screen_for(quiet=quiet, shape=shape), _tell, less)
    session = outcome.whole
    if not outcome.failures and (session is None or not outcome.took):
        _tell_nothing(project, outcome, shape)
    if session is not None:
        if outcome.stopped is not None:
            Output(sys.stderr if shape != "text" else None).line(f"  ! Nothing more is begun: {outcome.stopped}")
        summarise(invocation, project, session, shape)
    return outcome.exit_code


def _tell_nothing(project: Project, outcome: ChainOutcome, shape: str) -> None:
    for request, part in outcome.empty if shape == "text" else ():
        Output().line(why_nothing(project, request, part))


def _tell(error: BatchDrainError) -> None:
    Output(sys.stderr).line(to_error_lines(error))
