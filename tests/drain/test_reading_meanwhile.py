"""While commands run the backlog is read again: what came meanwhile is begun, and what others took is one lost claim."""

from __future__ import annotations

import pytest

from tests.support.workplace import Workplace, ended, wait_for


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_phase_that_comes_while_a_command_runs_is_begun_beside_it(project: Workplace) -> None:
    project.fail("a/1~until=comes")
    project.configure(refresh_s=0.01, workers=2)
    drain = project.start("drain", "--batch-size=100")
    wait_for(lambda: project.states()["a/1~until=comes"] == "EXECUTING", "the first phase runs")
    project.fail("b/1")
    wait_for(lambda: project.states()["b/1"] == "COMPLETE", "what came later was executed")
    assert project.states()["a/1~until=comes"] == "EXECUTING"
    (project.root / "comes").touch()
    assert ended(drain)[0] == 0
    assert project.taken() == ["b/1", "a/1~until=comes"]


def test_readings_beside_commands_cost_no_phase_and_none_is_taken_twice(sqlite_project: Workplace) -> None:
    named = [f"r{n % 6}/{n}" for n in range(36)]
    sqlite_project.fail(*named)
    sqlite_project.configure(refresh_s=0.001, workers=3)
    assert sqlite_project.inv("drain", "--batch-size=100").code == 0
    assert sorted(sqlite_project.taken()) == sorted(named)
    assert not [event for event in sqlite_project.events() if event["event"] == "claim.lost"]
