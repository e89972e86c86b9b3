"""What happened in the earlier program, each as a promise that it does not happen again."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.drain.interrupting import DEADLINE_S, interrupt_while_hanging, logs_of
from tests.execution.sleep import tasks_that_sleep_once_there_is
from tests.support.workplace import TASKS, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_killed_controller_leaves_a_session_file_that_loads_and_resumes(project: Workplace) -> None:
    project.fail("r/a", "r/b", "r/c~while=flag", "s/d")
    (project.root / "flag").touch()
    drain = project.start("drain", "--policy=smart")
    wait_for(lambda: "hanging" in logs_of(project), "the third phase to run")
    wait_for(lambda: project.session()["total_processed"] == 2, "the file to catch up, which may lag by a second")
    os.kill(drain.pid, signal.SIGKILL)
    drain.communicate()
    assert project.session()["status"] == "running"
    assert project.states()["r/c~while=flag"] == "EXECUTING"

    (project.root / "flag").unlink()
    ran = project.inv("resume")

    assert ran.code == 0, ran.err
    assert set(project.states().values()) == {"COMPLETE"}
    assert [result["attempt"] for result in project.session()["results"]] == [1, 1, 1, 1]
    assert not _running_workers(project)


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_phase_that_times_out_is_failed_and_can_be_selected_again(project: Workplace) -> None:
    project.configure(timeout={"default_s": 0.5, "adaptive": False})
    project.fail("r/a~hang")

    assert project.inv("drain").code == 1

    assert project.states() == {"r/a~hang": "FAILED"}
    assert "r / a~hang" in project.inv("dry-run").out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.everyday("sqlite", "postgresql")
def test_an_interrupted_phase_goes_back_as_it_was(project: Workplace, number: signal.Signals, code: int) -> None:
    reason = "  the former reason,\n byte for byte \t"
    project.fail("r/a~hang", reason=reason)

    assert interrupt_while_hanging(project, "drain", number=number) == code

    assert project.phases() == {"r/a~hang": ("FAILED", reason)}
    found = project.session()
    assert (found["status"], found["results"], found["completed_at"]) == ("interrupted", [], None)
    assert not _running_workers(project)


def test_a_dry_run_writes_nothing(project: Workplace) -> None:
    project.fail("r/a", "r/b~fail", "s/c")
    before, files = _dump(project), _files(project.root)

    for argv in (["dry-run"], ["dry-run", "--explain"], ["drain", "--dry-run"], ["--dry", "drain"], ["--dry", "drain-all"]):
        ran = project.inv(*argv)
        shown = "  r: 2 failed" if "drain-all" in argv else "r / a"
        assert (ran.code, shown in ran.out) == (0, True), (argv, ran)

    assert (_dump(project), _files(project.root)) == (before, files)


def test_a_command_that_prints_and_then_times_out_fails_its_phase_alone(project: Workplace) -> None:
    project.configure(timeout={"default_s": 60, "adaptive": False}, lease={"ttl_s": 100_000})
    (project.root / "tasks.py").write_text(tasks_that_sleep_once_there_is(project.root / "slept", TASKS))
    project.fail("r/a~hang", "r/b", "r/c")

    drain = project.start("drain", "--policy=run-order")
    wait_for(lambda: "hanging" in logs_of(project), "the first phase to hang")
    (project.root / "slept").touch()
    drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 1
    assert project.states() == {"r/a~hang": "FAILED", "r/b": "COMPLETE", "r/c": "COMPLETE"}
    assert [result["timed_out"] for result in project.session()["results"]] == [True, False, False]
    assert "hanging" in logs_of(project)


@pytest.mark.parametrize("task", ["drain", "dry-run", "drain-queued", "chain-with-queued"])
def test_an_empty_run_id_is_an_error(sqlite_project: Workplace, task: str) -> None:
    sqlite_project.fail("r/a", "s/b")

    ran = sqlite_project.inv(task, "--run-id", "")

    assert (ran.code, "--run-id: is empty" in ran.err) == (2, True), ran
    assert set(sqlite_project.states().values()) == {"FAILED"}


def test_the_cap_on_attempts_over_all_sessions_takes_effect(project: Workplace) -> None:
    project.configure(stop={"max_attempts_per_phase": 2})
    project.fail("r/a~fail")

    assert [project.inv("drain").code for _ in range(3)] == [1, 1, 0]

    ran = project.inv("drain")
    assert "1 by stop.max_attempts_per_phase: tried 2 times" in ran.out


def test_a_fingerprint_that_repeats_parks_its_cluster_in_every_run(project: Workplace) -> None:
    reason = "RuntimeError: the shared service is broken"
    project.fail(*(f"r{number}/p~alike" for number in range(6)), reason=reason)
    project.fail("z/fine", reason="KeyError: something else")

    ran = project.inv("drain", "--max-repeats=3")

    assert project.session()["total_processed"] == 4, ran.out
    assert project.states()["z/fine"] == "COMPLETE"
    parked = [event for event in project.events() if event["event"] == "phase.skipped"]
    assert [event["rule"] for event in parked] == ["stop.max_repeats"]


def test_a_run_is_left_alone_after_two_timeouts(project: Workplace) -> None:
    project.configure(timeout={"default_s": 0.3, "adaptive": False}, stop={"max_timeouts_per_run": 2, "max_repeats": 0})
    project.fail("r/a~hang", "r/b~hang", "r/c~hang", "s/d")

    project.inv("drain", "--policy=run-order")

    assert project.taken() == ["r/a~hang", "r/b~hang", "s/d"]
    assert [event["run_id"] for event in project.events() if event["event"] == "run.stopped"] == ["r"]


def test_equal_phase_ids_of_different_runs_are_different_phases(project: Workplace) -> None:
    project.fail("r/p", "s/p", "t/p")

    assert project.inv("drain").code == 0

    assert project.states() == {"r/p": "COMPLETE", "s/p": "COMPLETE", "t/p": "COMPLETE"}


def test_counts_and_drain_look_at_the_same_database(project: Workplace, tmp_path: Path) -> None:
    project.fail("r/a", "r/b")
    other = Workplace(root=_folder(tmp_path / "other"), url=f"sqlite:///{tmp_path / 'other.db'}")
    other.make_table()
    other.fail("x/1", "x/2", "x/3")
    project.configure(database_url="")
    env = {"DATABASE_URL": project.url}

    assert project.inv("list-run-counts", env=env).out == "r\t0\t2\t0\t0\n"
    assert "2 failed, 0 queued" in project.inv("drain", env=env).out
    assert set(other.states().values()) == {"FAILED"}


@pytest.mark.parametrize(("rate", "code"), [("0.5", 0), ("0.67", 1), (None, 1)])
def test_a_minimal_success_rate_decides_the_exit_code(sqlite_project: Workplace, rate: str | None, code: int) -> None:
    sqlite_project.fail("r/a", "r/b~fail", "r/c", "r/d~fail")

    assert sqlite_project.inv("drain", *([] if rate is None else [f"--min-success-rate={rate}"])).code == code


def test_draining_queued_phases_ends_when_nothing_progresses(project: Workplace) -> None:
    project.configure(command={"result_from": "database", "settle_s": 0.1})  # the worker never sets a state
    project.add(*(("r", f"p{number}", number, "QUEUED", None) for number in range(3)))

    ran = project.inv("drain-queued", "--run-id=r", "--batch-size=2")

    assert ran.code == 1
    assert project.taken() == ["r/p0", "r/p1", "r/p2"]
    assert set(project.states().values()) == {"QUEUED"}


def test_important_is_no_import_error(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", reason="an important file could not be parsed")

    assert "Why: other," in sqlite_project.inv("dry-run").out


def test_the_timeouts_message_names_the_limit_that_was_in_force(sqlite_project: Workplace) -> None:
    sqlite_project.configure(timeout={"default_s": 600, "adaptive": False})
    sqlite_project.fail("r/a~hang")

    sqlite_project.inv("drain", "--phase-timeout=0.5s")

    _, reason = sqlite_project.phases()["r/a~hang"]
    assert reason is not None
    assert reason.startswith("Timed out after 0.5 s (limit: --phase-timeout) [signal 15: TERM, ")
    assert "Timeout: 0.5 s (--phase-timeout)" in sqlite_project.inv("dry-run", "--phase-timeout=0.5s").out


def test_sessions_that_begin_in_one_second_have_files_of_their_own(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"r{number}/p" for number in range(6)))
    started = [sqlite_project.start("drain", "--batch-size=2") for _ in range(3)]
    for process in started:
        process.communicate(timeout=DEADLINE_S)

    files = sqlite_project.session_files()
    assert len(files) == 3
    assert all(re.fullmatch(r"batch-drain-\d{8}-\d{6}(-\d+)?\.json", path.name) for path in files)
    assert sum(json.loads(path.read_text())["total_processed"] for path in files) == 6


def test_a_grandchild_that_holds_the_output_is_not_waited_for(project: Workplace) -> None:
    project.fail("r/a~grandchild")
    started = time.monotonic()

    assert project.inv("drain").code == 0

    assert project.session()["results"][0]["duration_s"] < 30 < 60  # the limit of the phase is 60 s
    assert time.monotonic() - started < 60
    assert project.states() == {"r/a~grandchild": "COMPLETE"}
    assert not _lives(int((project.root / "grandchild.pid").read_text()))


def test_a_session_saves_what_it_holds_as_json(project: Workplace) -> None:
    project.fail("r/a~metrics", "r/b~bytes", 's/"quoted" ✓ {x}')

    project.inv("drain")

    found = project.session()
    assert [type(found[name]) for name in ("filters", "results", "fingerprint_counts")] == [dict, list, dict]
    assert found["metrics"] == {"tokens": 15.0}


def _running_workers(project: Workplace) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("BATCHDRAIN_RESULT_FILE", "").startswith(str(project.root))
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def _lives(pid: int) -> bool:
    """A zombie that nobody collects is dead all the same."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _dump(project: Workplace) -> list[tuple[object, ...]]:
    catalogue = "information_schema.tables"
    if project.url.startswith("sqlite"):
        catalogue = "sqlite_master"
    elif project.url.startswith("mysql"):
        catalogue += " WHERE table_schema = DATABASE()"
    return project.sql("SELECT * FROM phases ORDER BY run_id, phase_id") + project.sql(f"SELECT count(*) FROM {catalogue}")


def _files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): path.read_bytes() for path in found}


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
