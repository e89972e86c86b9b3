"""What drain-queued, chain-with-queued and drain-all share: queued phases, and what is drained behind them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from batchdrain.cli.commands.chain_plan import show_chain_plan
from batchdrain.cli.commands.open import open_project, screen_for, settings_of
from batchdrain.cli.commands.report import summarise, tell_code, why_nothing
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
from batchdrain.planning.planner import settle_run
from batchdrain.planning.without_effect import find_idle_runs
from batchdrain.runtime.text import safe_text
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
    fail_if_nothing: bool = False

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
        filters = settle_run(project.store, filters)
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
            return show_chain_plan(project, chain, fail_if_nothing=flags.fail_if_nothing)
        for line in _find_idle(project, requests):
            Output().line(f"  ! {safe_text(line)}")
        outcome = go_through(invocation, project, chain, quiet=flags.quiet)
        return code_of(outcome, fail_if_nothing=flags.fail_if_nothing)


def _find_idle(project: Project, requests: Mapping[Kind, DrainRequest]) -> list[str]:
    """The filters of runs that change nothing in either part, a line each."""
    runs = project.store.read_run_counts()
    parts = [list(find_idle_runs(request.filters, runs, request.state.value)) for request in requests.values()]
    return [line for line in parts[0] if all(line in others for others in parts)]


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
