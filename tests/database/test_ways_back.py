"""A row that the table does not take back: it is settled in another way, or stays held and is named, whoever looks."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chaos.faults import fault
from tests.database.test_refusals import IDS, stands, table
from tests.support.workplace import DEADLINE_S, Beside, Workplace, wait_for

QUEUED_ONCE = "CREATE UNIQUE INDEX once ON steps (lock_name) WHERE state = '{word}'"
QUEUED_ONCE_ON_MYSQL = (
    "ALTER TABLE steps ADD COLUMN waits VARCHAR(40) AS (CASE state WHEN '{word}' THEN lock_name END) PERSISTENT, "
    "ADD UNIQUE INDEX once (waits)"
)


@pytest.fixture
def postgresql_project(tmp_path: Path, postgresql_url: str) -> Workplace:
    root = tmp_path / "project"
    root.mkdir()
    return Workplace(root=root, url=postgresql_url)


def queue(project: Workplace, word: str = "QUEUED") -> None:
    """As procrastinate's `queueing_lock`: of all rows in one word, one may have a lock."""
    table(project, f"{IDS} state VARCHAR(20), last_failure_reason TEXT, lock_name VARCHAR(20)")
    mysql = project.url.startswith("mysql")
    project.sql((QUEUED_ONCE_ON_MYSQL if mysql else QUEUED_ONCE).format(word=word))
    insert(project, "a", "p~hang", word)
    insert(project, "b", "q", word, lock="other")


def insert(project: Workplace, run: str, phase: str, state: str, lock: str = "L") -> None:
    project.sql(
        "INSERT INTO steps (run_id, phase_id, phase_index, state, last_failure_reason, lock_name) "
        f"VALUES ('{run}', '{phase}', 0, '{state}', 'before', '{lock}')"
    )


def begun(project: Workplace, *argv: str) -> Beside:
    drain = project.start(*argv)
    wait_for((project.root / "witness.txt").exists, "the command to begin")
    return drain


def ended(drain: Beside, number: int) -> tuple[int, str, str]:
    drain.send_signal(number)
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert b"Traceback" not in err, err.decode()
    return drain.wait(), out.decode(), err.decode()


@fault(67)
def test_a_queued_row_that_a_unique_index_does_not_take_back_becomes_failed_and_says_why(project: Workplace) -> None:
    queue(project)
    drain = begun(project, "drain-queued", "--run-id=a")
    insert(project, "a", "newer", "QUEUED")
    code, out, err = ended(drain, signal.SIGINT)

    assert (code, "Balance" in out or "Processed" in out) == (130, True), (out, err)
    [(_, _, state, reason)] = [row for row in stands(project) if row[1] == "p~hang"]
    assert (state, "it was to be released, but table 'steps' refuses" in str(reason)) == ("FAILED", True), reason
    assert (project.inv("recover").code, project.inv("recover").lines) == (0, ["0 recovered, 0 still held."])


@fault(67)
def test_recovery_makes_a_queued_row_failed_that_a_unique_index_does_not_take_back(project: Workplace) -> None:
    queue(project)
    drain = begun(project, "drain-queued", "--run-id=a")
    insert(project, "a", "newer", "QUEUED")
    ended(drain, signal.SIGKILL)

    looked, ran = project.inv("doctor"), project.inv("recover")

    assert "is dead: `inv recover` releases it" in looked.out, looked
    assert (ran.code, ran.lines[-1]) == (0, "1 recovered, 0 still held."), ran
    assert "Released: a / p~hang: it is FAILED" in ran.out
    assert "it was to be released, but table 'steps' refuses" in ran.out
    assert [row[2] for row in stands(project) if row[1] == "p~hang"] == ["FAILED"]


@fault(67)
def test_a_failed_row_that_is_not_taken_back_stays_held_is_named_and_keeps_nobody_waiting(project: Workplace) -> None:
    queue(project, "FAILED")
    drain = begun(project, "drain", "--run-id=a")
    insert(project, "a", "newer", "FAILED")
    code, out, err = ended(drain, signal.SIGINT)

    assert (code, "Balance:" in out) == (78, True), (out, err)
    assert "a / p~hang can't be released: table 'steps' refuses" in err
    assert "its row stays EXECUTING: remove what keeps it from becoming 'FAILED' again" in err
    looked, ran = project.inv("doctor"), project.inv("recover")
    assert (looked.code, "FAIL claims: a / p~hang can't be released" in looked.out) == (78, True), looked
    assert (ran.code, "0 recovered, 1 still held." in ran.lines) == (78, True), ran
    assert "Can't be settled now: a / p~hang" in ran.out

    other = project.inv("drain", "--run-id=b")
    assert (other.code, "Can't be settled now: a / p~hang" in other.out) == (0, True), other

    project.sql("DELETE FROM steps WHERE phase_id = 'newer'")
    assert (project.inv("recover").code, [row[2] for row in stands(project)]) == (0, ["FAILED", "COMPLETE"])


@fault(67)
def test_one_row_that_is_not_taken_back_does_not_end_the_drain_of_the_others(project: Workplace) -> None:
    queue(project, "FAILED")
    project.configure(timeout={"default_s": 1, "adaptive": False})
    drain = begun(project, "drain", "--policy=run-order")
    insert(project, "z", "newer", "FAILED")
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.wait(), b"Traceback" in err) == (78, False), err
    assert {row[1]: row[2] for row in stands(project)} == {"p~hang": "EXECUTING", "q": "COMPLETE", "newer": "COMPLETE"}
    assert b"a / p~hang can't be released" in out
    ran = project.inv("recover")
    assert (ran.code, "Recorded: a / p~hang: its command had ended (timeout)" in ran.out) == (0, True), ran


REFUSE = {
    "sqlite": [
        "CREATE TRIGGER deny BEFORE UPDATE ON steps WHEN OLD.state = 'EXECUTING' BEGIN SELECT RAISE(ABORT, 'not now'); END"
    ],
    "postgresql": [
        (
            "CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RAISE EXCEPTION ''not now'' USING ERRCODE = ''55000''; END'"
        ),
        "CREATE TRIGGER deny BEFORE UPDATE ON steps FOR EACH ROW WHEN (OLD.state = 'EXECUTING') EXECUTE FUNCTION deny()",
    ],
    "mysql": [
        (
            "CREATE TRIGGER deny BEFORE UPDATE ON steps FOR EACH ROW "
            "IF OLD.state = 'EXECUTING' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not now'; END IF"
        )
    ],
}


@fault(67)
def test_a_trigger_that_refuses_every_way_back_leaves_the_row_held_until_it_is_gone(project: Workplace) -> None:
    table(project, f"{IDS} state VARCHAR(20), last_failure_reason TEXT", "'a', 'p~hang', 0, 'QUEUED', NULL")
    drain = begun(project, "drain-queued", "--run-id=a")
    for statement in REFUSE[project.engine.dialect.name]:
        project.sql(statement)
    code, out, err = ended(drain, signal.SIGINT)

    assert (code, "not now" in err, "Balance" in out or "Processed" in out) == (78, True, True), (out, err)
    looked, ran = project.inv("doctor"), project.inv("recover")
    assert (looked.code, "not now" in looked.out, ran.code) == (78, True, 78), (looked, ran)
    project.sql("DROP TRIGGER deny" + (" ON steps" if project.engine.dialect.name == "postgresql" else ""))
    assert (project.inv("recover").code, [row[2] for row in stands(project)]) == (0, ["QUEUED"])


UNDO = {
    "sqlite": ["CREATE TRIGGER deny BEFORE UPDATE ON steps WHEN OLD.state = 'EXECUTING' BEGIN SELECT RAISE(IGNORE); END"],
    "postgresql": [
        "CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER deny BEFORE UPDATE ON steps FOR EACH ROW WHEN (OLD.state = 'EXECUTING') EXECUTE FUNCTION deny()",
    ],
    "mysql": ["CREATE TRIGGER deny BEFORE UPDATE ON steps FOR EACH ROW SET NEW.state = OLD.state"],
}


@fault(67)
def test_a_trigger_that_silently_undoes_the_way_back_leaves_the_row_held_too(project: Workplace) -> None:
    table(project, f"{IDS} state VARCHAR(20), last_failure_reason TEXT", "'a', 'p~hang', 0, 'QUEUED', NULL")
    drain = begun(project, "drain-queued", "--run-id=a")
    for statement in UNDO[project.engine.dialect.name]:
        project.sql(statement)
    code, out, err = ended(drain, signal.SIGINT)

    assert (code, "does not let the state of a / p~hang become 'QUEUED'" in err) == (78, True), (out, err)
    assert project.inv("recover").code == 78
    project.sql("DROP TRIGGER deny" + (" ON steps" if project.engine.dialect.name == "postgresql" else ""))
    assert (project.inv("recover").code, [row[2] for row in stands(project)]) == (0, ["QUEUED"])


@fault(67)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_constraint_that_is_looked_at_only_at_the_commit_is_a_refusal_too(
    postgresql_project: Workplace, number: int
) -> None:
    project = postgresql_project
    lock = "last_failure_reason TEXT, lock_name VARCHAR(20)"
    once = "EXCLUDE (lock_name WITH =) WHERE (state = 'QUEUED') DEFERRABLE INITIALLY DEFERRED"
    table(project, f"{IDS} state VARCHAR(20), {lock}, {once}")
    insert(project, "a", "p~hang", "QUEUED")
    drain = begun(project, "drain-queued", "--run-id=a")
    insert(project, "a", "newer", "QUEUED")
    ended(drain, number)

    assert project.inv("recover").code == 0
    [(_, _, state, reason)] = [row for row in stands(project) if row[1] == "p~hang"]
    assert (state, number == signal.SIGKILL or "refuses at the commit" in str(reason)) == ("FAILED", True), reason
