"""The session's JSON: all that was asked of it and every result, for people and for `resume`.

The ledger is the authority; this is a projection of it. Unknown fields survive a rewrite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from batchdrain.failures.kept_fingerprint import FIRST
from batchdrain.model.asked import Asked
from batchdrain.model.phase import Skip
from batchdrain.runtime import clock
from batchdrain.sessions.balance import Balance
from batchdrain.sessions.kept_forecast import KeptForecast
from batchdrain.sessions.result import Count, Finite, Moment, Record, Result

SCHEMA_VERSION: Final = 1
BY_ORPHANS: Final = "orphaned"
BY_NOTHING: Final = "nothing selected"
"""What makes the exit code 1 though the results do not: `drain_exit_by`."""
CLOSED: Final = "closed by `inv resume --close`"
"""Why a session is complete whose rest nobody wants any more: `stopped_because`."""
NOTED: Final = 50
"""At most this many skips (rules with their values) are kept."""


class Status(StrEnum):
    """The status of a session. If its process was killed, the file says RUNNING until the next command."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    COMPLETE = "complete"


class Kind(StrEnum):
    """The state of the phases that a session drains."""

    FAILED = "failed"
    QUEUED = "queued"


class Skipped(Record):
    """How many phases a rule left out of a session."""

    rule: str
    value: str = ""
    count: int | None = None  #: how many phases; None if they were not counted


class AskedOf(Record):
    """A request to a session from another shell or host."""

    ask: str
    by: str = ""
    reason: str = ""
    at: Moment | None = None

    @classmethod
    def of(cls, asked: Asked) -> AskedOf:
        """Convert the ledger's form of a request."""
        return cls(ask=asked.ask.value, by=asked.by, reason=asked.reason, at=clock.from_ms(asked.at_ms))

    def __str__(self) -> str:
        return f"{self.ask} by {self.by}" + (f": {self.reason}" if self.reason else "")


class Session(Record):
    """One drain. The defaults are those for a file that the earlier program wrote."""

    schema_version: int = SCHEMA_VERSION
    session_id: str
    session_uid: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,32}$")] | None = None
    chain_uid: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,32}$")] | None = None
    kind: Kind = Kind.FAILED
    database: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    balance: Balance | None = None
    forecast: KeptForecast | None = None
    status: Status | None = None
    started_at: Moment
    completed_at: Moment | None = None
    active_s: Finite = 0.0
    batch_size: Count | None = None
    filters: dict[str, Any] = Field(default_factory=dict)
    policy: list[Any] = Field(default_factory=list)
    total_processed: Count = 0
    total_success: Count = 0
    total_failed: Count = 0
    total_timeouts: Count = 0
    stopped_because: str | None = None
    drain_exit_code: Annotated[int, Field(ge=0, le=255)] | None = None
    drain_exit_by: str | None = None
    drain_wanted_rate: Finite | None = None
    skipped: list[Skipped] = Field(default_factory=list)
    asked: list[AskedOf] = Field(default_factory=list)
    without_effect: list[str] = Field(default_factory=list)
    metrics: dict[str, Finite] = Field(default_factory=dict)
    fingerprint_counts: dict[str, Count] = Field(default_factory=dict)
    fingerprint_version: Annotated[int, Field(ge=1)] = FIRST
    results: list[Result] = Field(default_factory=list)

    @property
    def is_incomplete(self) -> bool:
        """Whether it has to be resumed: it was interrupted, or its controller died or is still running."""
        return self.completed_at is None

    @property
    def current_status(self) -> Status:
        """The status. A file of the earlier program has none; then it follows from the other fields."""
        if self.status is not None:
            return self.status
        return Status.INTERRUPTED if self.completed_at is None else Status.COMPLETE

    @property
    def retries_waiting(self) -> int:
        """How many of the failed phases wait to be tried again. Of a complete session none does: nothing resumes it."""
        if self.current_status is Status.COMPLETE:
            return 0
        return sum(1 for result in self.results if not result.success and result.retry_at is not None)

    @property
    def batch_if_done(self) -> int | None:
        """The size of its batch, or of its plan, if each phase of it has its result; None otherwise, or if it has no size."""
        size, plan = self.batch_size if self.kind is Kind.FAILED else None, self.filters.get("plan")
        if size and isinstance(plan, list):
            size = min(size, len(plan))
        return size if size and self.total_processed >= size and not self.retries_waiting else None

    @property
    def success_rate(self) -> float | None:
        """The share of processed phases that succeeded, 0.0-1.0; None if none was processed."""
        return self.total_success / self.total_processed if self.total_processed else None

    @property
    def attempts(self) -> int:
        """How many attempts were made on the processed phases."""
        return sum(1 if result.earlier is None else result.earlier.attempts + 1 for result in self.results)

    @property
    def executed_s(self) -> float:
        """The seconds that all attempts took together: two that ran at the same time for a second took two."""
        return sum(seconds_of(result) for result in self.results)

    @property
    def wanted_rate(self) -> float | None:
        """The least success rate for exit code 0 that the last drain was judged by, 0.0-1.0; None: every phase has to succeed."""
        found = self.drain_wanted_rate
        if found is None:
            found = (self.settings or {}).get("min_success_rate")
        return float(found) if isinstance(found, int | float) else None

    def by_run(self) -> dict[str, tuple[int, int]]:
        """For each run, in the order of its first result: how many phases succeeded, and how many there were."""
        return _count(self.results, lambda result: result.run_id)

    def by_host(self) -> dict[str, tuple[int, int]]:
        """The same for each host of a worker. Phases that were executed on the controller's own host are left out."""
        return _count([result for result in self.results if result.host], lambda result: str(result.host))

    def note(self, skip: Skip, count: int | None) -> None:
        """Note that a rule applied to `count` phases (None: not counted). A later count replaces an earlier one."""
        for one in self.skipped:
            if (one.rule, one.value) == (skip.rule, skip.value):
                one.count = one.count if count is None else count
                return
        if len(self.skipped) < NOTED:
            self.skipped.append(Skipped(rule=skip.rule, value=skip.value, count=count))

    def take_skips(self, skips: Mapping[Skip, int]) -> None:
        """Replace the skips by those of the latest reading. The skips of a rule that do not fit are counted together."""
        told = sorted(skips.items(), key=lambda item: (-item[1], item[0]))
        self.skipped = [Skipped(rule=skip.rule, value=skip.value, count=count) for skip, count in told[:NOTED]]
        rest: dict[str, int] = {}
        for skip, count in told[NOTED:]:
            rest[skip.rule] = rest.get(skip.rule, 0) + count
        self.skipped += [Skipped(rule=rule, count=count) for rule, count in rest.items()]

    def recount(self) -> None:
        """Compute every total from the results. Failures that are no longer among them stay counted by their fingerprint."""
        known = self.fingerprint_counts
        self.total_processed = self.total_success = self.total_failed = self.total_timeouts = 0
        self.metrics, self.fingerprint_counts = {}, {}
        for result in self.results:
            self.count(result)
        self.fingerprint_counts = {**known, **self.fingerprint_counts}

    def count(self, result: Result, by: int = 1) -> None:
        """Add a result to the totals. `by` is -1 for a result that is being replaced."""
        self.total_processed += by
        self.total_success += by if result.success else 0
        self.total_failed += 0 if result.success else by
        self.total_timeouts += by if result.has_timed_out else 0
        if result.fingerprint and not result.success and result.retry_at is None:
            self.fingerprint_counts[result.fingerprint] = self.fingerprint_counts.get(result.fingerprint, 0) + by
        for name, value in result.all_metrics.items():
            self.metrics[name] = self.metrics.get(name, 0.0) + by * value


def seconds_of(result: Result) -> float:
    """The seconds of all attempts on its phase; what is unknown counts as none."""
    return (result.duration_s or 0.0) + (0.0 if result.earlier is None else result.earlier.duration_s)


def metrics_per_minute(session: Session) -> Mapping[str, float]:
    """Each metric per minute of execution; {} if nothing was executed."""
    minutes = session.executed_s / 60
    return {name: total / minutes for name, total in session.metrics.items()} if minutes > 0 else {}


def _count(results: Iterable[Result], name_of: Callable[[Result], str]) -> dict[str, tuple[int, int]]:
    rows: dict[str, tuple[int, int]] = {}
    for result in results:
        succeeded, count = rows.get(name := name_of(result), (0, 0))
        rows[name] = (succeeded + result.success, count + 1)
    return rows
