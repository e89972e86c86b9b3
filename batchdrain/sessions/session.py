"""The session's JSON: all that was asked of it and every result, as people and `resume` read it.

The ledger is the authority; this is a projection of it. Fields that we don't know survive a rewrite.
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
NOTED: Final = 50
"""So many rules with their values are kept; those that acted first."""


class Status(StrEnum):
    """Where a session stands; the file of one whose process was killed stays RUNNING until the next command."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    COMPLETE = "complete"


class Kind(StrEnum):
    """What a session drains."""

    FAILED = "failed"
    QUEUED = "queued"


class Skipped(Record):
    """What a rule left out of a session."""

    rule: str
    value: str = ""
    count: int | None = None  #: phases; None where nobody counted them


class AskedOf(Record):
    """What was asked of a session from another shell or host."""

    ask: str
    by: str = ""
    reason: str = ""
    at: Moment | None = None

    @classmethod
    def of(cls, asked: Asked) -> AskedOf:
        """As the ledger has it."""
        return cls(ask=asked.ask.value, by=asked.by, reason=asked.reason, at=clock.from_ms(asked.at_ms))

    def __str__(self) -> str:
        return f"{self.ask} by {self.by}" + (f": {self.reason}" if self.reason else "")


class Session(Record):
    """One drain. Defaults are those of a file that the earlier program wrote."""

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
        """Whether it is to be resumed: it was interrupted, or its controller still runs or died."""
        return self.completed_at is None

    @property
    def current_status(self) -> Status:
        """The status; for a file of the earlier program, which has none, what its fields imply."""
        if self.status is not None:
            return self.status
        return Status.INTERRUPTED if self.completed_at is None else Status.COMPLETE

    @property
    def success_rate(self) -> float | None:
        """0.0-1.0 of what was processed; None when nothing was."""
        return self.total_success / self.total_processed if self.total_processed else None

    @property
    def wanted_rate(self) -> float | None:
        """The least success rate for exit code 0, 0.0-1.0, that its last drain was held against; None: every phase."""
        found = self.drain_wanted_rate
        if found is None:
            found = (self.settings or {}).get("min_success_rate")
        return float(found) if isinstance(found, int | float) else None

    def by_run(self) -> dict[str, tuple[int, int]]:
        """For each run, in the order of its first result: how many succeeded, of how many."""
        return _count(self.results, lambda result: result.run_id)

    def by_host(self) -> dict[str, tuple[int, int]]:
        """The same by the host of a worker that executed it; what was executed beside the controller is left out."""
        return _count([result for result in self.results if result.host], lambda result: str(result.host))

    def note(self, skip: Skip, count: int | None) -> None:
        """A rule acted on `count` phases (None: nobody counted them). A later count takes the place of a former one."""
        for one in self.skipped:
            if (one.rule, one.value) == (skip.rule, skip.value):
                one.count = one.count if count is None else count
                return
        if len(self.skipped) < NOTED:
            self.skipped.append(Skipped(rule=skip.rule, value=skip.value, count=count))

    def take_skips(self, skips: Mapping[Skip, int]) -> None:
        """What the latest reading of the backlog skips, in place of what former ones did. Those of a rule that find no room are
        counted together."""
        told = sorted(skips.items(), key=lambda item: (-item[1], item[0]))
        self.skipped = [Skipped(rule=skip.rule, value=skip.value, count=count) for skip, count in told[:NOTED]]
        rest: dict[str, int] = {}
        for skip, count in told[NOTED:]:
            rest[skip.rule] = rest.get(skip.rule, 0) + count
        self.skipped += [Skipped(rule=rule, count=count) for rule, count in rest.items()]

    def recount(self) -> None:
        """Set every total from the results; failures that are not among them any more stay counted by their fingerprint."""
        known = self.fingerprint_counts
        self.total_processed = self.total_success = self.total_failed = self.total_timeouts = 0
        self.metrics, self.fingerprint_counts = {}, {}
        for result in self.results:
            self.count(result)
        self.fingerprint_counts = {**known, **self.fingerprint_counts}

    def count(self, result: Result, by: int = 1) -> None:
        """Add a result to the totals; by -1: take one out of them that another takes the place of."""
        self.total_processed += by
        self.total_success += by if result.success else 0
        self.total_failed += 0 if result.success else by
        self.total_timeouts += by if result.has_timed_out else 0
        if result.fingerprint and not result.success and result.retry_at is None:
            self.fingerprint_counts[result.fingerprint] = self.fingerprint_counts.get(result.fingerprint, 0) + by
        for name, value in result.metrics.items():
            self.metrics[name] = self.metrics.get(name, 0.0) + by * value


def metrics_per_minute(session: Session) -> Mapping[str, float]:
    """Each metric by minute of execution; {} where nothing was executed."""
    minutes = sum(result.duration_s or 0.0 for result in session.results) / 60
    return {name: total / minutes for name, total in session.metrics.items()} if minutes > 0 else {}


def _count(results: Iterable[Result], name_of: Callable[[Result], str]) -> dict[str, tuple[int, int]]:
    rows: dict[str, tuple[int, int]] = {}
    for result in results:
        succeeded, count = rows.get(name := name_of(result), (0, 0))
        rows[name] = (succeeded + result.success, count + 1)
    return rows
