"""`inv summary` says later with which code a drain exited, whatever ended it."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.drain.chaining import end_in, queue
from tests.drain.test_ended_by_an_error import SAY, TABLES
from tests.drain.test_from_elsewhere import at_work, let_go, shown
from tests.drain.test_narrowed_resumes import interrupted
from tests.support.workplace import Workplace, ended, wait_for


def kept(project: Workplace, *flags: str) -> Any:
    found = project.inv("summary", "--format=json", *flags).json()["exit_code"]
    assert found is None or found["why"].startswith(f"Exit code {found['code']}: "), found
    return None if found is None else found["code"]


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize(("asked", "code"), [(["stop", "--now"], 143), (["stop"], 0)], ids=["now", "gently"])
def test_of_a_drain_that_was_stopped_from_elsewhere(project: Workplace, asked: list[str], code: int) -> None:
    drain, _ = at_work(project, "b/q")
    assert project.inv(*asked, "--reason=why").code == 0
    wait_for(
        lambda: any(event["event"] == "session.asked" for event in project.events()) or drain.poll(), "the drain to hear"
    )
    let_go(project)
    assert ended(drain)[0] == code
    assert kept(project) == code
    assert project.inv("resume").code == 0
    assert kept(project) == 0


def test_of_a_drain_that_was_paused_and_then_stopped(sqlite_project: Workplace) -> None:
    drain, _ = at_work(sqlite_project, "b/q~fail")
    assert sqlite_project.inv("pause").code == 0
    wait_for(lambda: [row["state"] for row in shown(sqlite_project)] == ["paused"], "the pause")
    assert sqlite_project.inv("stop", "--now").code == 0
    assert ended(drain)[0] == kept(sqlite_project) == 143


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_of_a_drain_that_a_signal_ended(sqlite_project: Workplace, number: signal.Signals) -> None:
    drain, _ = at_work(sqlite_project, "b/q")
    os.kill(drain.pid, number)
    assert ended(drain)[0] == kept(sqlite_project) == 128 + number


def test_of_a_drain_that_an_error_ended(sqlite_project: Workplace) -> None:
    drops = [f"DROP TABLE {name}" for name in TABLES]
    sqlite_project.fail("r/a", "r/b")
    sqlite_project.configure(command={"argv": ["{python}", "-c", SAY, sqlite_project.url, *drops]})
    assert sqlite_project.inv("drain").code == kept(sqlite_project) == 78


def test_of_one_go_of_a_session_that_has_more(sqlite_project: Workplace) -> None:
    drain, _ = at_work(sqlite_project, "b/q~fail", "c/r")
    os.kill(drain.pid, signal.SIGINT)
    assert ended(drain)[0] == 130
    let_go(sqlite_project)
    assert sqlite_project.inv("resume", "--batch-size=2").code == kept(sqlite_project) == 1


def test_of_one_that_died_nobody_can_tell_and_once_it_is_closed_its_results_do(sqlite_project: Workplace) -> None:
    drain, _ = at_work(sqlite_project, "b/q")
    assert kept(sqlite_project) is None
    os.kill(drain.pid, signal.SIGKILL)
    drain.communicate()
    assert kept(sqlite_project) is None
    assert sqlite_project.inv("resume", "--close").code == 0
    assert kept(sqlite_project) == 0


def test_of_a_session_whose_file_is_lost(sqlite_project: Workplace) -> None:
    drain, _ = at_work(sqlite_project, "b/q")
    assert sqlite_project.inv("stop", "--now").code == 0
    assert ended(drain)[0] == 143
    name = sqlite_project.session()["session_id"]
    sqlite_project.session_files()[0].unlink()
    assert kept(sqlite_project, f"--session-id={name}") == 143


def test_of_a_chain_it_is_that_of_the_whole(sqlite_project: Workplace) -> None:
    sqlite_project.add(("q", "a~fail", 0, "QUEUED", None), ("q", "b", 1, "QUEUED", None))
    sqlite_project.fail("r/c", "r/d")
    assert sqlite_project.inv("drain-all").code == kept(sqlite_project) == 1
    assert sqlite_project.inv("drain-all", "--min-success-rate=0.5").code == kept(sqlite_project)


def test_of_a_chain_that_was_stopped(sqlite_project: Workplace) -> None:
    sqlite_project.configure(lease={"ttl_s": 4, "beat_s": 0.2, "margin_s": 0.5})
    sqlite_project.add(("q", "a~hang", 0, "QUEUED", None))
    sqlite_project.fail("r/c")
    drain = sqlite_project.start("drain-all")
    wait_for(lambda: sqlite_project.states()["q/a~hang"] == "EXECUTING", "the first phase")
    assert sqlite_project.inv("stop", "--now").code == 0
    assert ended(drain)[0] == kept(sqlite_project) == 143


@pytest.mark.everyday("sqlite")
def test_of_one_that_found_nothing_where_that_is_to_fail(project: Workplace) -> None:
    name = interrupted(project)
    project.sql("UPDATE phases SET state = 'COMPLETE'")
    again = project.inv("resume", "--fail-if-nothing")
    found = project.inv("summary", f"--session-id={name}", "--format=json").json()["exit_code"]
    assert (again.code, found["code"]) == (1, 1), again
    assert found["why"] == "Exit code 1: nothing was selected this time (--fail-if-nothing)."
    assert found["why"] in again.out


def test_of_a_chain_that_found_nothing_where_that_is_to_fail(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "q/a", "q/b~while=stays")
    assert end_in(sqlite_project, "q/b", signal.SIGINT, "drain-all") == 130
    sqlite_project.sql("UPDATE phases SET state = 'COMPLETE'")
    again = sqlite_project.inv("resume", "--fail-if-nothing")
    assert (again.code, kept(sqlite_project)) == (1, 1), again


@pytest.mark.parametrize("task", ["drain", "drain-all"])
def test_of_a_resume_that_wanted_more_the_rate_is_told_that_it_wanted(sqlite_project: Workplace, task: str) -> None:
    project = sqlite_project
    project.fail("a/1", "a/2~fail", "b/3~while=stays", "c/4")
    assert end_in(project, "b/3", signal.SIGINT, task, "--policy=run-order", "--min-success-rate=0.5") == 130
    again = project.inv("resume", "--min-success-rate=0.9")
    why = "Exit code 1: the success rate of 75.0% is below the wanted 90.0% (min_success_rate)."
    assert (again.code, why in again.out) == (1, True), again
    found = project.inv("summary", "--format=json").json()
    assert (found["exit_code"], found["wanted_success_rate"]) == ({"code": 1, "why": why}, 0.9)
