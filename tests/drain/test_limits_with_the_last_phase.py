"""A limit that ends a session is named; one that comes with the last phase ends nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_all import drain_all
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.resume import resume_session
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.config.load import Override
from batchdrain.sessions import progress, record
from tests.drain.chaining import end_in, queue, summary_of
from tests.support import scripted_engine
from tests.support.scripted_project import ScriptedProject, scripted_project
from tests.support.workplace import Workplace

OVER = "--max-total-minutes=0.000001"  # before anything can begin, on any machine


def rows_of(*names: str) -> list[tuple[str, str, int, str, None]]:
    return [(*name.split("/"), number, "FAILED", None) for number, name in enumerate(names)]  # type: ignore[misc]


def minutes(value: str) -> list[Override]:
    return [Override("--max-total-minutes", ("stop", "max_total_minutes"), value)]


@pytest.fixture
def hours_pass(monkeypatch: pytest.MonkeyPatch) -> Callable[[ScriptedProject, int], None]:
    """From the end of a command on it is much later."""

    def let_pass(project: ScriptedProject, number: int) -> None:
        ended = 0

        def step(run_id: str, phase_id: str) -> None:
            nonlocal ended
            ended += 1
            if ended == number:
                late = lambda: time.monotonic() + 36_000  # noqa: E731
                monkeypatch.setattr("batchdrain.drain.narrowing.monotonic", late)
                for module in (progress, record):
                    monkeypatch.setattr(module, "time", type("Late", (), {"monotonic": staticmethod(late)}))

        scripted_engine.before_each_end(step, project.meddle)

    return let_pass


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_resume_whose_minutes_end_before_its_first_claim_says_so_and_not_that_the_batch_is_full(
    project: Workplace,
) -> None:
    project.fail("a/1", "a/2~while=stays", "b/3")
    assert end_in(project, "a/2", signal.SIGINT, "drain", "--policy=run-order") == 130

    ran = project.inv("resume", f"--session-id={project.session()['session_id']}", OVER)

    assert "batch full" not in ran.out, ran
    assert "Nothing to drain" not in ran.out, ran
    assert "skipped" not in ran.out, ran
    assert "  2 are left: --max-total-minutes: 1e-06 minutes of this time are over" in ran.lines
    assert any(line.startswith("Nothing was drained in ") for line in ran.lines), ran
    assert (project.session()["status"], ran.lines[-1]) == ("interrupted", "inv resume")


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_drain_whose_minutes_end_before_its_first_claim_says_so(project: Workplace) -> None:
    project.fail("a/1")
    ran = project.inv("drain", OVER)
    assert "  1 is left: stop.max_total_minutes: 1e-06 minutes are over" in ran.lines
    assert "batch full" not in ran.out, ran
    assert project.session()["status"] == "stopped"


@pytest.mark.parametrize(("ends_with", "status"), [(3, "complete"), (2, "stopped")])
def test_the_minutes_of_a_drain_stop_it_only_where_something_is_left(
    hours_pass: Callable[[ScriptedProject, int], None], ends_with: int, status: str
) -> None:
    with scripted_project(rows_of("r/a", "r/b", "s/c"), {"workers": 1}) as project:
        hours_pass(project, ends_with)
        said = project.call(drain_failed, DrainFlags(settings=minutes("300")))
        session = project.session()
        assert session is not None
        assert (session["status"], session["total_success"]) == (status, ends_with), said
        is_stopped = status == "stopped"
        assert ("Stopped because" in said, "inv resume" in said) == (is_stopped, is_stopped), said


@pytest.mark.parametrize(("ends_with", "status"), [(3, "complete"), (2, "interrupted")])
def test_the_minutes_of_one_go_leave_a_session_open_only_where_something_is_left(
    hours_pass: Callable[[ScriptedProject, int], None], ends_with: int, status: str
) -> None:
    with scripted_project(rows_of("r/a", "r/b", "s/c", "t/d"), {"workers": 1}, {0: "interrupt"}) as project:
        project.call(drain_failed, DrainFlags())
        project.happens.clear()
        hours_pass(project, ends_with)
        project.call(resume_session, ResumeFlags(settings=minutes("300")))
        session: dict[str, Any] = project.session() or {}
        left = len(project.failed())
        assert (session["status"], bool(left)) == (status, status == "interrupted"), session


@pytest.mark.parametrize("stop", [{"max_consecutive_failures": 2}, {"success_floor": 0.9, "success_floor_after": 2}])
def test_no_stop_condition_stops_a_session_with_its_last_phase(sqlite_project: Workplace, stop: dict[str, Any]) -> None:
    sqlite_project.configure(stop=stop)
    sqlite_project.fail("a/1~fail", "b/2~fail")
    ran = sqlite_project.inv("drain")
    assert (ran.code, sqlite_project.session()["status"], sqlite_project.session()["stopped_because"]) == (
        1,
        "complete",
        None,
    ), ran
    assert not any(line.startswith("inv resume") for line in ran.lines), ran
    sqlite_project.sql("UPDATE phases SET state = 'FAILED'")
    sqlite_project.fail("c/3~fail")
    assert (sqlite_project.inv("drain").code, sqlite_project.session()["status"]) == (1, "stopped")


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_chain_whose_time_is_over_before_its_first_claim_says_so_and_goes_on_later(project: Workplace) -> None:
    queue(project, "a/1~while=stays", "a/2")
    assert end_in(project, "a/1", signal.SIGINT, "drain-all") == 130

    ran = project.inv("resume", OVER)
    assert "  ! Nothing more is started: --max-total-minutes: 1e-06 minutes of this time are over" in ran.lines
    assert "batch full" not in ran.out, ran
    assert ran.lines[-1] == "inv resume"
    assert project.inv("resume").code == 0
    assert (set(project.states().values()), summary_of(project)["status"]) == ({"COMPLETE"}, "complete")


@pytest.mark.parametrize("failed", [False, True])
def test_the_minutes_of_a_chain_stop_it_between_its_parts_only_where_the_next_one_has_something(
    hours_pass: Callable[[ScriptedProject, int], None], failed: bool
) -> None:
    rows: list[Any] = [("r", "q", 0, "QUEUED", None), *(rows_of("s/f") if failed else ())]
    with scripted_project(rows, {"workers": 1}) as project:
        hours_pass(project, 1)
        said = project.call(drain_all, ChainFlags(max_batches=None, stop_on_first_failure=False, settings=minutes("300")))
        assert ("Stopped because" in said, "inv resume" in said, "Nothing more is started" in said) == (failed,) * 3, said
        assert project.sql("SELECT status FROM batchdrain_chain") == [("stopped" if failed else "complete",)]


def test_the_first_failure_stops_a_chain_though_it_is_the_last_of_its_part(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "a/1~fail")
    sqlite_project.fail("b/2")
    ran = sqlite_project.inv("drain-all", "--stop-on-first-failure")
    assert (ran.code, sqlite_project.states()["b/2"]) == (1, "FAILED"), ran
    assert "Stopped because: --stop-on-first-failure: a / 1~fail" in ran.lines


def test_a_run_that_is_stopped_is_told_of_once() -> None:
    section = {"workers": 1, "policy": ["run-order"], "refresh_s": 0.001, "stop": {"max_timeouts_per_run": 1}}
    with scripted_project(rows_of("r/1~slow", "r/2", "s/3"), section) as project:
        said = project.call(drain_failed, DrainFlags())
        told = [line for line in said.splitlines() if line.startswith("  ! ") and "max_timeouts_per_run" in line]
        assert told == ["  ! Skipping the rest of run r: stop.max_timeouts_per_run: run r timed out once"], said


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_chain_that_goes_on_in_its_failed_part_tells_of_attempts_that_had_no_effect(project: Workplace) -> None:
    queue(project, "a/1")
    project.fail("b/2~while=stays", "c/3~fail")
    told = "--max-attempts=5: no failure was transient, and only transient failures are tried again"
    assert end_in(project, "b/2", signal.SIGINT, "drain-all", "--policy=run-order", "--max-attempts=5") == 130

    ran = project.inv("resume")

    assert ran.code == 1
    assert [line.strip() for line in ran.lines].count(told) == 1, ran
