"""The session's JSON: its whole intent and every result, as people and `resume` read it.

The ledger is the authority; this is a projection of it. Fields that we don't know survive a rewrite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from batchdrain.model.attempt import Attempt
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from batchdrain.runtime.clock import iso

SCHEMA_VERSION: Final = 1
EARLIER_TIMEOUT: Final = "TIMEOUT"
"""What the earlier program wrote as the final state of a phase that timed out."""


def _utc(moment: datetime) -> datetime:
    """Without a zone it is UTC, as the earlier program wrote it. At the calendar's ends no zone can be taken off."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_utc), PlainSerializer(iso, return_type=str, when_used="json")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Index = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Count = Annotated[int, Field(ge=0, lt=2**63)]


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


class Record(BaseModel):
    model_config = ConfigDict(extra="allow", validate_assignment=False)


class Result(Record):
    """What came of one phase: of its last attempt in this session."""

    run_id: str
    phase_id: str
    phase_index: Index | None = None
    initial_state: str = ""
    final_state: str = ""
    success: bool = False
    error_message: str | None = None
    timestamp: Moment | None = None
    attempt: Count | None = None
    category: str | None = None
    fingerprint: str | None = None
    exit_code: Index | None = None
    duration_s: Finite | None = None
    timed_out: bool = False
    stdout_path: str | None = None
    stderr_path: str | None = None
    metrics: dict[str, Finite] = Field(default_factory=dict)
    retry_at: Moment | None = None

    @property
    def key(self) -> PhaseKey:
        return PhaseKey(self.run_id, self.phase_id)

    @property
    def has_timed_out(self) -> bool:
        """The earlier program wrote it as the final state."""
        return self.timed_out or self.final_state == EARLIER_TIMEOUT

    def fails_still(self, failed_word: str) -> bool:
        """Whether its phase stood in the failed state, or in the one that it was taken from, when it was recorded."""
        return not self.success and self.final_state in {failed_word, self.initial_state, EARLIER_TIMEOUT}

    @classmethod
    def of(cls, attempt: Attempt, initial_state: str, retry_at: datetime | None = None) -> Result:
        reason = attempt.reason
        if attempt.outcome is Outcome.MOVED:
            reason = f"somebody else set the phase to {attempt.final_word} while it was executed; left alone"
        return cls.model_construct(
            _ALL_FIELDS,
            run_id=attempt.phase.run_id,
            phase_id=attempt.phase.phase_id,
            phase_index=attempt.phase.phase_index,
            initial_state=initial_state,
            final_state=attempt.final_word,
            success=attempt.success,
            error_message=reason,
            timestamp=attempt.ended_at,
            attempt=attempt.attempt,
            category=attempt.category,
            fingerprint=attempt.fingerprint,
            exit_code=attempt.exit_code,
            duration_s=round(attempt.duration_s, 3),
            timed_out=attempt.timed_out,
            stdout_path=attempt.stdout_path,
            stderr_path=attempt.stderr_path,
            metrics=dict(attempt.metrics),
            retry_at=retry_at,
        )


_ALL_FIELDS = set(Result.model_fields)
"""One for all results: each would else have its own, of 700 bytes."""


class Skipped(Record):
    """What a rule left out of a session."""

    rule: str
    value: str = ""
    count: int | None = None  #: phases; None where nobody counted them


class Balance(Record):
    """The backlog before and after; `failed before + new = fixed + still failing + accepted + not reached`."""

    failed_before: Index = 0
    new: Index = 0
    fixed: Index = 0
    still_failing: Index = 0
    accepted: Index = 0
    not_reached: Index = 0
    taken_elsewhere: Index = 0  #: of those not reached: left the backlog by somebody else's hand
    gone_since: Index = 0  #: of these: failed in this session before they left it

    @classmethod
    def of(
        cls, *, before: int, known: int, fixed: int, failing: int, moved: int, gone: int = 0, accepted: int = 0
    ) -> Balance:
        """`before`: phases in the source state at the session's start. `known`: phases that are accounted for now: those
        with a result, and those that wait in the backlog. `moved`: results of phases that somebody else moved on, `gone` of
        them after they had failed here. `accepted`: waiting phases that the rule `accepted` skipped. No term is ever
        negative."""
        known = max(known, fixed + failing + moved)
        waiting = known - fixed - failing - moved
        accepted = min(accepted, waiting)
        taken = moved + max(0, before - known)
        return cls(
            failed_before=before,
            new=max(0, known - before),
            fixed=fixed,
            still_failing=failing,
            accepted=accepted,
            not_reached=waiting - accepted + taken,
            taken_elsewhere=taken,
            gone_since=gone,
        )

    @property
    def adds_up(self) -> bool:
        return self.failed_before + self.new == self.fixed + self.still_failing + self.accepted + self.not_reached

    @property
    def said_of_taken(self) -> str:
        """What people read behind 'not reached'; '' where nothing was taken."""
        if not self.taken_elsewhere:
            return ""
        return f" ({self.taken_elsewhere} of them {'was' if self.taken_elsewhere == 1 else 'were'} taken by somebody else)"


class Session(Record):
    """One drain. Defaults are those of a file that the earlier program wrote."""

    schema_version: int = SCHEMA_VERSION
    session_id: str
    session_uid: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,32}$")] | None = None
    kind: Kind = Kind.FAILED
    database: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    balance: Balance | None = None
    status: Status | None = None
    started_at: Moment
    completed_at: Moment | None = None
    batch_size: Count | None = None
    filters: dict[str, Any] = Field(default_factory=dict)
    policy: list[Any] = Field(default_factory=list)
    total_processed: Count = 0
    total_success: Count = 0
    total_failed: Count = 0
    total_timeouts: Count = 0
    stopped_because: str | None = None
    skipped: list[Skipped] = Field(default_factory=list)
    metrics: dict[str, Finite] = Field(default_factory=dict)
    fingerprint_counts: dict[str, Count] = Field(default_factory=dict)
    results: list[Result] = Field(default_factory=list)

    @property
    def is_incomplete(self) -> bool:
        return self.completed_at is None

    @property
    def standing(self) -> Status:
        """The status; for a file of the earlier program, which has none, what its fields imply."""
        if self.status is not None:
            return self.status
        return Status.INTERRUPTED if self.completed_at is None else Status.COMPLETE

    @property
    def success_rate(self) -> float | None:
        """0.0-1.0 of what was processed; None when nothing was."""
        return self.total_success / self.total_processed if self.total_processed else None

    def by_run(self) -> dict[str, tuple[int, int]]:
        """For each run, in the order of its first result: how many succeeded, of how many."""
        rows: dict[str, tuple[int, int]] = {}
        for result in self.results:
            succeeded, count = rows.get(result.run_id, (0, 0))
            rows[result.run_id] = (succeeded + result.success, count + 1)
        return rows

    def recount(self) -> None:
        """Set every total from the results."""
        self.total_processed = len(self.results)
        self.total_success = sum(result.success for result in self.results)
        self.total_failed = self.total_processed - self.total_success
        self.total_timeouts = sum(result.has_timed_out for result in self.results)
        counts = Counter(r.fingerprint for r in self.results if r.fingerprint and not r.success and r.retry_at is None)
        self.fingerprint_counts = {**self.fingerprint_counts, **counts}
        sums: Counter[str] = Counter()
        for result in self.results:
            sums.update(result.metrics)
        self.metrics = dict(sums)


def metrics_per_minute(session: Session) -> Mapping[str, float]:
    """Each metric by minute of execution; {} where nothing was executed."""
    minutes = sum(result.duration_s or 0.0 for result in session.results) / 60
    return {name: total / minutes for name, total in session.metrics.items()} if minutes > 0 else {}
