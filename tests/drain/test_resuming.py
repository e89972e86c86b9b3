"""What resume does, and that its dry run says the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.drain.interrupting import interrupt_while_hanging
from tests.support.workplace import Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")


def left_behind(project: Workplace) -> None:
    """A session that was stopped while two phases waited to be tried again, after three of five."""
    project.configure(retry={"initial_s": 3600, "max_s": 3600})
    project.fail("a/1~transient", "b/2~transient", "c/3", "d/4", "e/5", "f/6")
    drain = project.start("drain", "--batch-size=5", "--policy=run-order")
    wait_for(lambda: project.states()["e/5"] == "COMPLETE", "the batch to be full but for its retries")
    drain.terminate()
    drain.communicate(timeout=60)
    assert drain.returncode == 143
    retry_now(project)


def retry_now(project: Workplace) -> None:
    """Move the time of the retries into the past, instead of waiting for it."""
    path = project.session_files()[-1]
    session = json.loads(path.read_text())
    for result in session["results"]:
        if result["retry_at"] is not None:
            result["retry_at"] = "2001-01-01T00:00:00Z"
    path.write_text(json.dumps(session))
    project.sql("UPDATE batchdrain_claim SET next_at_ms = 0 WHERE next_at_ms IS NOT NULL")


def test_a_dry_run_of_a_resumption_shows_the_retries_first_and_resume_takes_them(project: Workplace) -> None:
    left_behind(project)

    told = project.inv("dry-run", "--resume", "--explain")
    made = project.inv("dry-run", "--resume", "--format=json", "--output=PLAN.json").json()

    assert told.code == 0, told
    assert [line for line in told.lines if line.startswith("[")] == ["[1/2] a / 1~transient", "[2/2] b / 2~transient"]
    assert told.lines[-1].split()[:1] == [str(sum(int(line.split()[0]) for line in told.lines[-3:-1]))]
    assert [phase["run_id"] for phase in made["phases"]] == ["a", "b"]
    assert json.loads((project.root / "PLAN.json").read_text()) == made

    assert project.inv("resume").code == 0
    assert project.states() == {**dict.fromkeys(project.states(), "COMPLETE"), "f/6": "FAILED"}


@pytest.mark.parametrize("dry", [True, False])
def test_a_resumption_that_would_widen_its_session_is_refused_dry_or_not(sqlite_project: Workplace, dry: bool) -> None:
    left_behind(sqlite_project)
    flags = ["--dry"] if dry else []

    size = sqlite_project.inv(*flags, "resume", "--batch-size=50")
    quarantined = sqlite_project.inv(*flags, "drain", "--resume", "--include-quarantined")

    assert (size.code, "--batch-size 50: the session's own is 5" in size.err) == (2, True), size
    assert (quarantined.code, "--include-quarantined" in quarantined.err) == (2, True), quarantined


def test_a_dry_run_of_a_resumption_heeds_what_stopped_the_session(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_repeats": 2})
    sqlite_project.fail("a/1~alike", "b/2~alike", "c/3", reason="RuntimeError: the shared service is broken")
    sqlite_project.inv("drain", "--batch-size=2")
    path = sqlite_project.session_files()[-1]
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "batch_size": 3, "status": "interrupted", "completed_at": None})
    )

    told = sqlite_project.inv("dry-run", "--resume")

    assert "1 by stop.max_repeats" in told.out, told.out
    assert sqlite_project.inv("resume").code == 1
    assert sqlite_project.states()["c/3"] == "FAILED"


def test_a_session_that_goes_on_with_a_copy_of_its_database_says_so(sqlite_project: Workplace, tmp_path: Path) -> None:
    """A copy has the same identity: whoever resumes may have forgotten which one is set."""
    sqlite_project.fail("r/a", "r/b")
    sqlite_project.inv("drain", "--batch-size=1")
    path = sqlite_project.session_files()[-1]
    session = json.loads(path.read_text())
    path.write_text(json.dumps({**session, "status": "interrupted", "completed_at": None, "batch_size": 2}))
    shutil.copy(tmp_path / "work.db", tmp_path / "copy.db")
    sqlite_project.configure(database_url=f"sqlite:///{tmp_path}/copy.db")
    ran = sqlite_project.inv("resume")
    assert ran.code == 0, ran.err
    began = f"The session began with the database at {tmp_path}/work.db, and continues with the one at {tmp_path}/copy.db"
    assert f"  ! {began}" in ran.lines


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_session_that_goes_on_where_it_began_says_nothing_of_it(project: Workplace) -> None:
    project.fail("r/a", "r/b")
    project.inv("drain", "--batch-size=1")
    path = project.session_files()[-1]
    session = json.loads(path.read_text())
    path.write_text(json.dumps({**session, "status": "interrupted", "completed_at": None, "batch_size": 2}))
    assert "The session began" not in project.inv("resume").out


def test_a_session_goes_on_with_the_rows_that_it_was_begun_on_alone(sqlite_project: Workplace) -> None:
    sqlite_project.source = {"where": "run_id <> 'c'"}
    sqlite_project.configure()
    sqlite_project.fail("a/p", "b/p", "c/p")
    sqlite_project.inv("drain", "--batch-size=1")
    name = sqlite_project.session()["session_id"]
    sqlite_project.source = {}
    sqlite_project.configure()

    ran = sqlite_project.inv("resume", f"--session-id={name}")

    assert (ran.code, "was begun with another batchdrain.source" in ran.err) == (65, True), ran
    assert sqlite_project.states()["c/p"] == "FAILED"


def test_a_command_that_changed_since_is_told_by_resume(sqlite_project: Workplace) -> None:
    left_behind(sqlite_project)
    sqlite_project.configure(command={"argv": ["true"]})
    assert "The command is not the one that the session began with" in sqlite_project.inv("resume").out


def test_a_resumption_that_finds_nothing_left_says_why(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/p")
    sqlite_project.inv("drain", "--batch-size=5")
    name = sqlite_project.session()["session_id"]
    sqlite_project.sql("UPDATE phases SET state = 'FAILED'")

    ran = sqlite_project.inv("resume", f"--session-id={name}")

    assert (ran.code, "1 by already attempted: in this session" in ran.out) == (0, True), ran


def test_a_session_whose_batch_is_done_says_so_and_what_begins_a_new_one(project: Workplace) -> None:
    project.fail("a/p", "b/p", "c/p")
    project.inv("drain", "--batch-size=1", "--policy=run-order")
    name, ended_at = project.session()["session_id"], project.session()["completed_at"]
    project.sql("UPDATE phases SET state = 'FAILED' WHERE run_id = 'a'")

    ran = project.inv("resume", f"--session-id={name}")

    assert (ran.code, project.taken()) == (0, ["a/p"])
    assert project.session()["completed_at"] == ended_at, "a resume that executed nothing ended nothing"
    (told,) = (line for line in ran.lines if line.startswith("Nothing is left of this session"))
    assert "its batch of 1 phase is done. `inv drain` begins a new one; 3 failed" in told, ran


def test_resume_goes_on_with_the_sessions_own_batch_size(project: Workplace) -> None:
    project.fail(*(f"r/p{number}" for number in range(4)), "r/p4~hang", *(f"r/q{number}" for number in range(8)))
    interrupt_while_hanging(project, "drain", "--batch-size=12")
    assert project.session()["total_processed"] == 4
    project.sql("UPDATE phases SET phase_id = 'p4' WHERE phase_id = 'p4~hang'")

    assert project.inv("resume").code == 0

    found = project.session()
    assert (found["batch_size"], found["total_processed"], found["status"]) == (12, 12, "complete")
    assert sorted(project.states().values()).count("FAILED") == 1


def test_a_resume_with_a_smaller_size_does_not_close_the_session(project: Workplace) -> None:
    project.fail("r/a~hang", *(f"r/q{number}" for number in range(8)))
    interrupt_while_hanging(project, "drain", "--batch-size=6")
    project.sql("UPDATE phases SET phase_id = 'a' WHERE phase_id = 'a~hang'")

    assert project.inv("resume", "--batch-size=2").code == 0
    assert (project.session()["total_processed"], project.session()["completed_at"]) == (2, None)
    assert project.inv("resume").code == 0
    assert (project.session()["total_processed"], project.session()["status"]) == (6, "complete")


@pytest.mark.everyday("sqlite", "postgresql")
def test_resume_never_widens_a_session(project: Workplace) -> None:
    project.fail("r/a~hang", "r/b", "s/c")
    interrupt_while_hanging(project, "drain", "--run-id=r", "--batch-size=2")

    ran = project.inv("resume", "--batch-size=9")
    assert (ran.code, "never widens" in ran.err) == (2, True)
    other = project.inv("drain", "--resume", "--run-id=s")
    assert (other.code, "never widens" in other.err) == (2, True)


def test_resume_keeps_the_run_that_the_session_is_about(project: Workplace) -> None:
    project.fail("r/a~hang", "r/b", "s/c", "t/d")
    interrupt_while_hanging(project, "drain", "--run-id=r")
    project.sql("UPDATE phases SET phase_id = 'a' WHERE phase_id = 'a~hang'")

    assert project.inv("resume").code == 0

    assert project.states() == {"r/a": "COMPLETE", "r/b": "COMPLETE", "s/c": "FAILED", "t/d": "FAILED"}
