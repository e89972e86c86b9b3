"""How a reader comes to see a row of the pages of messages, and does what the row says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Settings = Mapping[str, Any]
SECOND_RUN: Final = "INSERT INTO phases (run_id, phase_id, phase_index, state) VALUES ('q', 'a', 0, 'FAILED')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provocation:
    """A command that is told something, and the one that follows the cure."""

    says: str  #: as it stands in a row's first cell
    argv: str  #: split at blanks; `''` is an empty argument
    settings: Settings = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    cure: str  #: a command
    mended: Settings = field(default_factory=dict)  #: settings then
    said: str = ""  #: where the row names a part of a message
    sql: str = ""  #: what makes the table so
    files: Mapping[str, str] = field(default_factory=dict)  #: of the project's folder


def flag(says: str, argv: str, cure: str) -> Provocation:
    """A flag is wrong, and is written as the row says."""
    return Provocation(says=says, argv=argv, cure=cure)


def setting(says: str, wrong: Settings, right: Settings, argv: str = "drain") -> Provocation:
    """A setting is wrong, and is written as the row says."""
    return Provocation(says=says, argv=argv, settings=wrong, cure=argv, mended=right)


FLAGS: Final = (
    flag("…: is empty", "drain --run-id ''", "drain"),
    flag("…: expected a whole number from … to …, got …", "demo --phases=0", "sessions"),
    flag("…: expected a whole number, got …", "drain --batch-size=ten", "drain --batch-size=10"),
    flag("…: must be at least …, got …", "drain --batch-size=0", "drain --batch-size=1"),
    flag(
        "…: expected a date (2026-03-01), a date and time (2026-03-01T12:00Z) or a duration (7d, 12h), got …",
        "accept --run-id=r --reason=known --until=soon", "accept --run-id=r --reason=known --until=7d",
    ),
    flag(
        "…: … is over already", "accept --run-id=r --reason=known --until=2020-01-01",
        "accept --run-id=r --reason=known --until=2999-01-01",
    ),
    flag(
        "…: expected at most 500 characters of valid text, got …", f"accept --run-id=r --reason={'x' * 501}",
        f"accept --run-id=r --reason={'x' * 500}",
    ),
    flag("…: expected … or …, got …", "summary --format=xml", "sessions --format=json"),
    flag(
        "--format: expected text or json for a dry run, got …", "--dry drain --format=markdown", "--dry drain --format=json",
    ),
    flag("…: … is no id of a cluster: 10 hex digits", "drain --cluster=nonsense", "clusters"),
    flag("--run-id: is required", "hint --priority=1", "hint --run-id=r --priority=1"),
    flag("--run-id: is required, or --cluster", "accept --reason=known", "accept --run-id=r --reason=known"),
    flag("--reason: is required", "accept --run-id=r", "accept --run-id=r --reason=known"),
    flag("--priority: is required", "hint --run-id=r", "hint --run-id=r --priority=1"),
    flag("--run-id: there is no hint of …", "hint --run-id=r --clear", "hint"),
    flag("accept --clear: … is not accepted", "accept --run-id=r --clear", "accept"),
    flag("…: neither a quarantine nor a diagnosis skips it", "reopen --run-id=r --reason=mended", "reopen"),
    flag("--cluster=…: no phase fails with it, and no drain has seen it", "accept --cluster=0123456789 --reason=known", "clusters"),
    flag(
        "--phase-id: identifies no phase without --run-id", "accept --phase-id=a --reason=known", "accept --run-id=r --phase-id=a --reason=known",
    ),
    flag(
        "--cluster: applies to every run, so it cannot be combined with --run-id or --phase-id",
        "accept --cluster=0123456789 --run-id=r --reason=known", "accept --run-id=r --reason=known",
    ),
    flag(
        "--clear: removes a hint, and is combined only with --run-id", "hint --run-id=r --priority=1 --clear",
        "hint --run-id=r --priority=1",
    ),
    flag(
        "--clear: removes an acceptance, so it cannot be combined with --reason or --until",
        "accept --run-id=r --reason=known --clear", "accept --run-id=r --reason=known",
    ),
    flag("--…: --resume continues the session as it was begun", "drain --resume --policy=smart", "drain --resume"),
    flag("--older-than: is missing", "prune", "prune --older-than=30d"),
    flag("--older-than: must be longer than 0, got …", "prune --older-than=0d", "prune --older-than=30d"),
    flag("--older-than: expected a duration (30d, 12h, 90m, 2w), got …", "prune --older-than=old", "prune --older-than=30d"),
    flag("--…: --close starts no work", "resume --close --batch-size=1", "resume"),
    flag("--session-id: … is no session id", "resume --session-id=../x", "sessions"),
    flag("--session-id: there is no session … in … (newest: …)", "summary --session-id=backlog-20200101-000000", "sessions"),
    flag("there is no session in …", "summary", "drain"),
    flag(
        "--plan: drains exactly the phases of the plan, so it cannot be combined with filters, a policy or triage",
        "drain --plan=p.json --run-id=r", "dry-run --output=p.json",
    ),
    flag("--plan: …: No such file or directory", "drain --plan=p.json", "dry-run --output=p.json"),
    flag("No idea what '…' is!", "drian", "drain"),
)  # fmt: skip
SETTINGS: Final = (
    setting("…: is not a known key (did you mean …?)", {"worker": 2}, {"workers": 2}),
    setting("expected a duration such as 90, 90s or 10m", {"stop": {"max_total_minutes": 5}, "lease": {"ttl_s": "soon"}},
            {"stop": {"max_total_minutes": 5}}),
    setting("expected a whole number", {"workers": "two"}, {"workers": 2}),
    setting("expected true or false", {"timeout": {"adaptive": "perhaps"}}, {"timeout": {"adaptive": True}}),
    setting("expected a text", {"source": {"table": [1]}}, {"source": {"table": "phases"}}),
    setting("expected 'classic', 'conservative', 'triage' or 'throughput'", {"profile": "brave"}, {"profile": "triage"}),
    setting("must be at least …", {"workers": 0}, {"workers": 1}),
    setting("must be at most …", {"workers": 100_000}, {"workers": 1}),
    setting("must not be empty", {"source": {"table": ""}}, {}),
    setting("write a list: [a, b]", {"command": {"argv": "make all"}}, {"command": {}}),
    setting("write a mapping: {key: value}", {"timeout": 600}, {}),
    setting("has a quote that is not closed", {"source": {"where": "run_id = 'r"}}, {"source": {"where": "run_id = 'r'"}}),
    setting("has a parenthesis without its other half", {"source": {"where": "(run_id = 'r'"}},
            {"source": {"where": "(run_id = 'r')"}}),
    setting("… stands for … and for …: a word means one state, so remove it from one of them (what is written is read too)",
            {"source": {"states": {"failed": ["x", "y"], "queued": "y"}}}, {"source": {"states": {"failed": ["FAILED", "y"]}}}),
    setting("min_s (…) is above max_s (…)", {"timeout": {"min_s": 90, "max_s": 80}}, {"timeout": {"min_s": 70, "max_s": 80}}),
    setting("batchdrain.categories.…: … is no regular expression: …", {"categories": [{"match": "(", "category": "transient"}]},
            {"categories": [{"match": "refused", "category": "transient"}]}),
    Provocation(says="batchdrain.depends_on: runs wait for each other: …", argv="drain", cure="drain", sql=SECOND_RUN,
                settings={"depends_on": [{"run": "r", "after": ["q"]}, {"run": "q", "after": ["r"]}]},
                mended={"depends_on": [{"run": "r", "after": ["q"]}]}),
    Provocation(says="INVOKE_BATCHDRAIN_…: names no setting", argv="drain", environ={"INVOKE_BATCHDRAIN_WORKER": "2"}, cure="drain"),
)  # fmt: skip
CODE_AND_COMMAND: Final = (
    setting("…: … is not known (did you mean …?)", {"policy": ["smrt"]}, {"policy": ["smart"]}),
    setting("…: the module … can't be imported: …", {"policy": ["no_such_module:rank"]}, {"policy": ["smart"]}),
    setting("…: module … has no …", {"policy": ["json:rank"]}, {"policy": ["smart"]}),
    setting("batchdrain.policy: … has no parameter …", {"policy": [{"name": "best-yield", "prier": 0.5}]},
            {"policy": [{"name": "best-yield", "prior": 0.5}]}),
    setting("prior must lie between 0 and 1 and strength above 0, got …", {"policy": [{"name": "best-yield", "prior": 2}]},
            {"policy": [{"name": "best-yield", "prior": 0.5}]}),
    setting("batchdrain.command.argv: is empty; name your command, e.g. …", {"command": {"argv": []}}, {"command": {}}),
    setting("… is no program that can be executed; name one by its path, or {python} for the interpreter that runs batchdrain",
            {"command": {"argv": ["no-such-program-here"]}}, {"command": {"argv": ["{python}", "-c", "pass"]}}),
    setting("batchdrain.command.cwd: … is no folder; name one", {"command": {"cwd": "nowhere"}}, {"command": {"cwd": "."}}),
    setting("a single '{' in …; double it, or name a placeholder", {"command": {"argv": ["true", "{"]}},
            {"command": {"argv": ["true", "{{"]}}),
    setting("{…} is no placeholder (known: …); double the braces that are your own", {"command": {"argv": ["true", "{phase}"]}},
            {"command": {"argv": ["true", "{phase_id}"]}}),
)  # fmt: skip
DATABASE: Final = (
    setting("database …: the file … does not exist", {"database_url": "sqlite:///nowhere.db"}, {}),
    setting("database_url: a SQLite database in memory holds nothing", {"database_url": "sqlite://"}, {}),
    setting("database_url: is not a database URL", {"database_url": "work.db"}, {}),
    setting("database_url: a SQLite URL has a file and no host: after two slashes the file is read as a host",
            {"database_url": "sqlite://work.db"}, {}),
    setting("database_url: the driver … is asynchronous, and batchdrain supports none of these",
            {"database_url": "postgresql+asyncpg://u@localhost/x"}, {}),
    setting("batchdrain.source.table: … is not in database …", {"source": {"table": "phase"}}, {"source": {"table": "phases"}}),
    setting("batchdrain.source.columns.…: table … has no column …", {"source": {"columns": {"run_id": "run"}}},
            {"source": {"columns": {"run_id": "run_id"}}}),
    setting("batchdrain.source.where: …", {"source": {"where": "nothing = 1"}}, {"source": {"where": "phase_index = 0"}}),
)  # fmt: skip
MORE_SETTINGS: Final = (
    setting("…: variables are not replaced, and … looks like one: write the folder itself, or begin with ~/",
            {"session_dir": "$HOME/runs"}, {"session_dir": "runs"}),
    setting("is missing", {"depends_on": [{"after": ["q"]}]}, {"depends_on": [{"run": "r", "after": ["q"]}]}, "dry-run"),
    setting("must not contain a NUL character", {"session_dir": "a\0b"}, {"session_dir": "ab"}),
    setting("write a name, or {name: …, parameter: value}", {"policy": [7]}, {"policy": ["smart"]}),
    setting("each column has one meaning, but … is mapped twice", {"source": {"columns": {"run_id": "phase_id"}}}, {}),
    setting("lease.ttl_s (…) is below command.grace_s + lease.margin_s + 2 x lease.beat_s (…)", {"lease": {"ttl_s": 5}}, {}),
    setting("… is no category (known: …)", {"categories": [{"match": "x", "category": "network"}]},
            {"categories": [{"match": "x", "category": "transient"}]}),
    Provocation(says="INVOKE_BATCHDRAIN_…: a path to code is not accepted from the environment", argv="drain", cure="drain",
                environ={"INVOKE_BATCHDRAIN_ENGINE": "os:getcwd"}),
    setting("…: …: expected a callable, got …", {"policy": ["math:pi"]}, {"policy": ["smart"]}),
    setting("batchdrain.policy: … is no policy: it must take (lane, now) and its parameters as keywords: …",
            {"policy": ["os:getcwd"]}, {"policy": ["smart"]}),
    setting("batchdrain.policy: … has no name", {"policy": [{"prior": 0.5}]}, {"policy": [{"name": "best-yield", "prior": 0.5}]}),
    setting("batchdrain.engine: … is no factory of engines: …", {"engine": "os:getcwd"}, {"engine": "local"}),
    setting("database_url: no driver for …", {"database_url": "mysql://u@localhost/x"}, {}),
    setting("database_url: holds an '@' behind the one that ends the password",
            {"database_url": "postgresql+psycopg://u:p@localhost/x@y"}, {}),
    Provocation(says="database …: file is not a database", argv="drain", files={"broken.db": "no pages " * 1000},
                settings={"database_url": "sqlite:///broken.db"}, cure="drain"),
    flag("--plan: …: Is a directory", "drain --plan=.", "dry-run --output=p.json"),
    Provocation(says="inv demo makes a SQLite file, and the configured database is another", argv="demo",
                settings={"database_url": "postgresql+psycopg://u@localhost/x"}, cure="drain"),
)  # fmt: skip
NOTHING: Final = (
    Provocation(says="No phase is failed.", argv="drain", sql="UPDATE phases SET state = 'BROKEN'", cure="drain",
                mended={"source": {"states": {"failed": "BROKEN"}}}),
    Provocation(says="No phase is queued.", argv="drain-queued --run-id=r", sql="UPDATE phases SET state = 'WAITING'", cure="drain-queued --run-id=r",
                mended={"source": {"states": {"queued": "WAITING"}}}),
    Provocation(says="No row of the table matches batchdrain.source.where.", argv="drain", cure="drain",
                settings={"source": {"where": "run_id = 'none'"}}, mended={"source": {"where": "run_id = 'r'"}}),
    Provocation(says="no row has one of the mapped words; the table has …", argv="doctor",
                sql="UPDATE phases SET state = 'BROKEN'", cure="dry-run", mended={"source": {"states": {"failed": "BROKEN"}}}),
    flag("--run-id=…: there is no such run", "drain --run-id=nope", "drain --run-id=r"),
    flag("--exclude-run=…: no run matches it", "drain --exclude-run='relase-*'", "drain"),
    flag("--category=…: no failed phase has this category; there are …", "dry-run --category=transient", "drain"),
    flag("--cluster=…: no failed phase is in this cluster", "dry-run --cluster=0123456789", "drain"),
    flag("--include-quarantined: no phase is quarantined", "dry-run --include-quarantined", "drain"),
    Provocation(says="--workers=…: … runs have phases to drain, and those of one run are executed one after the other", argv="dry-run --workers=8",
                cure="drain --workers=2", sql=SECOND_RUN),
    flag("--workers=…: 1 run has phases to drain, and those of one run are executed one after the other", "dry-run --workers=8", "drain --workers=1"),
)  # fmt: skip
FILES: Final = (
    Provocation(says="--plan: … is no plan: …", argv="drain --plan=p.json", files={"p.json": "[]"}, cure="dry-run --output=p.json"),
    Provocation(says="… has a batchdrain section already", argv="init", cure="dry-run"),
)  # fmt: skip
SERVER: Final = (
    Provocation(says="database …: password authentication failed, access denied, does not exist", argv="drain",
                said='database "no_such_database" does not exist', cure="drain"),
    setting("batchdrain.source.table: … is not in database …", {"source": {"table": "phase"}}, {"source": {"table": "phases"}}),
    setting("batchdrain.source.where: …", {"source": {"where": "nothing = 1"}}, {"source": {"where": "phase_index = 0"}}),
)  # fmt: skip
"""Of PostgreSQL. The first is asked of a database that is not there."""
ALL: Final = (*NOTHING, *MORE_SETTINGS, *FILES, *FLAGS, *SETTINGS, *CODE_AND_COMMAND, *DATABASE)
