"""`inv doctor` on what a mapping leaves out, on words that the table would not take, and on writes that can't be tried."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import foreign_tables as tables
from tests.support.table_dumps import everything
from tests.support.workplace import Ran, Workplace

COMPOSITE: dict[str, Any] = {
    "table": "pipeline_steps",
    "columns": {
        "run_id": "pipeline",
        "phase_id": "step",
        "phase_index": "pos",
        "state": "status",
        "last_failure_reason": "error",
    },
    "states": {"queued": "PENDING", "complete": "DONE"},
}
DIRTY: dict[str, Any] = {"table": "runs", "columns": {"state": "status", "last_failure_reason": "error", "phase_index": None},
         "states": {"failed": "failed", "complete": "done"}}  # fmt: skip
on = pytest.mark.parametrize


def make(place: Workplace, script: str, source: dict[str, Any]) -> Workplace:
    for statement in script.split(";\n"):
        place.sql(statement.replace(":", r"\:"))
    place.source = source
    place.configure()
    return place


def lines(ran: Ran, check: str) -> list[str]:
    return [line for line in ran.lines if line[5:].startswith(f"{check}: ")]


@on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_rows_that_look_failed_are_counted_and_one_count_is_told_everywhere(project: Workplace) -> None:
    make(project, tables.DIRTY_WORDS, DIRTY)
    project.sql("INSERT INTO runs VALUES ('w3', 1, 'timed out', NULL), ('w3', 2, 'error', NULL)")

    ran = project.inv("doctor")

    assert "warn states: 2 rows with 'error', 1 row with 'timed out' look failed and are not mapped" in ran.out
    assert ": 3 failed, 0 queued, 1 complete, 5 other in 3 runs" in ran.out
    assert "Would drain 3 of 3" in project.inv("dry-run").out
    drained = project.inv("drain")
    assert "Balance: 3 failed before + 0 new = 3 fixed + 0 still failing" in drained.out
    assert project.sql("SELECT count(*) FROM runs WHERE status IN ('Failed ', 'FAILED', 'error')")[0][0] >= 4


def test_what_is_mapped_or_no_failure_is_not_told(sqlite_project: Workplace) -> None:
    sqlite_project.add(
        *((f"r{place}", "p", 0, word, None) for place, word in enumerate(["FAILED", "COMPLETE", "SKIPPED", "not failed"]))
    )
    assert not any("look" in line for line in lines(sqlite_project.inv("doctor"), "states"))


@on(
    ("database_url", "script"),
    [("sqlite", tables.COMPOSITE_SQLITE), ("postgresql", tables.COMPOSITE_POSTGRESQL)],
    indirect=["database_url"],
)
def test_a_word_that_a_check_forbids_is_refused_beforehand(project: Workplace, script: str) -> None:
    make(project, script, COMPOSITE)
    ran = project.inv("doctor")
    assert ran.code == 78
    [told] = lines(ran, "words")
    assert told == (
        "FAIL words: a drain writes 'EXECUTING' (states.executing), and a constraint of the table allows only "
        "'PENDING', 'RUNNING', 'DONE', 'FAILED' in 'status'"
    )
    assert [line for line in lines(ran, "writes") if line.startswith("FAIL")] == [], "one CHECK is told once"
    project.source = {**COMPOSITE, "states": {"queued": "PENDING", "executing": "RUNNING", "complete": "DONE"}}
    project.configure()
    assert lines(project.inv("doctor"), "words") == []


@on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_a_word_that_is_in_no_table_of_words_is_refused_beforehand(project: Workplace) -> None:
    columns = {"run_id": "batch", "phase_id": "id", "state": "status_id", "last_failure_reason": "err", "phase_index": None}
    source: dict[str, Any] = {"table": "work_items", "columns": columns,
                                 "states": {"failed": "4", "queued": "1", "executing": "2", "complete": "7"}}  # fmt: skip
    make(project, tables.LOOKUP, source)
    ran = project.inv("doctor")
    [told] = lines(ran, "words")
    assert [line for line in lines(ran, "writes") if line.startswith("FAIL")] == [], "one foreign key is told once"
    assert (
        told
        == "FAIL words: a drain writes '7' (states.complete), and a constraint of the table allows only '1', '2', '3', '4' in 'status_id'"
    )


def test_words_that_nobody_knows_are_named_without_a_warning(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    told = lines(sqlite_project.inv("doctor"), "words")
    assert told == [
        "ok   words: a drain writes 'EXECUTING' (states.executing) and 'COMPLETE' (states.complete): no row has them, and no constraint names them"
    ]


@on("database_url", ["postgresql"], indirect=True)
def test_writes_are_not_said_to_be_tried_where_ids_name_several_rows(project: Workplace) -> None:
    make(project, tables.COMPOSITE_POSTGRESQL, COMPOSITE)
    before = everything(project)
    [told] = lines(project.inv("doctor"), "writes")
    assert everything(project) == before
    assert told.startswith("warn writes: were not tried: ids name several rows, as etl / 00000000-0000-4000-8000-0000")


FREEZES = {
    "sqlite": [
        "CREATE TRIGGER frozen BEFORE UPDATE ON phases WHEN OLD.state = 'ERROR' BEGIN SELECT RAISE(ABORT, 'frozen'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION freeze() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'frozen'; END $$",
        "CREATE TRIGGER frozen BEFORE UPDATE ON phases FOR EACH ROW WHEN (OLD.state = 'ERROR') EXECUTE FUNCTION freeze()",
    ],
    "mysql": [
        (
            "CREATE TRIGGER frozen BEFORE UPDATE ON phases FOR EACH ROW BEGIN IF OLD.state = 'ERROR' THEN "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'frozen'; END IF; END"
        )
    ],
}


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_the_writes_are_tried_on_a_row_of_each_word_and_leave_nothing(project: Workplace) -> None:
    project.source = {"states": {"failed": ["FAILED", "ERROR", None], "complete": "COMPLETE"}}
    project.configure()
    project.add(("r", "a", 1, "FAILED", "x"), ("r", "b", 2, "ERROR", "x"), ("r", "c", 3, "ERROR", "x"))
    before = everything(project)
    assert "(tried on a row that is 'FAILED' and on one that is 'ERROR', and rolled back)" in project.inv("doctor").out

    for statement in FREEZES[project.engine.dialect.name]:
        project.sql(statement)
    ran = project.inv("doctor")

    assert (ran.code, any("frozen" in line for line in lines(ran, "writes"))) == (78, True), ran.out
    assert everything(project) == before
