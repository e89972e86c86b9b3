"""A database that is put back to a backup under an open session: the session is held against what stands there now."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.faults import fault
from tests.support.workplace import Workplace, wait_for

TABLES = ("phases", "batchdrain_meta", "batchdrain_claim", "batchdrain_attempt")
FAILING = "z/hang~while=flag"


def saved(project: Workplace) -> dict[str, list[dict[str, Any]]]:
    with project.engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}").mappings()] for name in TABLES
        }


def put_back(project: Workplace, backup: dict[str, list[dict[str, Any]]]) -> None:
    quote = project.engine.dialect.identifier_preparer.quote
    for name, rows in backup.items():
        project.sql(f"DELETE FROM {name}")
        for row in rows:
            columns = ", ".join(map(quote, row))
            project.sql(f"INSERT INTO {name} ({columns}) VALUES ({', '.join(f':{column}' for column in row)})", [row])


def interrupted(project: Workplace, *done: str) -> dict[str, list[dict[str, Any]]]:
    """A session of which a backup was taken after its first result, and that a signal left after the others."""
    (project.root / "flag").touch()
    project.fail(*done, FAILING)
    project.inv("drain", "--batch-size=1", "--policy=run-order")
    backup = saved(project)
    drain = project.start("drain", f"--batch-size={len(done)}", "--policy=run-order")
    wait_for(lambda: len(list(project.sessions.glob("*/logs/*/*hang*.stdout.txt"))) == 1, "the last phase")
    drain.send_signal(signal.SIGINT)
    drain.communicate(timeout=60)
    (project.root / "flag").unlink()
    return backup


@fault(70)
def test_results_that_the_ledger_lost_are_told_and_their_phases_are_open_again(project: Workplace) -> None:
    backup = interrupted(project, "a/first", "b/fixed", "c/failed~fail", "d/fixed")
    assert project.session()["total_processed"] == 3
    put_back(project, backup)
    assert project.states()["b/fixed"] == "FAILED"

    dry, ran = project.inv("dry-run", "--resume"), project.inv("resume")

    assert "b / fixed" in dry.out, dry
    told = "3 results of the session are not in the ledger, as after a backup was restored: their phases are open again: "
    assert f"{told}b / fixed, c / failed~fail, d / fixed" in ran.out, ran
    assert (ran.code, "File exists" in ran.out + ran.err) == (1, False), ran
    assert project.states() == {
        "a/first": "COMPLETE", "b/fixed": "COMPLETE", "c/failed~fail": "FAILED", "d/fixed": "COMPLETE", FAILING: "COMPLETE",
    }  # fmt: skip
    session = project.session()
    assert (session["total_processed"], session["total_success"], session["status"]) == (4, 3, "complete")
    rows = project.sql(f"SELECT count(*) FROM batchdrain_attempt WHERE session_uid = '{session['session_uid']}'")
    assert rows == [(4,)]


@fault(70)
def test_a_backup_of_the_middle_of_a_session_gives_back_what_it_holds_and_opens_what_came_later(project: Workplace) -> None:
    (project.root / "flag").touch()
    project.fail("a/first", "b/middle~until=go", "c/later", FAILING)
    drain = project.start("drain", "--policy=run-order")
    wait_for(lambda: project.states()["b/middle~until=go"] == "EXECUTING", "the phase in the middle")
    backup = saved(project)
    (project.root / "go").touch()
    wait_for(lambda: len(list(project.sessions.glob("*/logs/*/*hang*.stdout.txt"))) == 1, "the last phase")
    drain.send_signal(signal.SIGINT)
    drain.communicate(timeout=60)
    (project.root / "flag").unlink()
    assert project.session()["total_success"] == 3
    put_back(project, backup)

    ran = project.inv("resume")

    assert "2 results of the session are not in the ledger" in ran.out, ran
    assert "open again: b / middle~until=go, c / later" in ran.out
    assert (ran.code, set(project.states().values()), project.session()["total_success"]) == (0, {"COMPLETE"}, 4), ran
    assert project.session()["balance"] | {"new": 0} == project.session()["balance"]


@pytest.mark.everyday("sqlite")
@fault(70)
def test_a_log_whose_name_is_taken_gets_another_and_the_former_one_stays(project: Workplace) -> None:
    backup = interrupted(project, "a/first", "b/fixed")
    put_back(project, backup)
    [former] = project.sessions.glob("*/logs/b/fixed.1.stdout.txt")
    before = former.read_bytes()

    project.inv("resume")

    [result] = [one for one in project.session()["results"] if one["phase_id"] == "fixed"]
    assert (Path(result["stdout_path"]).name, former.read_bytes()) == (
        "fixed.1-1.stdout.txt",
        before,
    )
    assert (project.root / result["stdout_path"]).read_text().startswith("working on")


@fault(70)
def test_a_sqlite_file_that_is_copied_back_is_drained_on(sqlite_project: Workplace, tmp_path: Path) -> None:
    project, file = sqlite_project, tmp_path / "work.db"
    (project.root / "flag").touch()
    project.fail("a/first", "b/fixed", FAILING)
    project.inv("drain", "--run-id=a")
    shutil.copy(file, tmp_path / "backup.db")
    drain = project.start("drain", "--policy=run-order")
    wait_for(lambda: list(project.sessions.glob("*/logs/*/*hang*.stdout.txt")), "the last phase")
    drain.send_signal(signal.SIGINT)
    drain.communicate(timeout=60)
    (project.root / "flag").unlink()
    for name in ("work.db-wal", "work.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", file)

    ran = project.inv("resume")

    assert (ran.code, "1 result of the session is not in the ledger" in ran.out) == (0, True), ran
    assert set(project.states().values()) == {"COMPLETE"}
    assert project.sql("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.everyday("sqlite")
def test_old_attempts_that_were_deleted_from_the_ledger_open_nothing_again(project: Workplace) -> None:
    interrupted(project, "a/first", "b/fixed", "c/failed~fail", "d/fixed")
    project.sql("DELETE FROM batchdrain_attempt WHERE outcome IS NOT NULL")

    ran = project.inv("resume")

    assert (ran.code, "not in the ledger" in ran.out) == (1, False), ran
    assert project.taken() == ["b/fixed", "c/failed~fail", "d/fixed", FAILING]
