"""A session whose process is dead is completed as it stands, and starts no work."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.chaos.test_controllers import lease_is_over
from tests.chaos.test_other_hosts import ELSEWHERE
from tests.drain.chaining import queue
from tests.support.aging import age
from tests.support.workplace import Workplace, wait_for


def killed(work: Workplace) -> str:
    """A session whose process was killed while it held a phase, after one result."""
    work.fail("r/a", "r/b~hang", "r/c")
    drain = work.start("drain")
    wait_for(lambda: work.states()["r/b~hang"] == "EXECUTING" and work.states()["r/a"] == "COMPLETE", "the second phase")
    wait_for(lambda: work.session()["results"], "the first result")
    living = work.inv("resume", "--close")
    assert (living.code, f"process {drain.pid} is draining it" in living.err) == (73, True), living
    os.kill(drain.pid, signal.SIGKILL)
    drain.communicate()
    return str(work.session()["session_id"])


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_a_dead_session_is_closed_and_gives_back_what_it_held(project: Workplace) -> None:
    name = killed(project)

    shown = project.inv("--dry", "resume", "--close")
    assert (shown.code, shown.lines[-1].startswith(f"Would be closed without running anything: session {name}, 1 of")) == (
        0,
        True,
    ), shown
    assert project.session()["status"] == "running"
    ran = project.inv("resume", "--close")

    assert (ran.code, ran.lines[-1].startswith(f"Closed without running anything: session {name}, 1 of")) == (0, True), ran
    assert "Released: r / b~hang: it is FAILED" in ran.out
    assert project.states() == {"r/a": "COMPLETE", "r/b~hang": "FAILED", "r/c": "FAILED"}, "no work was started"
    session = project.session()
    assert (session["status"], session["total_processed"], session["completed_at"] is not None) == ("complete", 1, True)
    assert session["stopped_because"] == "closed by `inv resume --close`"
    assert project.events()[-1]["event"] == "session.completed"
    assert "no session is incomplete" in project.inv("resume").out
    assert "no session is incomplete" in project.inv("resume", "--close").out
    again = project.inv("resume", "--close", f"--session-id={name}")
    assert (again.code, again.lines[-1]) == (0, f"Session {name} is complete already.")
    age(project, 40, name)
    assert project.inv("prune", "--older-than=30d", "--yes").code == 0
    assert list(project.sessions.iterdir()) == []


def test_a_dead_session_whose_file_is_lost_is_closed_from_the_ledger(sqlite_project: Workplace) -> None:
    name = killed(sqlite_project)
    sqlite_project.session_files()[0].unlink()
    assert sqlite_project.inv("resume", "--close", f"--session-id={name}").code == 0
    assert (sqlite_project.session()["status"], sqlite_project.session()["total_success"]) == ("complete", 1)


def test_closing_starts_no_work_and_takes_no_limits(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    ran = sqlite_project.inv("resume", "--close", "--batch-size=3")
    assert (ran.code, "--batch-size: --close starts no work" in ran.err) == (2, True)
    nothing = sqlite_project.inv("resume", "--close")
    assert (nothing.code, "no session is incomplete" in nothing.out) == (0, True)
    assert sqlite_project.states() == {"r/a": "FAILED"}


@pytest.mark.everyday("sqlite")
def test_a_closed_session_runs_for_nobody_any_more_and_its_torn_file_is_kept(sqlite_project: Workplace) -> None:
    """From elsewhere it is seen by its row in the ledger alone."""
    name = killed(sqlite_project)
    sqlite_project.session_files()[0].write_text('{"torn')
    assert sqlite_project.sql("SELECT status, ended_ms IS NULL FROM batchdrain_session") == [(None, 1)]
    assert sqlite_project.inv("resume", "--close", f"--session-id={name}").code == 0
    assert sqlite_project.sql("SELECT status, ended_ms IS NULL FROM batchdrain_session") == [("complete", 0)]
    assert (sqlite_project.sessions / f"{name}.json.corrupt-1").read_text() == '{"torn'
    assert sqlite_project.session()["total_success"] == 1


def test_with_a_session_every_other_one_of_its_chain_is_closed(sqlite_project: Workplace) -> None:
    """An error may have ended both of its parts: nothing of a chain that is complete is to be resumed."""
    takes = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=30); "
    takes += "c.execute('UPDATE batchdrain_claim SET epoch = epoch + 1 WHERE owner IS NOT NULL'); c.commit()"
    queue(sqlite_project, "r/q")
    sqlite_project.fail("r/f")
    sqlite_project.configure(command={"argv": ["{python}", "-c", takes, sqlite_project.url.removeprefix("sqlite:///")]})
    assert sqlite_project.inv("drain-all").code == 76

    shown = sqlite_project.inv("--dry", "resume", "--close")
    ran = sqlite_project.inv("resume", "--close")

    assert [
        ran.out.count("Closed without running anything: session "),
        shown.out.count("Would be closed without running anything: "),
    ] == [2, 2], ran
    assert {json.loads(path.read_text())["status"] for path in sqlite_project.session_files()} == {"complete"}
    assert "no session is incomplete" in sqlite_project.inv("resume").out


@pytest.mark.everyday("sqlite")
def test_a_session_that_another_machine_may_still_drain_stays_until_its_lease_is_over(project: Workplace) -> None:
    """Its lock is of this machine: what it holds tells more."""
    name = killed(project)
    project.sql(ELSEWHERE)

    early = project.inv("resume", "--close")
    assert (early.code, f"session {name}: holds r / b~hang: attempt 1, process " in early.err) == (73, True), early
    assert (project.session()["status"], project.states()["r/b~hang"]) == ("running", "EXECUTING")

    lease_is_over(project)
    assert project.inv("resume", "--close").code == 0
    assert (project.session()["status"], project.states()["r/b~hang"]) == ("complete", "FAILED")


def leave_retry(work: Workplace, run: str) -> None:
    """Interrupt a drain of the run while one of its phases waits to be tried again."""

    def waits() -> bool:
        told = [one for at in range(len(work.session_files())) for one in work.events(at)]
        return any(one["event"] == "phase.retry_scheduled" and one["run_id"] == run for one in told)

    drain = work.start("drain", f"--run-id={run}")
    wait_for(waits, "its retry to wait")
    drain.terminate()
    drain.communicate(timeout=60)


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_a_retry_of_a_closed_session_keeps_nobody_from_its_phase_and_those_of_other_sessions_wait_on(
    project: Workplace,
) -> None:
    project.configure(retry={"initial_s": 3600, "max_s": 3600})
    project.fail("a/p~transient", "b/p~transient")
    leave_retry(project, "a")
    leave_retry(project, "b")
    assert "All 2 failed phases are skipped" in (before := project.inv("dry-run")).out, before
    assert project.inv("resume", "--close").code == 0, "the newest"
    taken = [(one["run_id"], one["phase_id"]) for one in project.inv("dry-run", "--format=json").json()["phases"]]
    assert taken == [("b", "p~transient")]
