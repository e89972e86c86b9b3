"""What drain-queued, chain-with-queued and drain-all share: sessions of one project, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.cli.commands.open import open_project, screen_for, settings_of
from batchdrain.cli.commands.report import report
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output, to_error_lines
from batchdrain.config.load import Override
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.start import begin
from batchdrain.model.errors import BatchDrainError, UsageError
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind, Session

_QUEUED_BATCH_SIZE = "--queued-batch-size"
_SIGNALLED = 128


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

    @property
    def required_run(self) -> str:
        """Raises UsageError."""
        if self.run_id is None:
            raise UsageError("--run-id: is required", remedy="name the run; `inv list-run-counts` lists them")
        return self.run_id


@dataclass(slots=True, kw_only=True)
class _Sum:
    """What the parts of a chain came to, together."""

    processed: int = 0
    succeeded: int = 0
    failed: int = 0
    has_selected: bool = False  #: some phase, in some part

    def add(self, session: Session) -> None:
        self.processed += session.total_processed
        self.succeeded += session.total_success
        self.failed += session.total_failed

    def __str__(self) -> str:
        return f"All parts: {self.processed} processed, {self.succeeded} succeeded, {self.failed} failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A project whose phases are drained part by part. Each part is a session of its own."""

    project: Project
    flags: ChainFlags
    queued_batch_size: int
    dry: bool
    _sum: _Sum = field(default_factory=_Sum, init=False)

    def drain_queued(self, run_id: str) -> int:
        """The queued phases of a run, batch after batch. Returns the exit code."""
        settings = self.project.settings.model_copy(update={"batch_size": self.queued_batch_size, "policy": ["run-order"]})
        request = DrainRequest(
            kind=Kind.QUEUED,
            filters=Filters.of(run_id=run_id),
            settings=settings,
            max_batches=self.flags.max_batches,
            stop_on_first_failure=self.flags.stop_on_first_failure,
        )
        return self._drain(request)

    def drain_failed(self) -> int:
        """The failed phases that the flags are about. Returns the exit code."""
        flags = self.flags
        filters = Filters.of(run_id=flags.run_id, exclude_runs=flags.exclude_run, categories=flags.category)
        return self._drain(DrainRequest(kind=Kind.FAILED, filters=filters, settings=self.project.settings))

    def in_turn(self, parts: Sequence[Callable[[], int]]) -> int:
        """One after the other; returns the worst exit code. A signal ends the chain. An error of one part is told, and
        does not keep the next from its work; one that comes a second time would come for every part, and ends the chain."""
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
                worst = code
                break
        if not self.dry:
            Output().line(str(self._sum))
        return self.code_of(worst)

    def code_of(self, code: int) -> int:
        """The exit code of the whole chain, whose worst part ended with `code`."""
        return code or int(self.flags.fail_if_nothing and not self._sum.has_selected)

    def _drain(self, request: DrainRequest) -> int:
        if self.dry:
            found = show_plan(self.project, replace(request, fail_if_nothing=True), "text") == 0
            self._sum.has_selected = self._sum.has_selected or found
            return 0
        outcome = begin(self.project, request, screen_for(quiet=self.flags.quiet, shape="text"))
        if outcome.session is not None:
            self._sum.add(outcome.session)
            self._sum.has_selected = self._sum.has_selected or outcome.took
        return report(self.project, request, outcome, "text")


@contextmanager
def open_chain(invocation: Invocation, flags: ChainFlags) -> Iterator[Chain]:
    """The project, closed at the end. Raises ConfigError, UsageError, DatabaseUnavailable."""
    of_queued = [one for one in flags.settings if one.flag == _QUEUED_BATCH_SIZE]
    of_all = [one for one in flags.settings if one.flag != _QUEUED_BATCH_SIZE]
    queued_batch_size = settings_of(invocation, [*of_all, *of_queued]).batch_size
    with open_project(invocation, of_all) as project:
        yield Chain(project=project, flags=flags, queued_batch_size=queued_batch_size, dry=invocation.dry)
