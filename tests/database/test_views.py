"""A view as the source, where the command sets states itself: what it leaves in the middle is recorded as it stands."""

from __future__ import annotations

import sys

import pytest

from tests.chaos.faults import fault
from tests.support.workplace import Workplace

LEAVES = """
import os, sys
import sqlalchemy as sa

engine = sa.create_engine(os.environ["WORK"], poolclass=sa.pool.NullPool)
run = os.environ["BATCHDRAIN_RUN_ID"]
word = {"a": os.environ["LEFT"]}.get(run, "COMPLETE")
with engine.begin() as connection:
    connection.execute(sa.text("UPDATE phases SET state = :word WHERE run_id = :run"), {"word": word, "run": run})
"""
# No row of it can be updated: of an aggregate, or of a join.
FROZEN = "CREATE VIEW shown AS SELECT DISTINCT run_id, phase_id, phase_index, state, last_failure_reason FROM phases"
CHECKED = "CREATE VIEW shown AS SELECT * FROM phases WHERE state <> 'FAILED' OR note <> 'left' WITH CHECK OPTION"
INSTEAD = {
    "sqlite": ["CREATE TRIGGER instead INSTEAD OF UPDATE ON shown BEGIN SELECT {act}; END"],
    "postgresql": [
        "CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {act}; RETURN NEW; END $$",
        "CREATE TRIGGER instead INSTEAD OF UPDATE ON shown FOR EACH ROW EXECUTE FUNCTION instead()",
    ],
}
REFUSES = {"sqlite": "RAISE(ABORT, 'not through me')", "postgresql": "RAISE EXCEPTION 'not through me'"}


def view(project: Workplace, statement: str, *, note: str = "untouched") -> None:
    (project.root / "leaves.py").write_text(LEAVES)
    project.source = {"table": "shown"}
    command = {"argv": [sys.executable, str(project.root / "leaves.py")], "result_from": "database", "settle_s": 0.2}
    project.configure(command=command)
    project.fail("a/p", "b/q", reason="before")
    project.sql(f"UPDATE phases SET note = '{note}' WHERE run_id = 'a'")
    project.sql(statement)


def drained(project: Workplace, left: str, why: str) -> None:
    """The state that stands is recorded, the drain goes on, and the doctor warned before."""
    looked = project.inv("doctor")
    ran = project.inv("drain", "--policy=run-order", env={"WORK": project.url, "LEFT": left})
    again = project.inv("recover")

    assert (ran.code, "Traceback" in ran.err) == (1, False), ran
    assert project.states() == {"a/p": left, "b/q": "COMPLETE"}
    assert f"a / p stays {left} as its command left it" in ran.out, ran.out
    assert project.sql("SELECT run_id, outcome, final_state FROM batchdrain_attempt ORDER BY run_id") == [
        ("a", "failed", left),
        ("b", "complete", "COMPLETE"),
    ]
    assert again.lines[0] == "0 recovered, 0 still held.", again
    assert (looked.code, "warn view: a phase that its command leaves in" in looked.out) == (0, True), looked
    assert why in looked.out, looked


@fault(68)
@pytest.mark.parametrize("left", ["EXECUTING", "QUEUED"])
def test_a_view_that_can_not_be_updated_keeps_the_state_that_a_command_left(project: Workplace, left: str) -> None:
    view(project, FROZEN)
    drained(project, left, "stays in that state, and is not released")


@fault(68)
def test_a_view_whose_check_option_refuses_keeps_the_state_that_a_command_left(server_project: Workplace) -> None:
    view(server_project, CHECKED.replace("note <> 'left'", "note <> 'left' OR state IS NULL"), note="untouched")
    server_project.sql("UPDATE phases SET note = 'left', state = 'FAILED' WHERE run_id = 'none'")
    looked = server_project.inv("doctor")
    change = "UPDATE phases SET state = :word, note = 'left' WHERE run_id = :run"
    script = (server_project.root / "leaves.py").read_text()
    (server_project.root / "leaves.py").write_text(
        script.replace("UPDATE phases SET state = :word WHERE run_id = :run", change)
    )
    ran = server_project.inv("drain", "--policy=run-order", env={"WORK": server_project.url, "LEFT": "EXECUTING"})

    assert (ran.code, server_project.states()) == (1, {"a/p": "EXECUTING", "b/q": "COMPLETE"}), ran
    assert "a / p stays EXECUTING as its command left it" in ran.out
    if server_project.url.startswith("mysql"):
        assert "CHECK OPTION may refuse" in looked.out, looked


@fault(68)
def test_a_view_whose_trigger_refuses_keeps_the_state_that_a_command_left(project: Workplace) -> None:
    dialect = project.engine.dialect.name
    if dialect not in INSTEAD:
        pytest.skip("views of MariaDB have no triggers")
    view(project, FROZEN)
    for statement in INSTEAD[dialect]:
        project.sql(statement.format(act=REFUSES[dialect]))
    drained(project, "EXECUTING", "(an INSTEAD OF trigger does not say how many rows it changed)")


@pytest.mark.everyday("sqlite", "postgresql")
@fault(68)
def test_a_view_is_not_written_through_its_trigger(project: Workplace) -> None:
    """Its row count can't be trusted: what another session changed meanwhile would be overwritten."""
    dialect = project.engine.dialect.name
    if dialect not in INSTEAD:
        pytest.skip("views of MariaDB have no triggers")
    view(project, "CREATE VIEW shown AS SELECT * FROM phases")
    act = "UPDATE phases SET state = NEW.state, note = 'written' WHERE run_id = OLD.run_id AND phase_id = OLD.phase_id"
    for statement in INSTEAD[dialect]:
        project.sql(statement.replace("SELECT {act}", "{act}").format(act=act))
    drained(project, "EXECUTING", "INSTEAD OF trigger")
    project.configure(command={"result_from": "exit_code"})
    refused = project.inv("drain")

    assert project.sql("SELECT DISTINCT note FROM phases") == [("untouched",)]
    assert (refused.code, "let the command set the state (command.result_from: database)" in refused.err) == (78, True), (
        refused
    )


@pytest.mark.everyday("postgresql")
@fault(68)
def test_a_view_that_does_not_show_what_a_command_leaves_is_told_and_drained(project: Workplace) -> None:
    view(project, "CREATE VIEW shown AS SELECT * FROM phases WHERE state IN ('FAILED', 'COMPLETE')")
    looked = project.inv("doctor")
    ran = project.inv("drain", "--policy=run-order", env={"WORK": project.url, "LEFT": "EXECUTING"})

    assert (ran.code, project.states()) == (1, {"a/p": "EXECUTING", "b/q": "COMPLETE"}), ran
    if project.engine.dialect.name == "postgresql":
        assert "it does not show a phase that is EXECUTING" in looked.out, looked


@pytest.mark.everyday("sqlite")
@fault(68)
def test_a_recovery_through_a_view_that_can_not_be_updated_frees_the_claim(project: Workplace) -> None:
    view(project, FROZEN)
    project.inv("drain", env={"WORK": project.url, "LEFT": "EXECUTING"})
    project.sql("UPDATE batchdrain_claim SET owner = 'nobody', lease_until_ms = 1, ctl_pid = 1, ctl_start = 1, "
                "prior_state = 'FAILED', held_state = NULL")  # fmt: skip

    ran = project.inv("recover")

    assert (ran.code, "2 recovered, 0 still held." in ran.lines) == (0, True), ran
    assert project.states()["a/p"] == "EXECUTING"


@fault(68)
def test_a_materialized_view_is_told(tmp_path_factory: pytest.TempPathFactory, postgresql_url: str) -> None:
    root = tmp_path_factory.mktemp("project")
    project = Workplace(root=root, url=postgresql_url)
    project.make_table()
    view(project, "CREATE MATERIALIZED VIEW shown AS SELECT * FROM phases")

    looked = project.inv("doctor")
    ran = project.inv("drain", "--policy=run-order", env={"WORK": project.url, "LEFT": "EXECUTING"})

    assert "it is a materialized view, which shows the data of its last REFRESH" in looked.out, looked
    assert (ran.code, "Traceback" in ran.err) == (1, False), ran
