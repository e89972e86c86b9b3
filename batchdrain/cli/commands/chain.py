"""Queued phases, alone or before the failed ones. Each part is a session of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.cli.commands.open import opened, screen_for, whole
from batchdrain.cli.commands.report import report
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output, to_error_lines
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.start import begin
from batchdrain.model.errors import BatchDrainError, UsageError
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind, Session

_SIGNALLED = 128


@dataclass(slots=True, kw_only=True)
class _Sum:
    """What the parts of a chain came to, together."""

    processed: int = 0
    succeeded: int = 0
    failed: int = 0

    def add(self, session: Session) -> None:
        self.processed += session.total_processed
        self.succeeded += session.total_success
        self.failed += session.total_failed

    def __str__(self) -> str:
        return f"All parts: {self.processed} processed, {self.succeeded} succeeded, {self.failed} failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _QueuedLimits:
    batch_size: int | None
    max_batches: int | None
    stop_on_first_failure: bool


def queued_of_run(
    invocation: Invocation,
    flags: Mapping[str, object],
    run_id: str | None,
    batch_size: str | None,
    max_batches: str | None,
    *,
    stop_on_first_failure: bool,
) -> int:
    """`inv drain-queued`. Returns the exit code."""
    filters = _required_run(run_id)
    limits = _limits("--batch-size", batch_size, max_batches, stop_on_first_failure=stop_on_first_failure)
    with opened(invocation, flags) as project:
        return _drain(project, _queued(project, filters, limits), _Sum(), dry=invocation.dry, quiet=False)


def chain_run(
    invocation: Invocation,
    flags: Mapping[str, object],
    *,
    run_id: str | None,
    queued_batch_size: str | None,
    max_batches: str | None,
    stop_on_first_failure: bool,
    category: Sequence[str] | None,
    quiet: bool,
) -> int:
    """`inv chain-with-queued`. Returns the worse of both exit codes."""
    filters = _required_run(run_id)
    failed = Filters.of(run_id=run_id, categories=category or ())
    limits = _limits("--queued-batch-size", queued_batch_size, max_batches, stop_on_first_failure=stop_on_first_failure)
    with opened(invocation, flags) as project:
        whole_chain = _Sum()
        code = _in_turn(
            [
                lambda: _drain(project, _queued(project, filters, limits), whole_chain, dry=invocation.dry, quiet=quiet),
                lambda: _drain(project, _failed(project, failed), whole_chain, dry=invocation.dry, quiet=quiet),
            ]
        )
    return _summed(code, whole_chain, dry=invocation.dry)


def chain_all(
    invocation: Invocation,
    flags: Mapping[str, object],
    *,
    queued_batch_size: str | None,
    max_batches: str | None,
    stop_on_first_failure: bool,
    exclude_run: Sequence[str] | None,
    category: Sequence[str] | None,
    quiet: bool,
) -> int:
    """`inv drain-all`. Returns the worst of all exit codes."""
    failed = Filters.of(exclude_runs=exclude_run or (), categories=category or ())
    limits = _limits("--queued-batch-size", queued_batch_size, max_batches, stop_on_first_failure=stop_on_first_failure)
    with opened(invocation, flags) as project:
        runs = [
            row.run_id
            for row in project.store.read_run_counts()
            if row.queued and row.run_id and not Filters.of(exclude_runs=exclude_run or ()).skips_run(row.run_id)
        ]

        whole_chain = _Sum()

        def queued(run_id: str) -> Callable[[], int]:
            request = _queued(project, Filters.of(run_id=run_id), limits)
            return lambda: _drain(project, request, whole_chain, dry=invocation.dry, quiet=quiet)

        def rest() -> int:
            return _drain(project, _failed(project, failed), whole_chain, dry=invocation.dry, quiet=quiet)

        code = _in_turn([*map(queued, runs), rest])
    return _summed(code, whole_chain, dry=invocation.dry)


def _summed(code: int, whole_chain: _Sum, *, dry: bool) -> int:
    """Say what all parts came to. Returns `code`."""
    if not dry:
        Output().line(str(whole_chain))
    return code


def _in_turn(parts: Sequence[Callable[[], int]]) -> int:
    """One after the other; a signal ends the chain. An error of one part is told, and does not keep the next from its
    work; one that comes a second time would come for every part, and ends the chain."""
    worst, told = 0, set[str]()
    for part in parts:
        try:
            code = part()
        except BatchDrainError as error:
            if str(error) in told:
                break
            told.add(str(error))
            Output(sys.stderr).line(to_error_lines(error))
            code = error.exit_code
        worst = max(worst, code)
        if code > _SIGNALLED:
            return code
    return worst


def _drain(project: Project, request: DrainRequest, whole_chain: _Sum, *, dry: bool, quiet: bool) -> int:
    if dry:
        return show_plan(project, request, "text")
    outcome = begin(project, request, screen_for(quiet=quiet, shape="text"))
    if outcome.session is not None:
        whole_chain.add(outcome.session)
    return report(project, request, outcome, "text")


def _queued(project: Project, filters: Filters, limits: _QueuedLimits) -> DrainRequest:
    size = limits.batch_size or project.settings.batch_size
    return DrainRequest(
        kind=Kind.QUEUED,
        filters=filters,
        settings=project.settings.model_copy(update={"batch_size": size, "policy": ["run-order"]}),
        max_batches=limits.max_batches,
        stop_on_first_failure=limits.stop_on_first_failure,
    )


def _failed(project: Project, filters: Filters) -> DrainRequest:
    return DrainRequest(kind=Kind.FAILED, filters=filters, settings=project.settings)


def _required_run(run_id: str | None) -> Filters:
    if run_id is None:
        raise UsageError("--run-id: is required", remedy="name the run; `inv list-run-counts` lists them")
    return Filters.of(run_id=run_id)


def _limits(size_flag: str, batch_size: str | None, max_batches: str | None, *, stop_on_first_failure: bool) -> _QueuedLimits:
    return _QueuedLimits(
        batch_size=whole(size_flag, batch_size),
        max_batches=whole("--max-batches", max_batches),
        stop_on_first_failure=stop_on_first_failure,
    )
