"""`inv init` and `inv doctor` on states that are codes: what explains them is read, and what nothing explains is shown with its rows."""

from __future__ import annotations

import pytest

from tests.cli.test_init_tables import ask, make, place, source_of
from tests.support.workplace import Workplace

__all__ = ["place"]
on = pytest.mark.parametrize
EVERY = on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
SERVERS = on("database_url", ["postgresql", "mariadb"], indirect=True)
UNEXPLAINED = """
CREATE TABLE tasks (id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, title VARCHAR(9), status SMALLINT NOT NULL);
INSERT INTO tasks VALUES (1, 1, 'a', 0), (2, 1, 'b', 1), (3, 1, 'c', 2), (4, 2, 'd', 3), (5, 2, 'e', 3), (6, 2, 'f', 3)
"""
DECIMALS = """
CREATE TABLE load_control (batch_no NUMERIC(10) NOT NULL, chunk NUMERIC(10) NOT NULL, load_status NUMERIC(1) NOT NULL, sqlerrm VARCHAR(400),
  rows_read NUMERIC(12, 2), PRIMARY KEY (batch_no, chunk));
INSERT INTO load_control VALUES (1, 1, 2, NULL, 7.50), (1, 2, 9, 'ORA-01653: unable to extend', 1.25), (1, 10, 9, 'ORA-00001: unique constraint', 0),
  (2, 10, 0, NULL, NULL)
"""
LETTERS = """
CREATE TABLE batch_job_step (job_name VARCHAR(60) NOT NULL, business_date DATE NOT NULL, step_no INTEGER NOT NULL, step_status CHAR(1) NOT NULL,
  err_text VARCHAR(200), PRIMARY KEY (job_name, business_date, step_no));
INSERT INTO batch_job_step VALUES ('EOD', '2026-11-01', 10, 'C', NULL), ('EOD', '2026-11-01', 20, 'F', 'S0C7'), ('EOD', '2026-11-02', 10, 'F', 'S222')
"""
COMMENT = "W=waiting R=running C=complete F=failed"
FLAGGED = """
CREATE TABLE interface_lines (file_name VARCHAR(20) NOT NULL, line_no INTEGER NOT NULL, proc_flag CHAR(1) NOT NULL, err_msg VARCHAR(40),
  PRIMARY KEY (file_name, line_no));
INSERT INTO interface_lines VALUES ('f1', 1, 'S', NULL), ('f1', 2, 'E', 'bad account'), ('f1', 10, 'E', 'bad account'), ('f2', 1, 'N', NULL)
"""


@EVERY
def test_codes_that_nothing_explains_are_shown_with_their_rows_by_init_and_by_doctor(place: Workplace) -> None:
    make(place, UNEXPLAINED)
    env = {"DATABASE_URL": place.url}

    ran = place.inv("init", "--table=tasks", env=env)

    assert ran.code == 0, ran
    held = "status holds 0 (1 row), 1 (1 row), 2 (1 row), 3 (3 rows), and nothing tells which of them means failed"
    assert held in ran.out
    assert ran.lines[-1].startswith("Next: set source.states, and command.argv to your command, then run `inv doctor`")
    looked = place.inv("doctor", env={**env, "INVOKE_BATCHDRAIN_COMMAND_ARGV": '["true"]'})
    assert (looked.code, "'FAILED' is no value of the" in looked.out) == (78, True), looked
    assert "column 'status' holds 0 (1 row), 1 (1 row), 2 (1 row), 3 (3 rows)" in looked.out


@SERVERS
def test_decimal_numbers_without_fractions_are_codes_and_are_given_back_as_they_were(place: Workplace) -> None:
    make(place, DECIMALS)
    source = source_of(place)
    assert (source["table"], source["columns"]["state"]) == ("load_control", "load_status")
    assert source["columns"]["last_failure_reason"] == "sqlerrm"
    assert source["states"] == {"failed": 9}
    before = set(place.sql("SELECT * FROM load_control WHERE load_status <> 9"))
    place.source = {**source, "states": {"failed": 9, "queued": 0, "executing": 1, "complete": 2}}
    place.configure(command={"argv": ["true"]})

    drained = place.inv("drain")

    assert drained.code == 0, drained
    assert [line.split()[-1] for line in drained.lines if "Draining" in line] == ["2", "10"]
    rows = place.sql(
        "SELECT chunk, load_status, sqlerrm, rows_read FROM load_control WHERE batch_no = 1 AND chunk > 1 ORDER BY chunk"
    )
    assert [tuple(map(str, row)) for row in rows] == [("2", "2", "None", "1.25"), ("10", "2", "None", "0.00")]
    assert before < set(place.sql("SELECT * FROM load_control"))


@SERVERS
def test_a_word_that_is_no_number_is_refused_for_a_column_of_decimal_numbers(place: Workplace) -> None:
    make(place, DECIMALS)
    place.source = {**source_of(place), "states": {"failed": 9}}
    place.configure(command={"argv": ["true"]})
    for task in ("doctor", "drain"):
        ran = place.inv(task)
        assert (ran.code, "batchdrain.source.states.complete: 'COMPLETE' is no value of the" in ran.out + ran.err) == (
            78,
            True,
        ), ran
    assert {str(status) for (status,) in place.sql("SELECT load_status FROM load_control")} == {"0", "2", "9"}


@SERVERS
def test_letters_that_a_comment_explains_are_the_words(place: Workplace) -> None:
    make(place, LETTERS)
    of_postgresql = f"COMMENT ON COLUMN batch_job_step.step_status IS '{COMMENT}'"
    of_mariadb = f"ALTER TABLE batch_job_step MODIFY step_status CHAR(1) NOT NULL COMMENT '{COMMENT}'"
    place.sql(of_postgresql if place.engine.dialect.name == "postgresql" else of_mariadb)
    source = source_of(place)
    assert source["states"] == {"failed": "F", "queued": "W", "executing": "R", "complete": "C"}
    columns = source["columns"]
    assert (columns["run_id"], columns["phase_id"]) == (["job_name", "business_date"], "step_no")
    assert columns["last_failure_reason"] == "err_text"


@EVERY
def test_a_flag_whose_rows_alone_have_texts_is_the_state_and_no_word_is_assumed_that_does_not_fit(place: Workplace) -> None:
    make(place, FLAGGED)
    section, ran = ask(place)
    source = section["source"]
    assert (source["columns"]["state"], source["states"]["failed"]) == ("proc_flag", "E")
    assert "'E' is the only one with failure texts, so it is taken for failed: a guess" in ran.out
    if place.engine.dialect.name != "sqlite":  # which enforces no length
        assert "# executing:   # none of these looks like it: name one of them: " in ran.out
