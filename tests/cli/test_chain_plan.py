"""The dry run of a chain and of a drain where something stands in the way: lines, fields and exit codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_all import drain_all
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.drain_queued import drain_queued
from batchdrain.execution.process_identity import identify_self
from tests.cli.called import invocation_of, json_of, lines_of
from tests.support.opened import hold, opened
from tests.support.workplace import Workplace

Capsys = pytest.CaptureFixture[str]
NO_RUN = "--run-id=zz*: no run matches it; `inv list-run-counts` lists the runs"


@pytest.fixture
def place(sqlite_project: Workplace) -> Workplace:
    sqlite_project.add(("r", "a", 1, "FAILED", "boom"), ("r", "b", 2, "FAILED", "boom"), ("q", "c", 1, "QUEUED", None))
    return sqlite_project


def chain(place: Workplace, **flags: Any) -> int:
    given: dict[str, Any] = {"settings": (), "max_batches": None, "stop_on_first_failure": False, **flags}
    return drain_all(invocation_of(place, dry=True), ChainFlags(**given))


def planned(place: Workplace, **flags: Any) -> int:
    return drain_failed(invocation_of(place), DrainFlags(dry_run=True, **flags))


def test_a_filter_of_a_chain_that_changes_nothing_is_told_and_fails_where_that_is_asked_for(
    place: Workplace, capsys: Capsys
) -> None:
    assert chain(place, run_id="zz*", fail_if_nothing=True) == 1
    assert capsys.readouterr().out.splitlines().count(f"  ! {NO_RUN}") == 1
    assert chain(place, run_id="zz*") == 0
    place.sql("DELETE FROM phases WHERE state = 'QUEUED'")
    assert chain(place, fail_if_nothing=True) == 0, "one part has something"


def test_what_keeps_a_chain_or_a_drain_from_beginning_is_told_once_with_the_code_of_it(
    place: Workplace, capsys: Capsys
) -> None:
    place.configure(command={"argv": ["no-such-program", "{run_id}"]})
    for task in (chain, planned):
        assert task(place) == 78
        said = capsys.readouterr()
        [line] = [line for line in said.out.splitlines() if line.startswith("A drain would not start: ")]
        assert "no-such-program" in line
        assert said.err == ""
        assert task(place, format="json") == 78
        [problem] = json_of(capsys)["problems"]
        assert line == f"A drain would not start: {problem}"


def test_what_a_dead_controller_holds_is_told_first_and_counted_as_it_would_be(place: Workplace, capsys: Capsys) -> None:
    with opened(place) as project:
        hold(project, "r/a")
    for task in (chain, planned):
        assert task(place) == 0
        lines = lines_of(capsys)
        assert lines[1].endswith(": 1 failed, 1 queued, 0 complete, 1 other in 2 runs"), "and not what the backlog read"
        assert any("r / a" in line for line in lines[3:5]), lines
    assert planned(place) == 0
    assert lines_of(capsys)[2] == "Target: Process 2 failed phases"


def test_the_plan_of_a_chain_as_json_has_each_part_and_what_changes_nothing(place: Workplace, capsys: Capsys) -> None:
    assert chain(place, format="json") == 0
    found = json_of(capsys)
    parts = [
        (one["kind"], one["total"], one["would_drain"], [phase["phase_id"] for phase in one["phases"]])
        for one in found["parts"]
    ]
    assert parts == [("queued", 1, 1, ["c"]), ("failed", 2, 2, ["a", "b"])]
    assert (found["database"], found["problems"], found["recovery"], found["without_effect"]) == (place.url, [], [], [])
    assert chain(place, format="json", run_id="zz*") == 0
    said = capsys.readouterr()
    assert said.err.splitlines() == [f"  ! {NO_RUN}"]
    assert json.loads(said.out)["without_effect"] == [NO_RUN]


def test_the_plan_says_of_which_state_it_is(place: Workplace, capsys: Capsys) -> None:
    assert planned(place, format="json") == 0
    assert json_of(capsys)["filters"]["kind"] == "failed"
    flags = ChainFlags(settings=(), max_batches=None, stop_on_first_failure=False, run_id="q", format="json")
    assert drain_queued(invocation_of(place, dry=True), flags) == 0
    found = json_of(capsys)
    assert (found["filters"]["kind"], [one["phase_id"] for one in found["phases"]]) == ("queued", ["c"])


def test_where_others_hold_all_it_is_said_of_how_many(place: Workplace, capsys: Capsys) -> None:
    place.sql("DELETE FROM phases WHERE phase_id <> 'a'")
    with opened(place) as project:
        hold(project, "r/a", by=identify_self())
    assert planned(place) == 0
    assert lines_of(capsys)[-1] == "1 is claimed by another controller: `inv sessions` shows it."


def test_what_would_be_given_back_first_is_not_said_to_be_claimed_by_others(place: Workplace, capsys: Capsys) -> None:
    with opened(place) as project:
        hold(project, "r/a")
    assert planned(place, run_id="zz*") == 0
    lines = lines_of(capsys)
    assert lines[-1] == "  2 by --run-id: not zz*"
    assert not any("claimed by another controller" in line for line in lines)
