"""The user's table changes while a drain runs: it is noticed, told in one line, and nothing is lost."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.support.workplace import Beside, Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

FIRST, SECOND = "a/1~until=go", "b/2"
TABLE = "CREATE TABLE {} (run_id VARCHAR(200), phase_id VARCHAR(200), phase_index INTEGER, state VARCHAR(40), last_failure_reason TEXT, note VARCHAR(40), PRIMARY KEY (run_id, phase_id))"

SETS = """
import os, pathlib, time
import sqlalchemy as sa

pathlib.Path("began").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.02)
engine = sa.create_engine(os.environ["WORK"], poolclass=sa.pool.NullPool)
with engine.begin() as connection:
    change = sa.text(f"UPDATE phases SET {os.environ['COLUMN']} = 'COMPLETE' WHERE run_id = :run")
    connection.execute(change, {"run": os.environ["BATCHDRAIN_RUN_ID"]})
"""


def changed_under_way(project: Workplace, *statements: str, **settings: Any) -> tuple[int, str]:
    """The first phase of two runs while the statements are executed, and completes then. What the drain said of it."""
    drain = running(project, **settings)
    for statement in statements:
        project.sql(statement)
    (project.root / "go").touch()
    return ended(drain)


def running(project: Workplace, **settings: Any) -> Beside:
    project.fail(FIRST, SECOND)
    project.configure(**settings)
    drain = project.start("drain", "--policy=run-order")
    wait_for(lambda: project.states()[FIRST] == "EXECUTING", "the first phase runs")
    return drain


def mended(project: Workplace, table: str = "phases", **columns: str | None) -> None:
    """With the mapping of now the session goes on, and comes to its end."""
    project.source = {"table": table, "columns": columns}
    project.configure()
    resumed = project.inv("resume")
    assert resumed.code == 0, resumed
    attempts = project.sql("SELECT phase_id, outcome FROM batchdrain_attempt ORDER BY phase_id, epoch")
    assert attempts == [("1~until=go", "complete"), ("2", "complete")]
    assert project.sql(f"SELECT DISTINCT {columns.get('state', 'state')} FROM {table}") == [("COMPLETE",)]
    assert project.inv("recover").lines[0] == "0 recovered, 0 still held."


def told(ran: tuple[int, str], what: str) -> None:
    code, out = ran
    assert code == 78, out
    assert out.count(what) <= 2, out  # where it is noticed, and as what ended the session
    assert f"Kept, but not recorded yet: the result of {FIRST.replace('/', ' / ')}" in out, out


def test_a_column_that_is_renamed_ends_the_drain_and_its_result_is_kept(project: Workplace) -> None:
    ran = changed_under_way(project, "ALTER TABLE phases RENAME COLUMN state TO status")

    told(ran, "column 'state' is gone, and 'status' new")
    assert project.sql("SELECT phase_id, status FROM phases ORDER BY phase_id") == [
        ("1~until=go", "EXECUTING"),
        ("2", "FAILED"),
    ]
    mended(project, state="status")


def test_a_column_of_reasons_that_is_dropped_ends_the_drain_and_its_result_is_kept(project: Workplace) -> None:
    ran = changed_under_way(project, "ALTER TABLE phases DROP COLUMN last_failure_reason")

    told(ran, "column 'last_failure_reason' is gone")
    mended(project, last_failure_reason=None)


def test_a_column_of_another_type_ends_the_drain_at_its_next_look(server_project: Workplace) -> None:
    is_mysql = server_project.engine.dialect.name == "mysql"
    made = "MODIFY phase_id VARBINARY(200)" if is_mysql else "ALTER phase_id TYPE bytea USING convert_to(phase_id, 'UTF8')"
    back = "MODIFY phase_id VARCHAR(200)" if is_mysql else "ALTER phase_id TYPE text USING convert_from(phase_id, 'UTF8')"
    drain = running(server_project, refresh_s=0.05, workers=2)
    server_project.sql(f"ALTER TABLE phases {made}")
    (server_project.root / "go").touch()
    code, out = ended(drain)

    assert (code, "column 'phase_id' is" in out) == (78, True), out
    server_project.sql(f"ALTER TABLE phases {back}")
    mended(server_project)


@pytest.mark.parametrize("into", ["steps", "moved_on"])
def test_a_table_that_is_renamed_ends_the_drain_and_the_session_goes_on_in_it(project: Workplace, into: str) -> None:
    ran = changed_under_way(project, f"ALTER TABLE phases RENAME TO {into}")

    told(ran, "table 'phases' is gone: it was dropped or renamed")
    mended(project, table=into)
    assert project.sql("SELECT DISTINCT source FROM batchdrain_claim") == [(into,)]


def test_a_table_that_is_swapped_for_another_of_its_shape_is_drained_on(project: Workplace) -> None:
    """As tools do that change large tables beside their users."""
    swap = (
        TABLE.format("phases_new"),
        "INSERT INTO phases_new SELECT run_id, phase_id, phase_index, state, last_failure_reason, 'copied' FROM phases",
        "ALTER TABLE phases RENAME TO phases_old",
        "ALTER TABLE phases_new RENAME TO phases",
    )
    code, out = changed_under_way(project, *swap, refresh_s=0.05)

    assert code == 0, out
    assert (
        out.count("While the drain ran, table 'phases' was replaced by another one of the same columns; the drain continues")
        == 1
    ), out
    assert project.sql("SELECT DISTINCT state, note FROM phases") == [("COMPLETE", "copied")]
    assert sorted(project.sql("SELECT state FROM phases_old")) == [("EXECUTING",), ("FAILED",)]


def test_a_view_that_takes_the_tables_place_is_told(project: Workplace) -> None:
    swap = ("ALTER TABLE phases RENAME TO steps", "CREATE VIEW phases AS SELECT DISTINCT * FROM steps")
    ran = changed_under_way(project, *swap)

    told(ran, "'phases' is a view now, and was a table")
    mended(project, table="steps")


def test_a_new_column_is_silence(project: Workplace) -> None:
    code, out = changed_under_way(project, "ALTER TABLE phases ADD extra VARCHAR(20) DEFAULT 'x'", refresh_s=0.05)

    assert (code, "while the drain ran" in out.lower()) == (0, False), out
    assert project.sql("SELECT DISTINCT state, note, extra FROM phases") == [("COMPLETE", "untouched", "x")]


def test_a_wider_column_is_told_and_drained_on(server_project: Workplace) -> None:
    wide = "MODIFY state VARCHAR(300)" if server_project.engine.dialect.name == "mysql" else "ALTER state TYPE text"
    server_project.fail("c/3~until=go")
    code, out = changed_under_way(server_project, f"ALTER TABLE phases {wide}", refresh_s=0.05, workers=2)

    assert code == 0, out
    assert server_project.sql("SELECT DISTINCT state FROM phases") == [("COMPLETE",)]


def test_a_command_that_sets_states_itself_is_judged_once_the_mapping_is_mended(project: Workplace) -> None:
    (project.root / "works.py").write_text(SETS)
    work = {"argv": [sys.executable, str(project.root / "works.py")], "result_from": "database", "settle_s": 0.2}
    project.fail("a/1", "b/2")
    project.configure(command=work)
    drain = project.start("drain", "--policy=run-order", env={"WORK": project.url, "COLUMN": "status"})
    wait_for((project.root / "began").exists, "the first command runs")
    project.sql("ALTER TABLE phases RENAME COLUMN state TO status")
    (project.root / "go").touch()
    code, out = ended(drain)

    assert (code, "column 'state' is gone, and 'status' new" in out) == (78, True), out
    assert "Kept, but not recorded yet: the result of a / 1" in out, out
    project.source = {"columns": {"state": "status"}}
    project.configure()
    resumed = project.inv("resume", env={"WORK": project.url, "COLUMN": "status"})
    assert resumed.code == 0, resumed
    assert project.sql("SELECT DISTINCT outcome FROM batchdrain_attempt") == [("complete",)]
