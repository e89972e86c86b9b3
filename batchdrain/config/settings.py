"""The one place where a default stands: the `batchdrain:` section as a model. config.py fills it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from batchdrain.config.values import Condition, Number, Seconds, SecondsOrZero, Text, Truth, Whole, Word


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Columns(Section):
    """Names of the columns in the user's table."""

    run_id: Word = "run_id"
    phase_id: Word = "phase_id"
    phase_index: Word | None = "phase_index"
    state: Word = "state"
    last_failure_reason: Word | None = "last_failure_reason"
    updated_at: Word | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Columns:
        names = [name for name in self.model_dump().values() if name is not None]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each column has one meaning, but {', '.join(map(repr, twice))} is mapped twice")
        return self


class States(Section):
    """The user's words for the states."""

    failed: Word = "FAILED"
    queued: Word = "QUEUED"
    executing: Word = "EXECUTING"
    complete: Word = "COMPLETE"

    @model_validator(mode="after")
    def _distinct(self) -> States:
        words = [self.failed, self.queued, self.executing, self.complete]
        if len(set(words)) < len(words):
            raise ValueError(f"the four words must differ, got {', '.join(words)}")
        return self


class Source(Section):
    """The user's own table; never altered."""

    table: Word = "phases"
    columns: Columns = Columns()
    states: States = States()
    where: Condition = ""


class Command(Section):
    """What is executed for a phase."""

    argv: list[Text] = Field(default=[])
    cwd: Text = ""
    result_from: Literal["exit_code", "database"] = "exit_code"
    success_exit_codes: list[Whole] = Field(default=[0], min_length=1)
    transient_exit_codes: list[Whole] = Field(default=[75])
    settle_s: SecondsOrZero = 2.0
    grace_s: Seconds = 10.0
    stuck_states: list[Word] | None = None
    env_allow: list[Word] = Field(default=[])
    env_deny: list[Word] = Field(default=[])
    log_max_mb: Annotated[Number, Field(gt=0, le=1_000_000)] = 50.0


class Triage(Section):
    """What says of a phase beforehand whether trying it again is worth it."""

    argv: list[Text] = Field(default=[])
    workers: Annotated[Whole, Field(ge=1, le=256)] = 2
    limit: Annotated[Whole, Field(ge=1, le=10_000)] = 20
    timeout_s: Seconds = 60.0
    valid_s: Seconds = 86_400.0  #: how long a verdict is believed
    wait_s: Seconds = 900.0  #: how long `wait` holds a phase back when it does not say so itself


class Lease(Section):
    """How long a claim lasts without a sign of life from its controller."""

    ttl_s: Seconds = 120.0
    beat_s: Seconds = 15.0
    margin_s: Seconds = 10.0


class Patience(Section):
    """How long batchdrain waits for the database."""

    operation_s: Seconds = 30.0  #: for one operation, also against a peer that never answers
    outage_s: SecondsOrZero = 600.0  #: for a database that is away during a drain
    lock_s: Seconds = 5.0  #: for a row that somebody else has locked


class Timeout(Section):
    default_s: Seconds = 600.0
    adaptive: Truth = True
    min_s: Seconds = 30.0
    max_s: Seconds = 3600.0

    @model_validator(mode="after")
    def _ordered(self) -> Timeout:
        if self.min_s > self.max_s:
            raise ValueError(f"min_s ({self.min_s:g}) is above max_s ({self.max_s:g})")
        return self


class Retry(Section):
    max_attempts: Annotated[Whole, Field(ge=1, le=1000)] = 2
    initial_s: SecondsOrZero = 5.0
    max_s: SecondsOrZero = 300.0
    outage_after: Annotated[Whole, Field(ge=0)] = 5


class Stop(Section):
    """Stop conditions; 0 is off."""

    max_attempts_per_phase: Annotated[Whole, Field(ge=0)] = 0
    max_timeouts_per_run: Annotated[Whole, Field(ge=0)] = 2
    max_repeats: Annotated[Whole, Field(ge=0)] = 3
    max_consecutive_failures: Annotated[Whole, Field(ge=0)] = 0
    max_total_minutes: Annotated[Number, Field(ge=0, le=1_000_000)] = 0.0
    success_floor: Annotated[Number, Field(ge=0, le=1)] = 0.0
    success_floor_after: Annotated[Whole, Field(ge=1)] = 20
    metric: Text = ""
    max_without_metric: Annotated[Whole, Field(ge=0)] = 0
    canary: Truth = False
    canary_size: Annotated[Whole, Field(ge=2)] = 10
    skip_runs_with_queued: Truth = False


class RunType(Section):
    match: Word
    type: Word


class Dependency(Section):
    """Runs that match `run` wait until no run that matches one of `after` has unfinished phases."""

    run: Word
    after: list[Word] = Field(min_length=1)


class CategoryMatch(Section):
    """A rule of the user's: failure texts that `match` (a regular expression) are of `category`."""

    match: Word
    category: Word


class Settings(Section):
    """All settings of batchdrain, with their defaults. `Settings.model_json_schema()` is their schema."""

    database_url: Text = Field(default="", repr=False)
    session_dir: Word = ".autonomous_runs/batch_drain_sessions"
    batch_size: Annotated[Whole, Field(ge=1, le=1_000_000)] = 10
    min_success_rate: Annotated[Number, Field(ge=0, le=1)] | None = None
    workers: Annotated[Whole, Field(ge=1, le=256)] = 1
    engine: Word = "local"
    finish_current: Truth = False
    profile: Literal["classic", "conservative", "triage", "throughput"] = "classic"
    policy: list[str | dict[str, Any]] = Field(default=["hints", "untried-first", "smart"], min_length=1)
    categories: list[CategoryMatch] = Field(default=[])
    refresh_s: Seconds = 30.0
    source: Source = Source()
    command: Command = Command()
    timeout: Timeout = Timeout()
    retry: Retry = Retry()
    triage: Triage = Triage()
    lease: Lease = Lease()
    patience: Patience = Patience()
    stop: Stop = Stop()
    depends_on: list[Dependency] = Field(default=[])
    run_types: list[RunType] = Field(default=[])

    def run_type_of(self, run_id: str) -> str:
        """By the first rule of `run_types` that matches; 'default' where none does."""
        for rule in self.run_types:
            if fnmatchcase(run_id, rule.match):
                return rule.type
        return "default"

    @model_validator(mode="after")
    def _dead_in_time(self) -> Settings:
        """A command must be ended before its lease is: fencing saves the ledger, only the guardian saves exclusivity."""
        lease, grace_s = self.lease, self.command.grace_s
        needed = grace_s + lease.margin_s + 2 * lease.beat_s
        if lease.ttl_s < needed:
            raise ValueError(
                f"lease.ttl_s ({lease.ttl_s:g}) is below command.grace_s + lease.margin_s + 2 x lease.beat_s ({needed:g})"
            )
        return self


PROFILES: Final[dict[str, dict[str, dict[str, object] | list[object]]]] = {
    "classic": {},
    "conservative": {
        "timeout": {"default_s": 1800.0, "min_s": 120.0, "max_s": 14_400.0},
        "retry": {"max_attempts": 3},
    },
    "triage": {
        "retry": {"max_attempts": 1},
        "stop": {"max_repeats": 1},
        "policy": ["hints", "sample-first", "untried-first", "smart"],
    },
    "throughput": {
        "timeout": {"default_s": 120.0, "min_s": 10.0, "max_s": 600.0},
        "stop": {"max_timeouts_per_run": 1},
        "policy": ["hints", {"name": "best-yield", "timeouts_last": True}, "smart"],
    },
}
"""A profile names a set of limits, and the order that goes with them. What is set explicitly wins over it."""
