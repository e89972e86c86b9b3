"""A forecast holds where phases fail again in other ways than before, and where they fail as before: on a real database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.planning.forecast import ENOUGH
from tests.support.scripted_project import Row, ScriptedProject, scripted_project

STORED = "RuntimeError: the shared service is broken"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
UNPARKED: dict[str, Any] = {"batch_size": 100, "stop": {"max_repeats": 0, "same_new_failure": 0}}


def rows(run: str, act: str, reason: str = STORED) -> list[Row]:
    """Of one cluster. Half of them are fixed; each of the others fails by its first letter, or as all others do."""
    found: list[Row] = []
    for at, letter in enumerate(LETTERS):
        found += [
            (f"{run}{at}", f"{letter}~{act}", 2 * at, "FAILED", reason),
            (f"{run}{at}", f"{letter}~ok", 2 * at + 1, "FAILED", reason),
        ]
    return found


def drain(project: ScriptedProject, **section: Any) -> dict[str, Any]:
    project.section.update(section)
    project.call(drain_failed, DrainFlags())
    session = project.session()
    assert session is not None
    return session


def foreseen(project: ScriptedProject) -> dict[str, Any]:
    return dict(json.loads(project.call(drain_failed, DrainFlags(dry_run=True, format="json")))["forecast"])


def learn(project: ScriptedProject) -> None:
    """What failed is mended by somebody: only new phases are left."""
    assert len(drain(project)["results"]) > ENOUGH
    project.sql("DELETE FROM phases")


@pytest.mark.parametrize("act", ["fail", "alike"])
def test_what_comes_lies_within_where_phases_fail_differently_and_where_they_repeat(act: str) -> None:
    """The same chances, the same stored texts: only in the second ledger do phases fail as before, which parks their cluster."""
    with scripted_project(rows("a", act), UNPARKED) as project:
        learn(project)
        project.sql("INSERT INTO phases VALUES (?, ?, ?, ?, ?)", *rows("b", act))
        project.section["stop"] = {"same_new_failure": 0}
        told, came = foreseen(project), drain(project)
        assert told == came["forecast"]
        assert told["fixed_low"] <= came["total_success"] <= told["fixed_high"]
        fixed = came["total_success"]
        assert (len(came["results"]), fixed) == ((52, 26) if act == "fail" else (5, 2))


def test_a_cluster_whose_text_changes_after_the_first_attempt_is_parked_by_nobody_and_foreseen_so() -> None:
    """Another program stored the texts; the command says the same in words of its own."""
    stored = "pipeline step lost its worker"
    with scripted_project(rows("a", "alike", stored), UNPARKED) as project:
        learn(project)
        project.sql("INSERT INTO phases VALUES (?, ?, ?, ?, ?)", *rows("b", "alike", stored))
        project.section["stop"] = {}
        told, came = foreseen(project), drain(project)
        assert (came["total_success"], len(came["results"])) == (26, 52)
        assert told["fixed_low"] <= 26 <= told["fixed_high"]
        again = foreseen(project)
        assert again["planned"] == 26, "now their own words are stored, which nobody has tried"
        came = drain(project)
        assert (came["total_success"], len(came["results"])) == (0, 3)


def apart(run: str) -> list[Row]:
    """Each of another cluster than its neighbours. Three in four fail, all in one way; those that are fixed come last."""
    acts = ["ok" if number % 4 == 3 else "alike" for number in range(52)]
    return [
        (
            f"{run}{number}",
            f"p~{act}",
            number + 100 * (act == "ok"),
            "FAILED",
            f"ValueError: no luck with {LETTERS[number % 26] * 5}",
        )
        for number, act in enumerate(acts)
    ]


def test_a_command_that_fails_the_same_way_whatever_the_phase_is_foreseen_to_end_the_drain() -> None:
    with scripted_project(apart("a"), UNPARKED) as project:
        learn(project)
        project.sql("INSERT INTO phases VALUES (?, ?, ?, ?, ?)", *apart("b"))
        project.section["stop"] = {}
        told, came = foreseen(project), drain(project)
        assert came["stopped_because"].startswith("stop.same_new_failure")
        assert (len(came["results"]), came["total_success"]) == (5, 0)
        assert (told["planned"], told["fixed_low"]) == (52, 0), "nobody ends it where 13 of them are fixed"
        assert told["fixed_high"] < 13
