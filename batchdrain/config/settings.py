"""The model of the `batchdrain:` section, and the only place for defaults. load.py fills it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from batchdrain.config.column_settings import Columns
from batchdrain.config.id_columns import names_of
from batchdrain.config.section import Section, leaf
from batchdrain.config.state_settings import OneWord, States
from batchdrain.config.stop_settings import Stop
from batchdrain.config.timeout_settings import Timeout
from batchdrain.config.values import (
    Condition,
    NonEmptyText,
    Number,
    Options,
    Place,
    Seconds,
    SecondsOrZero,
    Text,
    Truth,
    Whole,
)


class Source(Section):
    """The user's own table; never altered."""

    table: NonEmptyText = leaf("phases", "your table or view; `schema.table` if it is in a schema")
    columns: Columns = Columns.model_construct()
    states: States = States.model_construct()
    where: Condition = leaf("", "an SQL condition on the rows that may be drained")
    updated_at_unit: Literal["auto", "s", "ms", "us"] = leaf(
        "auto", "the unit of `updated_at` if it holds numbers; `auto`: found from its values, or seconds if there are none"
    )
    gone_is: Literal["complete", "failed"] = leaf("failed", "the state of a phase whose row is gone after a success code")


class Command(Section):
    """What is executed for a phase."""

    argv: list[Text] = leaf([], "your command, as a list; docs/your-command.md says what it receives")
    cwd: Place = leaf("", "the folder in which it runs; empty: the folder of `tasks.py`; `~` is your home folder")
    result_from: Literal["exit_code", "database"] = leaf("exit_code", "`database`: the command itself sets the phase's state")
    success_exit_codes: list[Whole] = leaf([0], "exit codes that mean complete", min_length=1)
    transient_exit_codes: list[Whole] = leaf([75], "exit codes that mean a transient failure: it may be tried again")
    settle_s: SecondsOrZero = leaf(2.0, "with `database`: how long to wait for a commit after the command has exited")
    grace_s: Seconds = leaf(10.0, "between TERM and KILL")
    stuck_states: list[OneWord] | None = leaf(
        None,
        "with `database`: a phase that a failed attempt leaves in one of these states is released; null: executing and queued",
    )
    runs_per_minute: Number = leaf(
        0.0,
        "the most executions that begin in a minute, evenly spread, over all drains of a group; 0 is off",
        ge=0,
        le=60_000,
    )
    env_allow: list[NonEmptyText] = leaf([], "`DATABASE_URL` is not passed to the command unless it is listed here")
    env_deny: list[NonEmptyText] = leaf([], "names of variables that the command does not inherit")
    columns: list[NonEmptyText] = leaf(
        [],
        "columns of the row that the command receives, in addition to those of an id of several columns: see docs/tables.md",
    )
    log_max_mb: Number = leaf(
        50.0,
        "the most disk space for stdout, and for stderr, of one attempt; beyond it the middle is cut out (Linux)",
        gt=0,
        le=1_000_000,
    )
    log_back_kb: Whole = leaf(
        64,
        "the most of stdout, and of stderr, that a worker returns if it does not see the folder of the sessions",
        ge=1,
        le=16_000,
    )


class Triage(Section):
    """The command that diagnoses beforehand whether a phase is worth trying again."""

    argv: list[Text] = leaf([], "your diagnosis command")
    workers: Whole = leaf(2, "diagnoses that run at the same time", ge=1, le=256)
    limit: Whole = leaf(
        20, "the most phases that one `inv triage` diagnoses, and how far `drain --triage` looks ahead", ge=1, le=10_000
    )
    timeout_s: Seconds = leaf(60.0, "the time limit of one diagnosis")
    valid_s: Seconds = leaf(86_400.0, "how long `promising` and `hopeless` are valid")
    wait_s: Seconds = leaf(900.0, "how long a phase with the verdict `wait` is skipped if the diagnosis gives no time")


class Notify(Section):
    """The command that is told about the end of a session. A chain (`drain-all`) tells it once, at its end."""

    argv: list[Text] = leaf(
        [], "your command, as a list; it gets the summary as JSON on its standard input: see docs/operations.md"
    )
    on: list[Literal["complete", "stopped", "interrupted", "failures"]] = leaf(
        ["complete", "stopped", "interrupted", "failures"],
        "the ends of a session at which the command is started; `failures`: any end of a session in which some phase failed. "
        'Write `"on"`: YAML reads a bare `on` as true',
        min_length=1,
    )


class Lease(Section):
    """How long a claim lasts without a sign of life from its controller."""

    ttl_s: Seconds = leaf(120.0, "how long a claim lasts without a sign of life from its controller")
    beat_s: Seconds = leaf(15.0, "how often the controller gives a sign of life")
    margin_s: Seconds = leaf(
        10.0, "how long before the end of the lease a command must have ended, in addition to `command.grace_s`"
    )


class Patience(Section):
    """How long batchdrain waits for the database."""

    operation_s: Seconds = leaf(30.0, "the deadline of one database operation, also against a server that never answers")
    outage_s: SecondsOrZero = leaf(
        600.0, "how long a drain waits for an unreachable database, or for a service that the phases need"
    )
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
        5, "the number of different phases in a row whose transient failures count as an outage; 0 is off", ge=0
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
    """A rule of the user's: failure texts that `match` (a regular expression of RE2) are of `category`."""

    match: NonEmptyText = leaf(..., "a regular expression of RE2, searched in the failure text")
    category: NonEmptyText = leaf(..., "one of the seven categories")


class Settings(Section):
    """All settings of batchdrain, with their defaults. `Settings.model_json_schema()` is their schema."""

    database_url: Text = leaf("", "an SQLAlchemy URL; empty: `DATABASE_URL`, else `sqlite:///batchdrain.db`", repr=False)
    session_dir: Annotated[Place, Field(min_length=1)] = leaf(
        ".autonomous_runs/batch_drain_sessions",
        "the folder of the sessions; a relative path starts at the folder of `tasks.py`; `~` is your home folder",
    )
    batch_size: Whole = leaf(10, "the number of phases in one drain", ge=1, le=1_000_000)
    min_success_rate: Annotated[Number, Field(ge=0, le=1)] | None = leaf(
        None, "the success rate from which the exit code is 0; null: every phase must succeed"
    )
    workers: Whole = leaf(1, "the number of phases, each of another run, that are executed at the same time", ge=1, le=256)
    engine: NonEmptyText = leaf(
        "local",
        "where commands run: a name (entry point `batchdrain.engines`) or `package.module:factory`; `dask` needs the extra `dask`",
    )
    engine_options: Options = leaf(
        {}, '`{address: "tls://host:8786"}`: options of the engine; docs/fleet.md lists those of `dask`', repr=False
    )
    finish_current: Truth = leaf(False, "the first Ctrl-C lets the running phases end")
    profile: Literal["classic", "conservative", "triage", "throughput"] = leaf(
        "classic", "a named set of limits and an order; your own settings override it"
    )
    policy: list[str | dict[str, Any]] = leaf(
        ["hints", "untried-first", "smart"], "the policies that rank the phases: see docs/choosing.md", min_length=1
    )
    categories: list[CategoryMatch] = leaf(
        [], "your own rules, before the built-in ones: `{match: regular expression, category: name}`"
    )
    refresh_s: Seconds = leaf(
        30.0,
        "the backlog is read again after this time; a large one is read less often, so that reading takes at most a twentieth of the time",
    )
    source: Source = Source.model_construct()
    command: Command = Command.model_construct()
    timeout: Timeout = Timeout.model_construct()
    retry: Retry = Retry.model_construct()
    triage: Triage = Triage.model_construct()
    notify: Notify = Notify.model_construct()
    lease: Lease = Lease.model_construct()
    patience: Patience = Patience.model_construct()
    stop: Stop = Stop.model_construct()
    depends_on: list[Dependency] = leaf(
        [],
        '`{run: "release-*", after: ["build-*"]}`: a run that matches `run` waits while a run that matches `after` has unfinished phases',
    )
    run_types: list[RunType] = leaf([], '`{match: "build*", type: maintenance}`: time limits and yields are learnt by type')

    @property
    def given_columns(self) -> tuple[str, ...]:
        """The columns whose values a command gets, without duplicates: those of an id of several columns, and those that it
        asks for."""
        ids = (names_of(self.source.columns.run_id), names_of(self.source.columns.phase_id))
        return tuple(dict.fromkeys([*(name for names in ids if len(names) > 1 for name in names), *self.command.columns]))

    @property
    def id_placeholders(self) -> Mapping[str, str]:
        """For each column that is an id by itself, the placeholder of that id."""
        ids = {"run_id": self.source.columns.run_id, "phase_id": self.source.columns.phase_id}
        return {names[0]: ours for ours, mapped in ids.items() if len(names := names_of(mapped)) == 1}

    def run_type_of(self, run_id: str) -> str:
        """The type of the first rule of `run_types` that matches; 'default' if none matches."""
        for rule in self.run_types:
            if run_id == rule.match or fnmatchcase(run_id, rule.match):
                return rule.type
        return "default"

    @model_validator(mode="after")
    def _require_end_within_lease(self) -> Settings:
        """A command must end before its lease does. Fencing protects only the ledger; that no two commands run at once
        depends on the guardian."""
        lease, grace_s = self.lease, self.command.grace_s
        needed = grace_s + lease.margin_s + 2 * lease.beat_s
        if lease.ttl_s < needed:
            raise ValueError(
                f"lease.ttl_s ({lease.ttl_s:g}) is below command.grace_s + lease.margin_s + 2 x lease.beat_s ({needed:g})"
            )
        return self
