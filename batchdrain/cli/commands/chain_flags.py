"""The flags of drain-queued, chain-with-queued and drain-all: which queued phases are drained, and what after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from batchdrain.cli.commands.open import open_project, settings_of
from batchdrain.cli.invocation import Invocation
from batchdrain.config.load import Override
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.model.errors import UsageError
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import settle_run
from batchdrain.sessions.session import Kind

_QUEUED_BATCH_SIZE: Final = "--queued-batch-size"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFlags:
    """The flags of the tasks that drain queued phases. `settings`: the flags that set a setting."""

    settings: Sequence[Override]
    max_batches: int | None
    stop_on_first_failure: bool
    run_id: str | None = None
    exclude_run: Sequence[str] = ()
    category: Sequence[str] = ()
    quiet: bool = False
    fail_if_nothing: bool = False
    format: str = "text"

    def require_run(self) -> None:
        """Raises UsageError if no run is named."""
        if self.run_id is None:
            raise UsageError("--run-id: is required", remedy="name the run; `inv list-run-counts` lists them")


@contextmanager
def open_chain(invocation: Invocation, flags: ChainFlags) -> Iterator[tuple[Project, Mapping[Kind, DrainRequest]]]:
    """The project, closed at the end, and how its queued and its failed phases are to be drained. Raises ConfigError,
    UsageError and DatabaseUnavailable."""
    filters = Filters.of(run_id=flags.run_id, exclude_runs=flags.exclude_run, categories=flags.category)
    of_queued = [one for one in flags.settings if one.flag == _QUEUED_BATCH_SIZE]
    of_all = [one for one in flags.settings if one.flag != _QUEUED_BATCH_SIZE]
    batch_size = settings_of(invocation, [*of_all, *of_queued]).batch_size
    policy = ["run-order"] if flags.run_id is not None else ["most-queued", "run-order"]
    with open_project(invocation, of_all) as project:
        filters = settle_run(project.store, filters)
        queued = project.settings.model_copy(update={"batch_size": batch_size, "policy": policy})
        given = frozenset(one.flag for one in flags.settings)
        requests = {
            Kind.QUEUED: DrainRequest(kind=Kind.QUEUED, filters=filters, settings=queued, max_batches=flags.max_batches,
                                      stop_on_first_failure=flags.stop_on_first_failure, flags=given),
            Kind.FAILED: DrainRequest(kind=Kind.FAILED, filters=filters, settings=project.settings,
                                      stop_on_first_failure=flags.stop_on_first_failure, flags=given),
        }  # fmt: skip
        yield project, requests
