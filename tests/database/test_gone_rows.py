"""`source.gone_is`: what a phase is whose row is gone once its command has ended."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.chaos.faults import fault
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

DELETES = """
import os, sys, time
import sqlalchemy as sa

engine = sa.create_engine(os.environ["WORK"], poolclass=sa.pool.NullPool)
with engine.begin() as connection:
    connection.execute(sa.text(os.environ["CHANGE"]))
open("deleted", "w").close()
if sys.argv[1] == "hang":
    time.sleep(600)
sys.exit(int(sys.argv[1]))
"""
DELETE = "DELETE FROM phases WHERE run_id = 'a'"


def queue(project: Workplace, end: str, *, by: str = "exit_code", gone_is: str | None = "complete", **source: str) -> None:
    """A command that deletes its row, and then ends with a code, or hangs."""
    (project.root / "deletes.py").write_text(DELETES)
    project.source = {**({} if gone_is is None else {"gone_is": gone_is}), **source}
    argv = [sys.executable, str(project.root / "deletes.py"), end]
    project.configure(
        command={"argv": argv, "result_from": by, "settle_s": 0.2}, timeout={"default_s": 60, "adaptive": False}
    )
    project.fail("a/p", "b/other", reason="before")


def drain(project: Workplace, change: str = DELETE) -> tuple[int, str]:
    ran = project.inv("drain", "--run-id=a", env={"WORK": project.url, "CHANGE": change})
    assert "Traceback" not in ran.err, ran
    return ran.code, ran.out


def recorded(project: Workplace) -> list[tuple[str, str]]:
    return project.sql("SELECT outcome, final_state FROM batchdrain_attempt")


@fault(69)
@pytest.mark.parametrize("by", ["exit_code", "database"])
def test_a_deleted_row_is_complete_where_the_queue_deletes_on_success(project: Workplace, by: str) -> None:
    queue(project, "0", by=by)
    code, out = drain(project)

    assert (code, recorded(project), project.states()) == (0, [("complete", "gone")], {"b/other": "FAILED"}), out
    [result] = project.session()["results"]
    assert (result["success"], result["final_state"], project.session()["total_success"]) == (True, "gone", 1)
    assert project.session()["balance"]["fixed"] == 1


@pytest.mark.everyday("sqlite")
@fault(69)
@pytest.mark.parametrize("gone_is", [None, "failed"])
@pytest.mark.parametrize("by", ["exit_code", "database"])
def test_a_deleted_row_is_failed_where_nobody_says_otherwise(project: Workplace, by: str, gone_is: str | None) -> None:
    queue(project, "0", by=by, gone_is=gone_is)
    code, out = drain(project)

    assert (code, recorded(project)[0][0] in {"moved", "failed"}) == (1, True), out


@pytest.mark.everyday("sqlite")
@fault(69)
@pytest.mark.parametrize("by", ["exit_code", "database"])
def test_a_deleted_row_is_not_complete_after_another_exit_code(project: Workplace, by: str) -> None:
    queue(project, "3", by=by)
    code, out = drain(project)

    assert (code, recorded(project)[0][0] in {"moved", "failed"}) == (1, True), out


@pytest.mark.everyday("sqlite")
@fault(69)
@pytest.mark.parametrize("by", ["exit_code", "database"])
def test_a_deleted_row_is_never_complete_after_a_time_limit(project: Workplace, by: str) -> None:
    queue(project, "hang", by=by)
    project.configure(timeout={"default_s": 2, "adaptive": False})
    code, out = drain(project)

    assert (code, recorded(project)[0][0] in {"moved", "timeout"}) == (1, True), out


@pytest.mark.everyday("sqlite")
@fault(69)
@pytest.mark.parametrize("by", ["exit_code", "database"])
def test_a_deleted_row_is_never_complete_after_a_kill_or_an_orphaning(project: Workplace, by: str) -> None:
    queue(project, "hang", by=by)
    beside = project.start("drain", "--run-id=a", env={"WORK": project.url, "CHANGE": DELETE})
    wait_for((project.root / "deleted").exists, "the row to be deleted")
    beside.send_signal(signal.SIGKILL)
    beside.communicate(timeout=DEADLINE_S)

    ran = project.inv("recover")
    assert (ran.lines[-1], recorded(project)) == ("1 recovered, 0 still held.", [("orphaned", "gone")]), ran


@fault(69)
@pytest.mark.parametrize("by", ["exit_code", "database"])
def test_a_deleted_row_is_complete_too_where_recovery_judges_a_result_that_was_spooled(project: Workplace, by: str) -> None:
    queue(project, "0", by=by)
    # It ends with success, while its controller is stopped; then that dies.
    script = (
        (project.root / "deletes.py")
        .read_text()
        .replace("sys.exit", "while not os.path.exists('go'): time.sleep(0.02)\nsys.exit")
    )
    (project.root / "deletes.py").write_text(script)
    beside = project.start("drain", "--run-id=a", env={"WORK": project.url, "CHANGE": DELETE})
    wait_for((project.root / "deleted").exists, "the row to be deleted")
    beside.send_signal(signal.SIGSTOP)
    (project.root / "go").touch()
    wait_for(
        lambda: any('"by"' in path.read_text() for path in project.sessions.glob("*/spool/*.json")), "the result to be kept"
    )
    beside.send_signal(signal.SIGKILL)
    beside.communicate(timeout=DEADLINE_S)

    ran = project.inv("recover")
    assert "Recorded: a / p: its command had ended (complete); it is gone" in ran.out, ran
    assert recorded(project) == [("complete", "gone")]


@fault(69)
@pytest.mark.parametrize("by", ["exit_code", "database"])
def test_a_row_that_a_view_does_not_show_any_more_is_failed(project: Workplace, by: str) -> None:
    if by == "exit_code" and project.engine.dialect.name == "sqlite":
        pytest.skip("no view of SQLite can be updated")
    queue(project, "0", by=by, table="shown")
    project.sql("CREATE VIEW shown AS SELECT * FROM phases WHERE note <> 'hidden'")
    looked = project.inv("doctor")
    code, out = drain(project, "UPDATE phases SET note = 'hidden' WHERE run_id = 'a'")

    assert (code, recorded(project)[0][0] in {"moved", "failed"}) == (1, True), out
    assert "warn source.gone_is: the source is a view" in looked.out, looked


@fault(69)
def test_a_row_that_row_security_hides_is_failed(tmp_path: Path, postgresql_url: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    admin = Workplace(root=root, url=postgresql_url)
    admin.make_table()
    name = f"bd_{postgresql_url.rpartition('_')[2][:20]}"
    admin.sql(f"CREATE USER {name}")
    try:
        admin.sql(f"GRANT ALL ON SCHEMA public TO {name}")
        admin.sql(f"GRANT ALL ON phases TO {name}")
        admin.sql("ALTER TABLE phases ENABLE ROW LEVEL SECURITY")
        admin.sql("CREATE POLICY shown ON phases USING (note <> 'hidden') WITH CHECK (true)")
        queue(admin, "0")
        admin.configure(database_url=postgresql_url.replace("postgres@", f"{name}@"))
        code, out = drain(admin, "UPDATE phases SET note = 'hidden' WHERE run_id = 'a'")
    finally:
        admin.sql(f"DROP OWNED BY {name} CASCADE")
        admin.sql(f"DROP USER {name}")

    assert (code, "✗ Failed: gone" in out) == (1, True), out


@pytest.mark.everyday("sqlite")
@fault(69)
@pytest.mark.parametrize("by", ["exit_code", "database"])
def test_a_row_that_is_there_in_another_word_is_not_complete(project: Workplace, by: str) -> None:
    queue(project, "0", by=by)
    code, out = drain(project, "UPDATE phases SET state = 'gone' WHERE run_id = 'a'")

    assert (code, recorded(project)[0][0] in {"moved", "failed"}, project.states()["a/p"]) == (1, True, "gone"), out


@pytest.mark.everyday("sqlite")
@fault(69)
def test_a_row_that_source_where_leaves_out_is_not_gone(project: Workplace) -> None:
    queue(project, "0", where="note <> 'hidden'")
    code, out = drain(project, "UPDATE phases SET note = 'hidden' WHERE run_id = 'a'")

    assert (code, recorded(project), project.states()["a/p"]) == (0, [("complete", "COMPLETE")], "COMPLETE"), out


@pytest.mark.everyday("sqlite")
def test_a_run_whose_rows_went_once_they_were_complete_is_no_misspelt_name(project: Workplace) -> None:
    queue(project, "0")
    assert project.inv("clusters", "--run-id=a").code == 0
    assert drain(project)[0] == 0
    assert project.states() == {"b/other": "FAILED"}
    for task in ("clusters", "explain"):
        assert (project.inv(task, "--run-id=a").code, project.inv(task, "--run-id=z").code) == (0, 2)
