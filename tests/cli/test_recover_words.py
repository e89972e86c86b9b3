"""What recover says of each claim and each stray, for people and programs, and what its dry run says that it would do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from batchdrain.cli.commands.list_run_counts import show_run_counts
from batchdrain.cli.commands.recover import give_all_back
from batchdrain.cli.invocation import Invocation
from batchdrain.execution.process_identity import identify_self
from tests.support.opened import hold, opened
from tests.support.workplace import Workplace

STRAY = "No claim holds s / theirs, which is EXECUTING"


@pytest.fixture
def held(sqlite_project: Workplace) -> Workplace:
    """A phase that a dead process holds, two that a living one holds, and one that nobody holds."""
    sqlite_project.fail("r/dead", "r/alive", "r/here")
    sqlite_project.add(("s", "theirs", 0, "EXECUTING", None))
    with opened(sqlite_project) as project:
        for name in ("dead", "alive", "here"):
            hold(project, f"r/{name}", by=None if name == "dead" else identify_self())
    return sqlite_project


def recover(place: Workplace, *, dry: bool = False, shape: str = "text") -> int:
    section = json.loads((place.root / "invoke.yaml").read_text())["batchdrain"]
    return give_all_back(Invocation(section=section, environ={}, root=place.root, dry=dry), shape=shape)


def without_seconds(line: str) -> str:
    """The line without the seconds that a lease still lasts: they pass between two looks."""
    return re.sub(r"lasts \d+ s", "lasts", line)


def fields(phase_id: str, **more: Any) -> dict[str, Any]:
    return {"run_id": "r", "phase_id": phase_id, **more}


def test_a_dry_run_says_of_each_claim_whether_it_would_be_given_back_and_changes_nothing(
    held: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held.states()
    assert recover(held, dry=True) == 0
    told = capsys.readouterr().out.splitlines()
    assert sorted(line.partition(": attempt")[0].partition(": batchdrain will not")[0] for line in told) == [
        "1 would be recovered, 2 still held. Nothing was written.", STRAY, "Would be released: r / dead", "Would stay held: r / alive",
        "Would stay held: r / here",
    ]  # fmt: skip
    assert recover(held, dry=True, shape="json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["recovered"] == []
    assert sorted(map(without_seconds, found["said"])) == sorted(map(without_seconds, told))
    assert sorted(found["held"], key=str) == [
        fields("alive", is_due=False), fields("dead", is_due=True), fields("here", is_due=False),
    ]  # fmt: skip
    assert held.states() == before


def test_what_was_given_back_is_told_and_counted_and_what_is_still_held_is_named(
    held: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recover(held) == 0
    first, summed, *rest = capsys.readouterr().out.splitlines()
    assert (first.partition(";")[0], summed) == (
        "Released: r / dead: it is FAILED, orphaned once",
        "1 recovered, 2 still held.",
    )
    assert sorted(line.partition(": ")[0] for line in rest) == ["  r / alive", "  r / here", STRAY]
    assert recover(held, shape="json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["recovered"], found["said"][0]) == ([], "0 recovered, 2 still held.")
    assert sorted(found["held"], key=str) == [fields("alive", is_due=False), fields("here", is_due=False)]


def test_what_the_table_does_not_take_back_is_told_with_its_problem_and_not_counted_as_recovered(
    held: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    held.sql("CREATE TRIGGER never BEFORE UPDATE ON phases BEGIN SELECT RAISE(ABORT, 'never'); END")
    assert recover(held, shape="json") == 78
    found = json.loads(capsys.readouterr().out)
    [one] = found["recovered"]
    assert (one["phase_id"], "never" in one["problem"]) == ("dead", True)
    assert found["said"][0].startswith("Can't be settled now: r / dead: ")
    assert found["said"][1] == "0 recovered, 3 still held."
    held.sql("DROP TRIGGER never")
    recover(held, shape="json")
    assert json.loads(capsys.readouterr().out)["recovered"] == [fields("dead", problem=None)]


def test_the_phases_of_each_run_are_counted_under_the_name_of_their_state(
    sqlite_project: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    states = ["FAILED"] * 2 + ["QUEUED"] * 3 + ["COMPLETE"] * 4 + ["EXECUTING"]
    sqlite_project.add(*(("r", str(number), number, state, None) for number, state in enumerate(states)))
    sqlite_project.add(("s\x1b", "p", 0, "FAILED", None))
    section = json.loads((sqlite_project.root / "invoke.yaml").read_text())["batchdrain"]

    def shown(shape: str) -> str:
        show_run_counts(Invocation(section=section, environ={}, root=sqlite_project.root, dry=False), format_name=shape)
        return capsys.readouterr().out

    header, *lines = shown("text").splitlines()
    assert header.endswith("3 failed, 3 queued, 4 complete, 1 other in 2 runs")
    assert lines == [
        "  QUEUED   FAILED COMPLETE    OTHER  RUN",
        "       3        2        4        1  r",
        "       0        1        0        0  s\\x1b",
    ]
    assert shown("tsv").splitlines()[0] == "r\t3\t2\t4\t1"
    assert json.loads(shown("json"))[0] == {"run_id": "r", "queued": 3, "failed": 2, "complete": 4, "other": 1}
