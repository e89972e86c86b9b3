"""batchdrain's own tables are emptied, cut or dropped by hand, in a drain and between drains: what is true is told."""

from __future__ import annotations

import pytest

from tests.chaos.faults import fault
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Beside, Workplace

ROW = "a/p~until=go"
HELD = "a/p~hang"


def end(project: Workplace, drain: Beside) -> tuple[int, str, str]:
    """Its command ends by itself."""
    (project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert b"Traceback" not in err, err.decode()
    return drain.wait(), out.decode(), err.decode()


def killed(project: Workplace, name: str = HELD) -> None:
    """A drain that claimed a phase, and died with its guardian."""
    witness = watched(project, name)
    drain = project.start("drain")
    started(witness, 1)
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)


def emptied(project: Workplace, table: str) -> None:
    project.sql(f"DELETE FROM {table}" if project.engine.dialect.name == "sqlite" else f"TRUNCATE TABLE {table}")


@fault(71)
def test_a_claim_that_was_emptied_under_a_drain_is_not_called_taken_over_and_its_row_is_named(project: Workplace) -> None:
    witness = watched(project, ROW)
    drain = project.start("drain")
    started(witness, 1)
    emptied(project, "batchdrain_claim")
    code, out, err = end(project, drain)

    assert (code, "taken over" in err, "its row of batchdrain_claim is gone" in err) == (76, False, True), (out, err)
    assert project.states() == {ROW: "EXECUTING"}
    ran, looked = project.inv("recover"), project.inv("doctor")
    told = "No claim holds a / p~until=go, which is EXECUTING, and its attempt never ended"
    assert (ran.code, ran.lines[0], told in ran.out) == (65, "0 recovered, 0 still held.", True), ran
    assert (looked.code, f"FAIL strays: {told}" in looked.out, "All is well" in looked.out) == (65, True, False), looked
    assert "set its state back to 'FAILED' yourself" in looked.out

    project.sql("UPDATE phases SET state = 'FAILED'")
    assert (project.inv("recover").code, "strays" in project.inv("doctor").out) == (0, False)


@pytest.mark.everyday("sqlite")
@fault(71)
def test_a_claim_that_somebody_else_took_over_is_still_called_so(project: Workplace) -> None:
    witness = watched(project, ROW)
    drain = project.start("drain")
    started(witness, 1)
    project.sql("UPDATE batchdrain_claim SET epoch = epoch + 1, owner = NULL")
    code, out, err = end(project, drain)

    assert (code, "was taken over; nothing was written" in err) == (76, True), (out, err)


@fault(71)
@pytest.mark.parametrize("how", ["emptied", "dropped"])
def test_a_claim_without_its_attempt_is_named_and_given_back_from_the_claim_alone(project: Workplace, how: str) -> None:
    killed(project)
    if how == "emptied":
        emptied(project, "batchdrain_attempt")
    else:
        project.sql("DROP TABLE batchdrain_attempt")

    looked, ran = project.inv("doctor"), project.inv("recover")

    assert "held now: a / p~hang: attempt 1" in looked.out
    assert "its attempt is not in the ledger any more" in looked.out
    assert ("batchdrain_attempt was dropped" in looked.out) == (how == "dropped"), looked
    assert "All is well" not in looked.out
    assert (ran.code, ran.lines[-1]) == (0, "1 recovered, 0 still held."), ran
    assert project.states() == {HELD: "FAILED"}


@pytest.mark.everyday("sqlite")
@fault(71)
def test_a_claim_without_its_attempt_is_given_back_where_the_command_sets_states_itself(project: Workplace) -> None:
    project.configure(command={"result_from": "database"})
    killed(project)
    project.sql("UPDATE phases SET state = 'EXECUTING'")
    emptied(project, "batchdrain_attempt")

    assert project.inv("recover").lines[-1] == "1 recovered, 0 still held."
    assert project.states() == {HELD: "FAILED"}


@fault(71)
def test_a_result_whose_attempt_was_deleted_in_the_drain_is_recorded_all_the_same(project: Workplace) -> None:
    witness = watched(project, ROW, "b/q")
    drain = project.start("drain", "--policy=run-order")
    started(witness, 1)
    emptied(project, "batchdrain_attempt")
    code, out, err = end(project, drain)

    assert (code, project.states()) == (0, {ROW: "COMPLETE", "b/q": "COMPLETE"}), (out, err)
    rows = project.sql("SELECT run_id, attempt, initial_state, outcome, final_state FROM batchdrain_attempt ORDER BY run_id")
    assert rows == [(run, 1, "FAILED", "complete", "COMPLETE") for run in "ab"]


@fault(71)
def test_a_result_that_was_spooled_is_recorded_though_its_attempt_was_deleted(project: Workplace) -> None:
    witness = watched(project, ROW)
    drain = project.start("drain")
    started(witness, 1)
    project.sql("DROP TABLE batchdrain_attempt")
    code, out, err = end(project, drain)
    assert (code, "batchdrain_attempt" in err) == (78, True), (out, err)

    ran = project.inv("recover")

    assert (ran.code, ran.lines[-1]) == (0, "1 recovered, 0 still held."), ran
    assert "Recorded: a / p~until=go: its command had ended (complete)" in ran.out
    assert project.states() == {ROW: "COMPLETE"}
    assert project.sql("SELECT run_id, outcome FROM batchdrain_attempt") == [("a", "complete")]


@pytest.mark.everyday("sqlite")
@fault(71)
def test_what_is_held_is_seen_though_batchdrain_meta_was_dropped(project: Workplace) -> None:
    killed(project)
    project.sql("DROP TABLE batchdrain_meta")

    looked = project.inv("doctor")

    assert "batchdrain_meta was dropped" in looked.out, looked
    assert "held now: a / p~hang" in looked.out
    assert project.inv("recover").lines[-1] == "1 recovered, 0 still held."
    assert project.states() == {HELD: "FAILED"}


@fault(71)
@pytest.mark.parametrize("table", ["batchdrain_claim", "batchdrain_meta"])
def test_a_table_of_ours_that_is_dropped_under_a_drain_loses_nothing_silently(project: Workplace, table: str) -> None:
    witness = watched(project, ROW, "b/q")
    drain = project.start("drain", "--policy=run-order")
    started(witness, 1)
    project.sql(f"DROP TABLE {table}")
    code, out, err = end(project, drain)

    assert (code, table in err) == (78, True), (out, err)
    looked, ran = project.inv("doctor"), project.inv("recover")
    assert (looked.code != 0, f"{table} was dropped" in looked.out) == (True, True), looked
    if project.states()[ROW] == "EXECUTING":
        assert (ran.code, "No claim holds a / p~until=go" in ran.out) == (65, True), ran
    else:
        assert (ran.code, project.states()[ROW]) == (0, "COMPLETE"), ran


@pytest.mark.everyday("sqlite")
@fault(71)
def test_a_column_of_ours_that_is_renamed_under_a_drain_is_named_and_costs_no_result(project: Workplace) -> None:
    witness = watched(project, ROW)
    drain = project.start("drain")
    started(witness, 1)
    project.sql("ALTER TABLE batchdrain_attempt RENAME COLUMN outcome TO elsewhere")
    code, out, err = end(project, drain)

    looked = project.inv("doctor")
    assert (code, looked.code) == (78, 78), (out, err, looked)
    assert "batchdrain_attempt has no column outcome: it was dropped or renamed" in looked.out, looked
    project.sql("ALTER TABLE batchdrain_attempt RENAME COLUMN elsewhere TO outcome")
    assert "Recorded: a / p~until=go: its command had ended (complete)" in project.inv("recover").out
    assert project.states() == {ROW: "COMPLETE"}


@pytest.mark.everyday("sqlite")
@fault(71)
def test_rows_that_a_worker_of_the_users_executes_are_a_warning_and_no_fault(project: Workplace) -> None:
    project.fail("a/p", "c/stays~fail")
    project.add(("b", "theirs", 0, "EXECUTING", None))
    project.inv("drain")

    looked, ran = project.inv("doctor"), project.inv("recover")

    assert (looked.code, looked.lines[-1]) == (0, "1 warning found."), looked
    assert "warn strays: No claim holds b / theirs, which is EXECUTING" in looked.out
    assert (ran.code, "No claim holds b / theirs" in ran.out) == (0, True), ran


@pytest.mark.everyday("sqlite")
@fault(71)
@pytest.mark.parametrize("change", ["DROP TABLE phases", "ALTER TABLE phases RENAME TO elsewhere"])
def test_a_table_of_phases_that_goes_away_under_a_drain_leaves_its_result_for_the_next(
    project: Workplace, change: str
) -> None:
    witness = watched(project, ROW)
    drain = project.start("drain")
    started(witness, 1)
    project.sql(change)
    code, out, err = end(project, drain)
    assert (code, "phases" in err) == (78, True), (out, err)

    if "RENAME" in change:
        project.sql("ALTER TABLE elsewhere RENAME TO phases")
        assert "Recorded: a / p~until=go: its command had ended (complete)" in project.inv("recover").out
        assert project.states() == {ROW: "COMPLETE"}
    else:
        project.make_table()
        assert project.inv("recover").lines[-1] == "1 recovered, 0 still held."
