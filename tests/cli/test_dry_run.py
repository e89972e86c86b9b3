"""The dry run is the drain: it counts what the drain counts, and says what only results can tell."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from tests.support.scripted_project import Row, ScriptedProject, scripted_project
from tests.support.workplace import Workplace

DRY = DrainFlags(dry_run=True)
JSON = DrainFlags(dry_run=True, format="json")
BROKEN = "RuntimeError: the shared service is broken"


def rows_of(*names: str, reason: str | None = None) -> list[Row]:
    """'run/phase', failed."""
    return [(run, phase, index, "FAILED", reason) for index, (run, phase) in enumerate(name.split("/") for name in names)]


def as_json(project: ScriptedProject) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(project.call(drain_failed, JSON))
    return found


def test_what_parking_may_leave_out_is_planned_as_up_to_so_many() -> None:
    with scripted_project(rows_of(*(f"r{n}/p~alike" for n in range(7)), reason=BROKEN), {}) as project:
        text, plan = project.call(drain_failed, DRY), as_json(project)
        assert "Would drain up to 7 of 7: 0 are skipped, 0 do not fit into the batch\n" in text
        assert "  fewer if results make it end sooner: stop.max_repeats\n" in text
        assert (plan["would_drain"], plan["is_upper_bound"], plan["may_end_by"]) == (7, True, ["stop.max_repeats"])
        project.call(drain_failed, DrainFlags())
        assert project.results() == 3


@pytest.mark.parametrize(
    ("names", "stop", "rules"),
    [
        (["r/a", "s/a", "t/a"], {}, []),
        (["r/a", "r/b", "r/c"], {"max_timeouts_per_run": 2}, ["stop.max_timeouts_per_run"]),
        (["r/a", "r/b"], {"max_timeouts_per_run": 2}, []),
        (["r/a", "s/a", "t/a"], {"max_consecutive_failures": 2}, ["stop.max_consecutive_failures"]),
        (["r/a", "s/a", "t/a"], {"max_consecutive_failures": 3}, []),
        (["r/a", "s/a"], {"max_total_minutes": 5}, ["stop.max_total_minutes"]),
        (["r/a"], {"max_total_minutes": 5, "max_consecutive_failures": 1}, []),
        (["r/a", "s/a"], {"canary": True, "canary_size": 2}, ["stop.canary"]),
    ],
)
def test_a_plan_names_the_stop_conditions_that_may_end_it_and_no_others(
    names: list[str], stop: dict[str, Any], rules: list[str]
) -> None:
    with scripted_project(rows_of(*names, reason="boom"), {"stop": {"max_repeats": 3, **stop}}) as project:
        assert as_json(project)["may_end_by"] == rules
        assert ("up to" in project.call(drain_failed, DRY)) is bool(rules)


def test_rows_of_one_name_are_planned_and_drained_by_nobody() -> None:
    with scripted_project(rows_of("r/a", "r/a", reason="boom"), {}) as project:
        project.sql("INSERT INTO phases VALUES ('s', 'b', 0, 'FAILED', NULL), ('s', 'b', 1, 'COMPLETE', NULL)")
        text, plan = project.call(drain_failed, DRY), as_json(project)
        assert (plan["total"], plan["would_drain"], sum(one["count"] for one in plan["skipped"])) == (3, 0, 3)
        assert {one["rule"] for one in plan["skipped"]} == {"bad data"}
        assert "All 3 failed phases are skipped:\n  3 by bad data: r / a: these ids name more than one row" in text
        assert plan["nothing_selected"][0].startswith("Nothing to drain in ")
        said = project.call(drain_failed, DrainFlags())
        assert (project.session(), project.code) == (None, 65)
        assert "All 3 failed phases are skipped:" in said


def test_explaining_as_json_gives_every_phase_its_one_reason() -> None:
    with scripted_project(rows_of("r/a", "r/b", "s/a", "t/a"), {"batch_size": 1}) as project:
        flags = DrainFlags(dry_run=True, format="json", explain=True, exclude_run=("t",))
        plan = json.loads(project.call(drain_failed, flags))
        assert "explanation" not in as_json(project)
        told = {(one["run_id"], one["phase_id"]): (one["chosen"], one["rule"]) for one in plan["explanation"]}
        assert told == {
            ("r", "a"): (True, None), ("r", "b"): (False, "batch is full"), ("s", "a"): (False, "batch is full"),
            ("t", "a"): (False, "--exclude-run"),
        }  # fmt: skip
        assert all(one["reason"] for one in plan["explanation"])


def test_quiet_leaves_the_sums_alone() -> None:
    with scripted_project(rows_of("r/a", "r/b"), {"batch_size": 1}) as project:
        header, database, target, blank, *rest = project.call(drain_failed, DrainFlags(dry_run=True, quiet=True)).splitlines()
        assert (header, database[:10], target, blank) == (
            "Dry run: nothing is written",
            "Database: ",
            "Target: Process 1 failed phase",
            "",
        )
        assert rest == ["Would drain 1 of 2: 0 are skipped, 1 does not fit into the batch"]


def test_quiet_leaves_the_sums_of_an_explanation_alone() -> None:
    with scripted_project(rows_of("r/a", "r/b"), {"batch_size": 1}) as project:
        said = project.call(drain_failed, DrainFlags(dry_run=True, quiet=True, explain=True)).splitlines()
        assert said[4:] == [
            "Would drain 1 of 2: 0 are skipped, 1 does not fit into the batch",
            "",
            "Every failed phase, by the rule that selects it or skips it:",
            "        1 chosen",
            "        1 does not fit into the batch",
            "        2 failed in all",
        ]


def test_it_says_that_more_may_follow_once_runs_are_complete() -> None:
    section = {"depends_on": [{"run": "late", "after": ["early"]}]}
    with scripted_project(rows_of("early/a", "late/a", "late/b"), section) as project:
        said = project.call(drain_failed, DRY)
        assert "Target: Process up to 3 failed phases" in said
        assert "Would drain up to 3 of 3: 2 are skipped, 0 do not fit into the batch" in said
        assert (
            "  2 of them are among the skipped, and follow once the runs are complete that they wait for (depends_on)" in said
        )
        assert (as_json(project)["would_drain"], as_json(project)["may_follow"]) == (1, 2)
        project.call(drain_failed, DrainFlags())
        assert project.results() == 3


def test_it_says_that_none_may_follow_where_the_batch_has_no_room() -> None:
    section = {"depends_on": [{"run": "late", "after": ["early"]}], "batch_size": 1}
    with scripted_project(rows_of("early/a", "late/a", "late/b"), section) as project:
        said = project.call(drain_failed, DRY)
        assert "Would drain 1 of 3: 2 are skipped, 0 do not fit into the batch" in said
        assert "follow" not in said
        assert as_json(project)["may_follow"] == 0


def test_it_says_why_a_drain_would_not_begin() -> None:
    with scripted_project(rows_of("r/a"), {"engine": "no_such_module:engine"}) as project:
        assert "A drain would not start: batchdrain.engine: 'no_such_module:engine'" in project.call(drain_failed, DRY)
        assert "no_such_module" in as_json(project)["problems"][0]


def test_it_writes_nothing_beside_a_ledger_and_sessions_either() -> None:
    with scripted_project(rows_of("r/a~fail", "r/b"), {"batch_size": 1}) as project:
        project.call(drain_failed, DrainFlags())
        (project.root / "out").unlink()
        shutil.copytree(project.root, copy := project.root.with_name(f"{project.root.name}-before"))
        try:
            for flags in (DRY, JSON, DrainFlags(dry_run=True, explain=True), DrainFlags(dry_run=True, resume=True)):
                project.call(drain_failed, flags)
            (project.root / "out").unlink()
            for path in copy.rglob("*"):
                there = project.root / path.relative_to(copy)
                assert path.is_dir() or path.read_bytes() == there.read_bytes(), path
            assert len(list(copy.rglob("*"))) == len(list(project.root.rglob("*")))
        finally:
            shutil.rmtree(copy)


def test_with_several_workers_it_says_that_others_may_come_in_between(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/1", "a/2", "b/1")
    said = "  with 2 workers others may be among them: two phases of one run are never executed at the same time"
    assert said in sqlite_project.inv("dry-run", "--workers=2", "--batch-size=2").lines
    assert not [line for line in sqlite_project.inv("dry-run", "--batch-size=2").lines if "others may be" in line]
    assert sqlite_project.inv("dry-run", "--workers=2", "--format=json").json()["workers"] == 2
