"""Tables that do not take what a drain writes, or not from everybody: found before, told, and never in the way of others."""

from __future__ import annotations

import signal
import sys
import uuid

import pytest
import sqlalchemy as sa

from batchdrain.reports.worst import REFUSED
from tests.support.workplace import DEADLINE_S, Workplace, wait_for


def table(project: Workplace, columns: str, *rows: str, suffix: str = "") -> None:
    """Another table, with these rows, as the source."""
    project.sql(f"CREATE TABLE steps ({columns}){suffix}")
    for row in rows:
        project.sql(f"INSERT INTO steps VALUES ({row})")
    project.source = {"table": "steps"}
    project.configure()


def stands(project: Workplace) -> list[tuple[str, ...]]:
    return project.sql("SELECT run_id, phase_id, state, last_failure_reason FROM steps ORDER BY run_id, phase_id")


def outcomes(project: Workplace) -> list[str]:
    return [outcome for (outcome,) in project.sql("SELECT outcome FROM batchdrain_attempt ORDER BY started_ms, epoch")]


IDS = "run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INTEGER, "


def test_a_reason_that_may_not_be_null_becomes_an_empty_text(project: Workplace) -> None:
    reason = "last_failure_reason VARCHAR(300) CHECK (last_failure_reason IS NOT NULL)"
    table(project, f"{IDS} state VARCHAR(20), {reason}", "'r', 'p', 0, 'FAILED', 'before'")

    assert project.inv("doctor").code == 0
    ran = project.inv("drain")

    assert (ran.code, stands(project)) == (0, [("r", "p", "COMPLETE", "")]), ran


@pytest.mark.parametrize("lacking", ["EXECUTING", "COMPLETE"])
def test_a_table_that_refuses_a_word_is_told_before_anything_is_executed(project: Workplace, lacking: str) -> None:
    state = f"state VARCHAR(20) CHECK (state <> '{lacking}')"
    table(project, f"{IDS} {state}, last_failure_reason TEXT", "'r', 'p', 0, 'FAILED', 'before'")

    looked, ran = project.inv("doctor"), project.inv("drain")

    assert (looked.code, "FAIL writes: table 'steps' refuses" in looked.out) == (78, True), looked
    assert (ran.code, "table 'steps' refuses" in ran.err, "Traceback" in ran.err) == (78, True, False), ran
    assert stands(project) == [("r", "p", "FAILED", "before")]
    assert not (project.root / "witness.txt").exists()


def test_a_trigger_that_undoes_the_claim_is_told_as_what_it_is(sqlite_project: Workplace) -> None:
    table(sqlite_project, f"{IDS} state TEXT, last_failure_reason TEXT", "'r', 'p', 0, 'FAILED', 'before'")
    sqlite_project.sql(
        "CREATE TRIGGER stay AFTER UPDATE ON steps BEGIN UPDATE steps SET state = 'FAILED' WHERE state = 'EXECUTING'; END"
    )

    ran = sqlite_project.inv("drain")

    assert (ran.code, "does not let the state become 'EXECUTING'" in ran.err) == (78, True), ran
    assert "controller" not in ran.out


def test_one_row_whose_end_is_refused_goes_back_and_keeps_no_other_waiting(project: Workplace) -> None:
    state = "state VARCHAR(20), CHECK (phase_id <> 'b' OR state <> 'COMPLETE')"
    rows = ("'r', 'a', 0, 'FAILED', 'one'", "'s', 'b', 1, 'FAILED', 'two'", "'t', 'c', 2, 'FAILED', 'three'")
    table(project, f"{IDS} last_failure_reason TEXT, {state}")
    for row in rows:
        project.sql(f"INSERT INTO steps (run_id, phase_id, phase_index, state, last_failure_reason) VALUES ({row})")

    ran = project.inv("drain", "--policy=run-order")

    assert (ran.code, "the command completed, but table 'steps' refuses" in ran.out) == (1, True), ran
    assert REFUSED in ran.out
    assert "drain --cluster=" not in ran.out, "the table still has the earlier reason, so that it would find nothing"
    assert [row[2:] for row in stands(project)] == [("COMPLETE", None), ("FAILED", "two"), ("COMPLETE", None)]
    assert outcomes(project) == ["complete", "refused", "complete"]
    assert project.inv("recover").out.startswith("0 recovered, 0 still held.")


def test_a_reason_that_the_column_can_not_hold_is_kept_as_far_as_it_can(server_project: Workplace) -> None:
    narrow = "TINYTEXT CHARACTER SET latin1" if server_project.url.startswith("mysql") else "VARCHAR(300)"
    table(server_project, f"{IDS} state VARCHAR(20), last_failure_reason {narrow}", "'r', 'p', 0, 'FAILED', 'before'")
    server_project.configure(
        command={"argv": [sys.executable, "-c", "import sys; sys.exit('\\u2717 \\U0001f600 ' + 'long ' * 90)"]}
    )

    ran = server_project.inv("drain", env={"PYTHONUTF8": "1"})

    assert ran.code == 1, ran
    [(_, _, state, reason)] = stands(server_project)
    assert (state, "long long" in reason) == ("FAILED", True)
    assert outcomes(server_project) == ["failed"]
    [cluster] = server_project.inv("summary", "--format=json").json()["clusters"]
    plan = server_project.inv("dry-run", f"--cluster={cluster['id']}", "--format=json").json()
    assert len(plan["phases"]) == 1, "the suggested command finds it by what the row holds"


def test_a_database_in_an_old_character_set_is_drained(latin1_project: Workplace) -> None:
    latin1_project.fail("r/p", reason="caf\u00e9")
    latin1_project.configure(command={"argv": [sys.executable, "-c", "import sys; sys.exit('\\u2717 broken')"]})

    ran = latin1_project.inv("drain")

    assert (ran.code, "Traceback" in ran.err) == (1, False), ran
    assert outcomes(latin1_project) == ["failed"]
    assert "broken" in str(latin1_project.phases()["r/p"][1])


def test_rows_of_others_with_the_same_ids_are_never_written(project: Workplace) -> None:
    rows = ("'r', 'p', 0, 'FAILED', 'ours'", "'r', 'p', 1, 'EXECUTING', 'of somebody'", "'s', 'q', 0, 'FAILED', NULL")
    table(project, f"{IDS} state VARCHAR(20), last_failure_reason VARCHAR(200)", *rows)

    ran = project.inv("drain")

    assert (ran.code, "these ids name more than one row" in ran.out) == (65, True), ran
    found = sorted(project.sql("SELECT run_id, state, last_failure_reason FROM steps"), key=repr)
    assert found == [("r", "EXECUTING", "of somebody"), ("r", "FAILED", "ours"), ("s", "COMPLETE", None)]


def test_ids_that_a_collation_takes_for_equal_are_drained_each_for_itself(project: Workplace) -> None:
    loose = {"sqlite": " COLLATE NOCASE", "postgresql": "", "mysql": " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"}
    text = f"VARCHAR(20){loose[project.engine.dialect.name]}"
    rows = [
        f"'{run}', 'p', 0, '{state}', '{run}'" for run, state in (("a", "EXECUTING"), ("A", "FAILED"), ("\u00e9", "FAILED"))
    ]
    table(project, f"run_id {text}, phase_id {text}, phase_index INTEGER, state VARCHAR(20), last_failure_reason TEXT", *rows)

    ran = project.inv("drain")

    assert ran.code == 0, ran
    found = {run: state for run, _, state, _ in stands(project)}
    assert found == {"a": "EXECUTING", "A": "COMPLETE", "\u00e9": "COMPLETE"}
    assert len(project.inv("list-run-counts").lines) == 3


def test_what_stood_before_is_given_back_as_it_was_written(server_project: Workplace) -> None:
    """A CHAR is padded on PostgreSQL; MariaDB takes 'Failed' for 'FAILED'."""
    word = "Failed" if server_project.url.startswith("mysql") else "FAILED"
    table(server_project, f"{IDS} state CHAR(20), last_failure_reason TEXT", f"'r', 'p~hang', 0, '{word}', 'before'")

    drain = server_project.start("drain")
    wait_for((server_project.root / "witness.txt").exists, "the command to begin")
    drain.send_signal(signal.SIGINT)
    drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 130
    [(_, _, state, reason)] = stands(server_project)
    assert (state.rstrip(), reason) == (word, "before")


def test_columns_without_a_type_are_drained(sqlite_project: Workplace) -> None:
    table(
        sqlite_project,
        "run_id, phase_id, phase_index, state, last_failure_reason",
        "1, 2, 0, 'FAILED', NULL",
        "'x', 2.5, 0, 'FAILED', NULL",
    )
    assert sqlite_project.inv("drain").code == 0
    assert {row[2] for row in stands(sqlite_project)} == {"COMPLETE"}


def test_a_reason_that_is_no_utf8_keeps_nobody_waiting_and_comes_back_byte_for_byte(sqlite_project: Workplace) -> None:
    table(sqlite_project, f"{IDS} state TEXT, last_failure_reason TEXT", "'a', 'p~hang', 0, 'FAILED', CAST(x'626fff6f' AS TEXT)",
          "'b', 'q', 0, 'FAILED', 'fine'")  # fmt: skip
    drain = sqlite_project.start("drain", "--policy=run-order")
    wait_for((sqlite_project.root / "witness.txt").exists, "the command to begin")
    drain.send_signal(signal.SIGINT)
    _, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, b"Traceback" in err) == (130, False), err
    assert sqlite_project.sql("SELECT state, hex(last_failure_reason) FROM steps WHERE run_id = 'a'") == [
        ("FAILED", "626FFF6F")
    ]
    assert sqlite_project.inv("drain", "--exclude-run=a").code == 0


def test_two_tables_of_one_database_do_not_touch_each_others_claims(project: Workplace) -> None:
    table(project, f"{IDS} state VARCHAR(20), last_failure_reason TEXT", "'r', 'p~hang', 0, 'FAILED', 'of steps'")
    drain = project.start("drain")
    wait_for((project.root / "witness.txt").exists, "the command to begin")
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)
    project.add(("r", "p~hang", 0, "EXECUTING", "of phases"))
    project.source = {}
    project.configure()

    other = project.inv("recover")
    assert other.out.startswith("0 recovered, 0 still held."), other
    assert stands(project)[0][2] == "EXECUTING"

    project.source = {"table": "steps"}
    project.configure()
    assert project.inv("recover").out.splitlines()[-1] == "1 recovered, 0 still held."
    assert stands(project) == [("r", "p~hang", "FAILED", "of steps")]
    assert project.phases() == {"r/p~hang": ("EXECUTING", "of phases")}


def test_a_word_that_was_renamed_after_a_crash_does_not_keep_the_phase(project: Workplace) -> None:
    project.fail("r/p~hang", reason="before")
    drain = project.start("drain")
    wait_for((project.root / "witness.txt").exists, "the command to begin")
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)
    project.source = {"states": {"executing": "BUSY"}}
    project.configure()

    assert project.inv("recover").out.splitlines()[-1] == "1 recovered, 0 still held."
    assert project.phases() == {"r/p~hang": ("FAILED", "before")}


def test_a_user_who_may_only_read_is_told_so_and_not_to_try_again(server_project: Workplace) -> None:
    server_project.fail("r/p", reason="before")
    name = f"bd_{uuid.uuid4().hex[:12]}"
    database = server_project.url.rpartition("/")[2].partition("?")[0]
    mysql = server_project.url.startswith("mysql")
    everywhere = "@'%'" if mysql else ""
    server_project.sql(f"CREATE USER {name}{everywhere}")
    server_project.sql(f"GRANT SELECT ON {database + '.*' if mysql else 'phases'} TO {name}{everywhere}")
    try:
        url = sa.make_url(server_project.url).set(username=name, password=None).render_as_string(hide_password=False)
        server_project.configure(database_url=url)
        looked, ran = server_project.inv("doctor"), server_project.inv("drain")
    finally:
        if not mysql:
            server_project.sql(f"DROP OWNED BY {name}")
        server_project.sql(f"DROP USER {name}{everywhere}")

    assert (looked.code, ran.code) == (78, 78), (looked, ran)
    assert "denied" in ran.err
    assert all(line.count("denied") <= 1 and line.count("://") <= 1 for line in ran.err.splitlines()), ran.err
    assert server_project.phases() == {"r/p": ("FAILED", "before")}


def test_a_ledger_that_may_not_be_written_is_told_by_doctor(server_project: Workplace) -> None:
    server_project.fail("r/p~fail")
    server_project.inv("drain")
    name = f"bd_{uuid.uuid4().hex[:12]}"
    mysql = server_project.url.startswith("mysql")
    everywhere = "@'%'" if mysql else ""
    server_project.sql(f"CREATE USER {name}{everywhere}")
    for table_name in ("phases", "batchdrain_claim", "batchdrain_attempt", "batchdrain_meta"):
        server_project.sql(f"GRANT SELECT, INSERT, UPDATE ON {table_name} TO {name}{everywhere}")
    try:
        url = sa.make_url(server_project.url).set(username=name, password=None).render_as_string(hide_password=False)
        server_project.configure(database_url=url)
        looked = server_project.inv("doctor")
    finally:
        if not mysql:
            server_project.sql(f"DROP OWNED BY {name}")
        server_project.sql(f"DROP USER {name}{everywhere}")

    assert (looked.code, "FAIL ledger: batchdrain_meta can't be written (delete)" in looked.out) == (78, True), looked


def test_a_ledger_that_was_cut_back_by_hand_is_told(project: Workplace) -> None:
    project.fail("r/p~fail", "s/q")
    project.inv("drain", "--run-id=r")
    project.sql("DELETE FROM batchdrain_claim")

    ran = project.inv("drain")

    assert (ran.code, "batchdrain_attempt has an attempt that batchdrain_claim does not know" in ran.out) == (65, True), ran
    assert project.states() == {"r/p~fail": "FAILED", "s/q": "COMPLETE"}
