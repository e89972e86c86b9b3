"""A run may be named `*`, or `build[1]`: what is said of it is said of it alone."""

from __future__ import annotations

import pytest

from tests.chaos.faults import fault
from tests.support.workplace import Workplace


@fault(84)
@pytest.mark.parametrize("name", ["*", "?", "[ab]", "a*"])
def test_a_run_that_is_named_as_a_glob_is_accepted_alone(project: Workplace, name: str) -> None:
    project.fail(f"{name}/p", "a/p", "ab/p")
    ran = project.inv("accept", f"--run-id={name}", "--reason=known")
    assert (ran.code, "(1 failed phase now)" in ran.out) == (0, True), ran
    assert project.inv("drain").code == 0
    assert project.states() == {f"{name}/p": "FAILED", "a/p": "COMPLETE", "ab/p": "COMPLETE"}
    assert project.inv("accept", "--clear", f"--run-id={name}").code == 0
    assert project.inv("drain").code == 0
    assert project.states()[f"{name}/p"] == "COMPLETE"


@fault(84)
@pytest.mark.everyday("sqlite")
def test_a_run_that_is_named_as_a_glob_is_hinted_alone(project: Workplace) -> None:
    project.fail("a/p", "*/p", "b/p")
    ran = project.inv("hint", "--run-id=*", "--priority=5")
    assert "(1 run now)" in ran.out
    assert project.inv("pick-next-run", "--state=failed").out.split("\t")[0] == "*"
    project.inv("drain")
    assert project.taken()[0] == "*/p"
    assert project.inv("hint", "--clear", "--run-id=*").code == 0


@fault(84)
@pytest.mark.everyday("sqlite")
def test_what_was_said_of_every_run_before_there_was_such_a_run_can_be_taken_back(project: Workplace) -> None:
    project.fail("a/p")
    assert "(1 failed phase now)" in project.inv("accept", "--run-id=*", "--reason=known").out
    assert project.inv("hint", "--run-id=*", "--priority=5").code == 0
    project.fail("*/p")
    assert project.inv("accept", "--clear", "--run-id=*").code == 0
    assert project.inv("hint", "--clear", "--run-id=*").code == 0
    assert project.inv("drain").code == 0


@fault(84)
@pytest.mark.everyday("sqlite")
def test_run_id_is_no_glob_and_a_glob_can_name_the_run_by_brackets(project: Workplace) -> None:
    project.fail("*/p", "a/p", "build[1]/p", "build1/p")
    assert project.inv("drain", "--run-id=*").code == 0
    assert project.states() == {"*/p": "COMPLETE", "a/p": "FAILED", "build[1]/p": "FAILED", "build1/p": "FAILED"}
    project.sql("UPDATE phases SET state = 'FAILED'")
    assert project.inv("drain", "--exclude-run=[*],build[[]1]").code == 0
    assert project.states() == {"*/p": "FAILED", "a/p": "COMPLETE", "build[1]/p": "FAILED", "build1/p": "COMPLETE"}
    project.sql("UPDATE phases SET state = 'FAILED'")
    assert project.inv("drain", "--exclude-run=build[1]").code == 0
    assert project.states()["build[1]/p"] == "FAILED"
