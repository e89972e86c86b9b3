"""docs/schema.json holds what every task prints with --format=json."""

from __future__ import annotations

import json
import sys
from typing import Any

import jsonschema
import pytest

from batchdrain.cli.tasks.flags import FLAGS
from batchdrain.collection import ns
from tests.docs.pages import DOCS
from tests.support.workplace import Workplace

SCHEMA = json.loads((DOCS / "schema.json").read_text())


def held(task: str, found: Any) -> None:
    jsonschema.validate(found, {**SCHEMA, "$ref": f"#/$defs/{task}"}, cls=jsonschema.Draft202012Validator)


def test_every_task_prints_json_and_has_its_definition() -> None:
    assert {name.replace("_", "-") for name in FLAGS} == set(SCHEMA["$defs"]) == set(ns.task_names)
    for name, flags in FLAGS.items():
        assert "json" in next(flag.choices for flag in flags if flag.name == "format"), name


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        held("summary", {"session_id": "s"})


CALLS: dict[str, list[list[str]]] = {
    "before": [["doctor"], ["clusters"], ["list-run-counts"], ["pick-next-run"], ["sessions"], ["dry-run"]],
    "plans": [["--dry", "triage"], ["--dry", "drain-all"], ["--dry", "drain-queued", "--run-id=q"], ["resume"], ["resume", "--close"]],
    "notes": [["hint"], ["hint", "--run-id=r", "--priority=2"], ["hint"], ["hint", "--run-id=r", "--clear"]],
    "acceptances": [["accept"], ["accept", "--run-id=s", "--reason=known", "--until=7d"], ["accept"], ["accept", "--run-id=s", "--clear"]],
    "drains": [["drain", "--batch-size=1"], ["drain-queued", "--run-id=q", "--batch-size=1", "--max-batches=1"], ["summary"], ["sessions"]],
    "chains": [["chain-with-queued", "--run-id=q"], ["drain-all"], ["drain-all"], ["drain", "--run-id=q"], ["summary"]],
    "phases": [["explain"], ["explain", "--run-id=r", "--phase-id=b"], ["drain", "--batch-size=2"], ["reopen"], ["explain", "--run-id=r"],
               ["explain", "--run-id=r", "--phase-id=a~fail"], ["explain", "--run-id=q", "--phase-id=a"]],
    "after": [["status"], ["stop"], ["pause"], ["continue"], ["recover"], ["--dry", "recover"], ["triage"], ["prune", "--older-than=30d"]],
}  # fmt: skip


@pytest.mark.parametrize("kind", CALLS)
def test_what_each_task_prints_is_what_the_schema_says(sqlite_project: Workplace, kind: str) -> None:
    place = sqlite_project
    place.configure(triage={"argv": [sys.executable, "-c", ""]}, retry={"max_attempts": 1})
    place.fail("r/a~fail", "r/b", "s/c~fail", reason="boom")
    place.add(("q", "a", 1, "QUEUED", None), ("q", "b", 2, "QUEUED", None))
    for argv in CALLS[kind]:
        ran = place.inv(*argv, "--format=json")
        assert ran.code in {0, 1}, (argv, ran)
        held(next(word for word in argv if not word.startswith("-")), ran.json())


def test_each_line_of_the_events_is_what_the_schema_says(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a~fail", "r/b")
    sqlite_project.inv("drain")
    lines = sqlite_project.inv("events", "--format=json").lines
    assert len(lines) == len(sqlite_project.events())
    for line in lines:
        held("events", json.loads(line))


def test_a_demo_and_a_new_section_are_told_as_json_too(sqlite_project: Workplace) -> None:
    place = sqlite_project
    (place.root / "invoke.yaml").unlink()
    env = {"DATABASE_URL": place.url}
    place.fail("r/a")
    for argv, code in ((["--dry", "init"], 0), (["init"], 0)):
        ran = place.inv(*argv, "--format=json", env=env)
        assert ran.code == code, ran
        held("init", ran.json())
    ran = place.inv("demo", "--phases=3", "--format=json", env={"DATABASE_URL": f"sqlite:///{place.root}/demo.db"})
    assert ran.code == 0, ran
    held("demo", ran.json())
