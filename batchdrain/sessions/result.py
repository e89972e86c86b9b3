"""The result of one phase, as a session stores it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from batchdrain.database.ledger.attempt_fields import to_result
from batchdrain.model.attempt import Finished
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from batchdrain.runtime.clock import to_iso

EARLIER_TIMEOUT: Final = "TIMEOUT"
"""The final state that the earlier program wrote for a phase that timed out."""


def _utc(moment: datetime) -> datetime:
    """A time without a zone is UTC, as the earlier program wrote it. At the limits of the calendar the zone cannot be
    converted."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_utc), PlainSerializer(to_iso, return_type=str, when_used="json")]


Finite = Annotated[float, Field(allow_inf_nan=False)]


Index = Annotated[int, Field(ge=-(2**63), lt=2**63)]


Count = Annotated[int, Field(ge=0, lt=2**63)]


class Record(BaseModel):
    """A part of a session's file. Unknown fields are kept."""

    model_config = ConfigDict(extra="allow", validate_assignment=False, defer_build=True)


class Spent(Record):
    """What attempts of one phase consumed."""

    attempts: Count = 0
    duration_s: Finite = 0.0
    metrics: dict[str, Finite] = Field(default_factory=dict)


class Result(Record):
    """The result of one phase: that of its last attempt in this session."""

    run_id: str
    phase_id: str
    phase_index: Index | None = None
    initial_state: str = ""
    outcome: str | None = None
    final_state: str = ""
    success: bool = False
    error_message: str | None = None
    timestamp: Moment | None = None
    attempt: Count | None = None
    category: str | None = None
    fingerprint: str | None = None
    exit_code: Index | None = None
    signal: Index | None = None
    duration_s: Finite | None = None
    cpu_s: Finite | None = None
    max_rss_kb: Count | None = None
    host: str | None = None
    timed_out: bool = False
    stdout_path: str | None = None
    stderr_path: str | None = None
    log_path: str | None = None
    metrics: dict[str, Finite] = Field(default_factory=dict)
    retry_at: Moment | None = None
    earlier: Spent | None = None  #: by its earlier attempts in this session; None: there were none, or the file is older

    @property
    def spent(self) -> Spent:
        """What all its attempts in this session consumed. Released attempts are not attempts."""
        before = self.earlier or Spent()
        metrics = dict(before.metrics)
        for name, value in self.metrics.items():
            metrics[name] = metrics.get(name, 0.0) + value
        return Spent(attempts=before.attempts + 1, duration_s=before.duration_s + (self.duration_s or 0.0), metrics=metrics)

    @property
    def all_metrics(self) -> Mapping[str, float]:
        """The metrics of all these attempts. Most phases have one: for them nothing is added up."""
        return self.metrics if self.earlier is None else self.spent.metrics

    def take_over(self, spent: Spent | None) -> None:
        """Note what its earlier attempts consumed, unless it knows of more attempts already."""
        if spent is not None and (self.earlier is None or self.earlier.attempts < spent.attempts):
            self.earlier = spent

    @property
    def key(self) -> PhaseKey:
        """The name of its phase."""
        return PhaseKey(self.run_id, self.phase_id)

    @property
    def has_timed_out(self) -> bool:
        """Whether it timed out. The earlier program recorded this as the final state."""
        return self.timed_out or self.final_state == EARLIER_TIMEOUT

    @property
    def is_in_table(self) -> bool:
        """Whether its failure text was written to the table. It was not if the row had changed, nor if the table refused the end
        and the phase got its earlier state and reason back. True if the outcome is unknown."""
        is_as_before = self.outcome == Outcome.REFUSED and self.final_state == self.initial_state
        return not is_as_before and self.outcome != Outcome.MOVED

    def fails_still(self, failed_words: frozenset[str]) -> bool:
        """Whether its phase, when it was recorded, was in the failed state or in the state that it was taken from."""
        return not self.success and self.final_state in {*failed_words, self.initial_state, EARLIER_TIMEOUT}

    @classmethod
    def of(cls, end: Finished) -> Result:
        """Make a result without validation: it comes from our own attempt, not from a file."""
        return cls.model_construct(_ALL_FIELDS, **to_result(end))


_ALL_FIELDS = set(Result.model_fields)
"""One set shared by all results; otherwise each would have its own, of 700 bytes."""
