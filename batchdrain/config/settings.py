"""The one place where a default stands: the `batchdrain:` section as a model. load.py fills it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from batchdrain.config.section import Section, leaf
from batchdrain.config.stop_settings import Stop
from batchdrain.config.timeout_settings import Timeout
from batchdrain.config.values import Condition, NonEmptyText, Number, Place, Seconds, SecondsOrZero, Text, Truth, Whole


class Columns(Section):
    """Names of the columns in the user's table."""

    run_id: NonEmptyText = leaf("run_id", "names the run of a phase; may be a number or a UUID")
    phase_id: NonEmptyText = leaf("phase_id", "names the phase within its run")
    phase_index: NonEmptyText | None = leaf("phase_index", "orders the phases of a run; null: you have none")
    state: NonEmptyText = leaf(
        "state", "holds one of the four words of `source.states`, or a word that batchdrain leaves alone"
    )
    last_failure_reason: NonEmptyText | None = leaf("last_failure_reason", "holds the failure text; null: you have none")
    updated_at: NonEmptyText | None = leaf(None, "is set to the time of each write of batchdrain; null: it is left alone")

    @model_validator(mode="after")
    def _require_distinct(self) -> Columns:
        names = [name for name in self.model_dump().values() if name is not None]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each column has one meaning, but {', '.join(map(repr, twice))} is mapped twice")
        return self


class States(Section):
    """The user's words for the states."""

    failed: NonEmptyText = leaf("FAILED", "the phase failed: `drain` takes it")
    queued: NonEmptyText = leaf("QUEUED", "the phase was never tried: `drain-queued` takes it")
    executing: NonEmptyText = leaf("EXECUTING", "a controller holds the phase")
    complete: NonEmptyText = leaf("COMPLETE", "the phase is done")

    @model_validator(mode="after")
    def _require_distinct(self) -> States:
        words = [self.failed, self.queued, self.executing, self.complete]
        if len(set(words)) < len(words):
            raise ValueError(f"the four words must differ, got {', '.join(words)}")
        return self


class Source(Section):
    """The user's own table; never altered."""

    table: NonEmptyText = leaf("phases", "your table or view, `schema.table` where it has a schema")
    columns: Columns = Columns()
    states: States = States()
    where: Condition = leaf("", "an SQL condition on the rows that may be drained")
    updated_at_unit: Literal["auto", "s", "ms", "us"] = leaf(
        "auto", "the unit of `updated_at` where it holds numbers; `auto`: as its values show it, seconds while there are none"
    )
    gone_is: Literal["complete", "failed"] = leaf("failed", "what a row is that is gone after a success code")


class Command(Section):
    """What is executed for a phase."""

    argv: list[Text] = leaf([], "your command, a list; docs/operations.md says what it gets")
    cwd: Place = leaf("", "the folder in which it runs; empty: the folder of `tasks.py`; `~` is your home folder")
    result_from: Literal["exit_code", "database"] = leaf("exit_code", "`database`: the command itself sets the phase's state")
    success_exit_codes: list[Whole] = leaf([0], "exit codes that mean complete", min_length=1)
    transient_exit_codes: list[Whole] = leaf([75], "exit codes that mean a transient failure: it may be tried again")
    settle_s: SecondsOrZero = leaf(2.0, "with `database`: how long to wait for a commit that comes after the exit")
    grace_s: Seconds = leaf(10.0, "between TERM and KILL")
    stuck_states: list[NonEmptyText] | None = leaf(
        None, "with `database`: the states from which an attempt that ended badly is given back; null: executing and queued"
    )
    env_allow: list[NonEmptyText] = leaf([], "`DATABASE_URL` is not passed to the command unless it is listed here")
    env_deny: list[NonEmptyText] = leaf([], "names of variables that the command does not inherit")
    log_max_mb: Number = leaf(
        50.0, "disk of stdout, and of stderr, of one attempt; past it the middle is cut out (Linux)", gt=0, le=1_000_000
    )


class Triage(Section):
    """What says of a phase beforehand whether trying it again is worth it."""

    argv: list[Text] = leaf([], "your diagnosis command")
    workers: Whole = leaf(2, "diagnoses side by side", ge=1, le=256)
    limit: Whole = leaf(
        20, "phases that one `inv triage` diagnoses at most, and how far `drain --triage` looks ahead", ge=1, le=10_000
    )
    timeout_s: Seconds = leaf(60.0, "the time limit of one diagnosis")
    valid_s: Seconds = leaf(86_400.0, "how long `promising` and `hopeless` are believed")
    wait_s: Seconds = leaf(900.0, "how long `wait` holds a phase back where the diagnosis names no time")


class Lease(Section):
    """How long a claim lasts without a sign of life from its controller."""

    ttl_s: Seconds = leaf(120.0, "how long a claim lasts without a sign of life from its controller")
    beat_s: Seconds = leaf(15.0, "how often the controller gives one")
    margin_s: Seconds = leaf(10.0, "how long before the end of the lease a command must be ended, beside `command.grace_s`")


class Patience(Section):
    """How long batchdrain waits for the database."""

    operation_s: Seconds = leaf(30.0, "the deadline of one database operation, also against a server that never answers")
    outage_s: SecondsOrZero = leaf(600.0, "how long a drain waits for a database that went away, or for what the phases need")
    lock_s: Seconds = leaf(5.0, "how long to wait for a row that somebody else has locked")


class Retry(Section):
    """What is tried again within a session, and when."""

    max_attempts: Whole = leaf(
        2, "executions of one phase in a session; only transient failures are tried again", ge=1, le=1000
    )
    initial_s: SecondsOrZero = leaf(
        5.0, "the first wait before a retry is a random time up to this; it doubles with each retry"
    )
    max_s: SecondsOrZero = leaf(300.0, "the longest wait before a retry")
    outage_after: Whole = leaf(
        5, "so many different phases that fail transiently one after the other are an outage; 0 is off", ge=0
    )


class RunType(Section):
    """Runs whose id `match` (a glob) matches are of `type`."""

    match: NonEmptyText = leaf(..., "a glob of run ids")
    type: NonEmptyText = leaf(..., "the type of the runs that match; the first match counts")


class Dependency(Section):
    """Runs that match `run` wait until no run that matches one of `after` has unfinished phases."""

    run: NonEmptyText = leaf(..., "a glob of the runs that wait")
    after: list[NonEmptyText] = leaf(..., "globs of the runs that they wait for", min_length=1)


class CategoryMatch(Section):
    """A rule of the user's: failure texts that `match` (a regular expression) are of `category`."""

    match: NonEmptyText = leaf(..., "a regular expression, searched in the failure text")
    category: NonEmptyText = leaf(..., "one of the seven categories")


class Settings(Section):
    """All settings of batchdrain, with their defaults. `Settings.model_json_schema()` is their schema."""

    database_url: Text = leaf("", "an SQLAlchemy URL; empty: `DATABASE_URL`, else `sqlite:///batchdrain.db`", repr=False)
    session_dir: Annotated[Place, Field(min_length=1)] = leaf(
        ".autonomous_runs/batch_drain_sessions",
        "where sessions live; relative: below the folder of `tasks.py`; `~` is your home folder",
    )
    batch_size: Whole = leaf(10, "phases of one drain", ge=1, le=1_000_000)
    min_success_rate: Annotated[Number, Field(ge=0, le=1)] | None = leaf(
        None, "exit 0 from this rate on; null: only when every phase succeeded"
    )
    workers: Whole = leaf(1, "phases of different runs executed side by side", ge=1, le=256)
    engine: NonEmptyText = leaf(
        "local", "where commands run: a name (entry point `batchdrain.engines`) or `package.module:factory`"
    )
    finish_current: Truth = leaf(False, "the first Ctrl-C lets the running phases end")
    profile: Literal["classic", "conservative", "triage", "throughput"] = leaf(
        "classic", "a named set of limits and an order; what you set yourself wins"
    )
    policy: list[str | dict[str, Any]] = leaf(
        ["hints", "untried-first", "smart"], "what ranks the phases: see docs/choosing.md", min_length=1
    )
    categories: list[CategoryMatch] = leaf(
        [], "your own rules, before the built-in ones: `{match: regular expression, category: name}`"
    )
    refresh_s: Seconds = leaf(30.0, "read the backlog again after this time")
    source: Source = Source()
    command: Command = Command()
    timeout: Timeout = Timeout()
    retry: Retry = Retry()
    triage: Triage = Triage()
    lease: Lease = Lease()
    patience: Patience = Patience()
    stop: Stop = Stop()
    depends_on: list[Dependency] = leaf(
        [], '`{run: "release-*", after: ["build-*"]}`: such a run waits while one of the others has unfinished phases'
    )
    run_types: list[RunType] = leaf([], '`{match: "build*", type: maintenance}`: time limits and yields are learnt by type')

    def run_type_of(self, run_id: str) -> str:
        """By the first rule of `run_types` that matches; 'default' where none does."""
        for rule in self.run_types:
            if run_id == rule.match or fnmatchcase(run_id, rule.match):
                return rule.type
        return "default"

    @model_validator(mode="after")
    def _require_end_within_lease(self) -> Settings:
        """A command must be ended before its lease is: fencing saves the ledger, only the guardian saves exclusivity."""
        lease, grace_s = self.lease, self.command.grace_s
        needed = grace_s + lease.margin_s + 2 * lease.beat_s
        if lease.ttl_s < needed:
            raise ValueError(
                f"lease.ttl_s ({lease.ttl_s:g}) is below command.grace_s + lease.margin_s + 2 x lease.beat_s ({needed:g})"
            )
        return self
