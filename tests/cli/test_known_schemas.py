"""What is mapped of a table that many people use: in its own spelling, and of a view what its recipe says too."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands.init.known_schemas import FILE, KNOWN, KnownSchema, complete_view, find_known
from batchdrain.cli.commands.init.mapping import NO_WORDS, Mapped
from batchdrain.cli.commands.init.state_words import StateWords
from tests.cli.made_facts import table

ONE = KnownSchema(
    name="ours", docs="docs/x.md", has=("id", "State"), states={"failed": "F"}, source={"where": "x"}, command={"argv": ["y"]},
    columns={"run_id": {"value": "all"}, "phase_id": ["ID", "part"], "state": "STATE", "last_failure_reason": {"column": "E", "path": "m"}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "phase", "state", "reason"),
    [
        ("Id# Part State e%", ["Id", "Part"], "State", {"column": "e", "path": "m"}),
        ("Id# State e%", None, "State", {"column": "e", "path": "m"}),
        ("id# part", ["id", "part"], None, None),
    ],
)
def test_names_are_those_of_the_table_and_what_it_lacks_is_null(
    columns: str, phase: object, state: object, reason: object
) -> None:
    found = ONE.map(table(columns, name="jobs", of={"schema": "w"}))
    assert found.columns == {
        "run_id": {"value": "all"}, "phase_id": phase, "phase_index": None, "state": state, "last_failure_reason": reason, "updated_at": None,
    }  # fmt: skip
    assert (found.table, found.reason, found.is_known) == (
        "w.jobs",
        "it has the columns of ours: docs/x.md of batchdrain",
        True,
    )
    assert (found.states, found.source, found.command) == (
        StateWords(words={"failed": "F"}, sure=frozenset({"failed"})), {"where": "x"}, {"argv": ["y"]},
    )  # fmt: skip


STATELESS = next(one for one in KNOWN if one.no_state and one.states)
BARE = next(one for one in KNOWN if one.no_state and one.source and not one.states)
VIEW = Mapped(table="drainable", columns={}, states=NO_WORDS, reason="why", source={"own": 1}, command={"result_from": "x"})


def source_of(one: KnownSchema, **of: Any) -> Any:
    return table(" ".join(one.has), name="queue", of=of)


@pytest.mark.parametrize("one", [STATELESS, BARE], ids=["with words", "without"])
def test_a_view_that_was_printed_is_mapped_with_what_the_recipe_says(one: KnownSchema) -> None:
    others = [table("id#", name="other"), source_of(one)]
    found = complete_view(VIEW, table("id#", name="drainable"), "SELECT x FROM queue", others)
    told = f"it is a view of {one.name} in queue: {one.docs} of batchdrain"
    assert (found.reason, found.source, found.command) == (
        f"why; {told}",
        {"own": 1, **one.source},
        {"result_from": "x", **one.command},
    )
    assert found.states == (StateWords(words=dict(one.states), sure=frozenset(one.states)) if one.states else NO_WORDS)
    bare = complete_view(replace(VIEW, reason=""), table("id#", name="drainable"), "FROM queue", others)
    assert bare.reason == told


@pytest.mark.parametrize(
    ("source", "definition"),
    [
        (source_of(STATELESS), "SELECT x FROM other"),
        (source_of(STATELESS, is_view=True), "FROM queue"),
        (source_of(STATELESS, schema="w"), "FROM queue"),
        (source_of(next(one for one in KNOWN if not one.no_state)), "FROM queue"),
        (table("id#", name="queue"), "FROM queue"),
    ],
    ids=["of another table", "a view", "another schema", "has a state", "is not known"],
)
def test_of_any_other_view_nothing_is_added(source: Any, definition: str) -> None:
    assert complete_view(VIEW, table("id#", name="drainable"), definition, [source]) is VIEW


def test_what_can_be_drained_instead_is_a_view_or_the_table_with_a_column() -> None:
    ways = [replace(ONE, view=view).way for view in ((), ("CREATE VIEW x",), ("ALTER TABLE", " x"))]
    assert ways == ["a view over it"] * 2 + ["the table with the column that is printed"]


SCHEMAS = [
    ("procrastinate's jobs", 0x5D5ED6E1),
    ("the task results of django-tasks-db", 0x83B2CB2D),
    ("Airflow's task instances", 0xEE0BAD94),
    ("the task results of django-celery-results", 0xAAFD09AC),
    ("the task results of Celery's own database backend", 0x1B57077E),
    ("Oban's jobs", 0xE6C28F61),
    ("River's jobs", 0x31569EFD),
    ("Solid Queue's jobs", 0x55D3EF5F),
    ("GoodJob's jobs", 0xCC9D735B),
    ("Delayed Job's jobs", 0x525646E3),
    ("Que's jobs", 0x1AB50264),
    ("pg-boss's jobs", 0x3EC6F7D6),
    ("graphile-worker's jobs", 0x88BB369C),
    ("PgQueuer's jobs", 0xD3B19FC6),
    ("GitLab's jobs", 0x68A753EC),
    ("Prefect's flow runs", 0xB36A8119),
    ("MLflow's runs", 0x219D0832),
    ("the messages of dramatiq-pg", 0xC6179342),
    ("JobRunr's jobs", 0x495DEA87),
    ("the jobs of Gitea's and Forgejo's actions", 0x4AD9B6D4),
    ("Argo's archived workflows", 0x589D4FD3),
    ("Action Scheduler's actions", 0x5C0A432B),
    ("Laravel's failed jobs", 0x21B1540A),
    ("Laravel's failed jobs", 0x52568897),
    ("the messages of Symfony Messenger", 0xC06F8821),
    ("db-scheduler's tasks", 0x28D769D9),
    ("Camunda's jobs", 0x500819A4),
    ("Slurm's accounting of jobs", 0x90B85074),
    ("Temporal's workflows", 0xE4D18131),
    ("Spring Batch's executions of jobs", 0xE3C6D648),
    ("Spring Batch's executions of steps", 0xA486CB1B),
    ("Luigi's history of tasks", 0x99DBC29D),
    ("Slurm's accounting of steps", 0xF00855DB),
]
"""The checksum of each: who changes one looks at its recipe in docs/tables.md too."""


def test_no_schema_that_is_known_changes_unseen() -> None:
    kept = json.loads(FILE.read_bytes())
    found = [(one["name"], zlib.crc32(json.dumps(one, sort_keys=True).encode())) for one in kept]
    assert found == SCHEMAS
    assert [one.name for one in KNOWN] == [name for name, _ in SCHEMAS]
    for one in KNOWN:
        assert find_known(one.has) is not None
        assert find_known(one.has[1:]) is not one
