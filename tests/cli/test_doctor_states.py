"""What doctor says of the words of a table, and of the writes of a drain that it tried, sentence by sentence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.doctor.state_checks import check_condition, check_states, check_writes
from batchdrain.cli.commands.doctor.state_doubts import judge_words
from batchdrain.cli.commands.doctor.word_checks import check_left_out, check_written
from batchdrain.model.state_words import StateWords
from batchdrain.model.states import PhaseState
from tests.cli.called import found_by
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
CURE = "map it in batchdrain.source.states, if it is the one"
UNKNOWN = "a word that no row has and no CHECK of the table allows"
OURS = ("failed", "queued", "executing", "complete")


def judged(rows: dict[str, int], *, writes: bool = True, declared: tuple[str, ...] = (), **words: list[str]) -> list[str]:
    mapped = {PhaseState(ours): StateWords.of(words.get(ours, [ours.upper()])) for ours in OURS}
    found = [*judge_words(Counter(rows), mapped, writes=writes, is_declared=declared.__contains__)]
    assert {one.check for one in found} == {"states"}
    cures = {"warn": CURE, "fail": "map them in batchdrain.source.states", "ok": ""}
    assert all(one.cure == cures[one.verdict] for one in found)
    return [f"{one.verdict} {one.message}" for one in found]


BASE = {"FAILED": 2, "COMPLETE": 1}


@on(
    ("rows", "given", "told"),
    [
        (BASE, {}, ["ok every word of the table is mapped"]),
        ({"odd": 1, "X": 2}, {}, ["fail no row has one of the mapped words; the table has 'X' (2 rows), 'odd' (1 row)"]),
        ({f"w{place}": place for place in range(1, 11)}, {},
         ["fail no row has one of the mapped words; the table has "
          + ", ".join(f"'w{place}' ({place} rows)" for place in range(10, 2, -1)) + " and 2 more"]),
        ({f"w{place}": place for place in range(1, 9)}, {},
         ["fail no row has one of the mapped words; the table has " + ", ".join(f"'w{place}' ({place} row{'s' * (place > 1)})" for place in range(8, 0, -1))]),
        ({**BASE, "SKIPPED": 1}, {}, ["ok the table also has 'SKIPPED' (1 row), which batchdrain ignores"]),
        ({**BASE, "failed": 1}, {}, [
            "warn 'failed' (1 row) exists beside 2 'FAILED' (states.failed): a drain takes only these",
            "ok the table also has 'failed' (1 row), which batchdrain ignores"]),
        ({**BASE, "failed": 1, "SKIPPED": 1}, {"failed": ["FAILED", "BROKEN"]}, [
            "warn 'failed' (1 row) exists beside 2 'FAILED' or 'BROKEN' (states.failed): a drain takes only these",
            "ok the table also has 'failed' (1 row), 'SKIPPED' (1 row), which batchdrain ignores"]),
        ({"FAILED": 1, "COMPLETE": 1, "failed": 2}, {}, [
            "warn 'failed' (2 rows) exist beside 1 'FAILED' (states.failed): a drain takes only that one",
            "ok the table also has 'failed' (2 rows), which batchdrain ignores"]),
        ({"failed": 1, "done": 1, "FAILED": 1}, {"failed": ["failed"], "complete": ["done"]}, [
            "warn 'FAILED' (1 row) exists beside 1 'failed' (states.failed): a drain takes only that one",
            "ok the table also has 'FAILED' (1 row), which batchdrain ignores"]),
        ({"failed": 1, "COMPLETE": 1}, {}, [
            "warn no row is 'FAILED' (states.failed); not mapped: 'failed' (1 row)",
            "ok the table also has 'failed' (1 row), which batchdrain ignores"]),
        ({**BASE, "ERROR": 1}, {}, ["ok the table also has 'ERROR' (1 row), which batchdrain ignores"]),
        ({**BASE, "PENDING": 1}, {}, [
            "warn no row is 'QUEUED' (states.queued); not mapped: 'PENDING' (1 row)",
            "ok the table also has 'PENDING' (1 row), which batchdrain ignores"]),
        ({"COMPLETE": 1, "ERROR": 3}, {}, [
            "warn no row is 'FAILED' (states.failed); not mapped: 'ERROR' (3 rows)",
            "ok the table also has 'ERROR' (3 rows), which batchdrain ignores"]),
        ({"COMPLETE": 1, "ODD": 3}, {}, [
            "warn no row is 'FAILED' (states.failed); not mapped: 'ODD' (3 rows)",
            "ok the table also has 'ODD' (3 rows), which batchdrain ignores"]),
        ({"COMPLETE": 1}, {}, ["ok every word of the table is mapped"]),
        (BASE, {"failed": ["FAILED", "BROKEN"]}, ["ok no row is 'BROKEN' (states.failed) now"]),
        (BASE, {"failed": ["FAILED", "BROKEN", "NULL"], "declared": ("BROKEN",)}, ["ok no row is NULL (states.failed) now"]),
        ({"BROKEN": 1, "COMPLETE": 1}, {"failed": ["FAILED", "BROKEN"]}, ["ok every word of the table is mapped"]),
        ({"broken": 1, "COMPLETE": 1, "x": 1}, {"failed": ["FAILED", "broken"]}, [
            "ok the table also has 'x' (1 row), which batchdrain ignores"]),
    ],
)  # fmt: skip
def test_rows_that_a_drain_does_not_take_although_they_may_be_meant_are_told(
    rows: dict[str, int], given: dict[str, Any], told: list[str]
) -> None:
    found = judged(rows, **given)
    assert [one for one in found if "a drain writes" not in one or "no row is" in one] == told


LEFT = "which batchdrain ignores"


@on(
    ("rows", "given", "told"),
    [
        ({"FAILED": 1, "done": 2}, {}, f"warn a drain writes 'COMPLETE' (states.complete), {UNKNOWN}; not mapped: 'done' (2 rows)"),
        ({"FAILED": 1, "done": 2}, {"declared": ("COMPLETE",)}, None),
        ({"FAILED": 1, "done": 2, "COMPLETE": 1}, {}, None),
        ({"FAILED": 1, "ZZ": 2}, {}, f"warn a drain writes 'COMPLETE' (states.complete), {UNKNOWN}; not mapped: 'ZZ' (2 rows)"),
        ({**BASE, "RUNNING": 1}, {}, f"warn a drain writes 'EXECUTING' (states.executing), {UNKNOWN}; not mapped: 'RUNNING' (1 row)"),
        ({**BASE, "ZZ": 1}, {}, None),
        ({"failed": 1, "done": 1}, {"failed": ["failed"], "complete": ["done"]},
         f"warn a drain writes 'EXECUTING' (states.executing), {UNKNOWN}; rows have 'failed' (1 row), 'done' (1 row)"),
        ({"failed": 1, "DONE": 1}, {"failed": ["failed"], "complete": ["DONE"]}, None),
        ({"4": 1, "7": 1}, {"failed": ["4"], "complete": ["7"]},
         f"warn a drain writes 'EXECUTING' (states.executing), {UNKNOWN}; rows have '4' (1 row), '7' (1 row)"),
        ({"1": 2, "2": 1}, {"failed": ["1"], "queued": ["0"], "executing": ["running"], "complete": ["2"]},
         f"warn a drain writes 'running' (states.executing), {UNKNOWN}; rows have '1' (2 rows), '2' (1 row)"),
        ({"FAILED": 1, "done": 2}, {"complete": ["NULL"]}, None),
        ({"BROKEN": 1, "COMPLETE": 1, "error": 1}, {"failed": ["FAILED", "BROKEN"]},
         f"warn a drain writes 'FAILED' (states.failed), {UNKNOWN}; not mapped: 'error' (1 row)"),
        ({"FAILED": 1, "done": 2}, {"writes": False},
         f"warn a phase counts as done when it is 'COMPLETE' (states.complete), {UNKNOWN}; not mapped: 'done' (2 rows)"),
        ({"FAILED": 1, "done": 2, "OK": 1}, {"writes": False, "complete": ["COMPLETE", "OK"]}, None),
        ({**BASE, "RUNNING": 1}, {"writes": False}, None),
    ],
)  # fmt: skip
def test_words_that_a_drain_would_write_and_nobody_knows_are_told(
    rows: dict[str, int], given: dict[str, Any], told: str | None
) -> None:
    assert [one for one in judged(rows, **given) if UNKNOWN in one] == ([] if told is None else [told])


def stand(place: Workplace, *words: str | None) -> Workplace:
    rows: list[Any] = [(f"r{number}", "p", 0, word, None) for number, word in enumerate(words)]
    place.add(*rows)
    return place


def test_a_table_without_rows_is_told_once_and_not_where_a_condition_may_be_at_fault(sqlite_project: Workplace) -> None:
    told = ("states", "warn", "the table has no rows to compare the mapped words with",
            "run `inv doctor` again once there are some: is this the right table and database?")  # fmt: skip
    assert found_by(check_states, sqlite_project) == [told]
    sqlite_project.source = {"where": "run_id = 'x'"}
    assert found_by(check_states, sqlite_project) == []
    assert found_by(check_condition, sqlite_project) == [
        ("source.where", "ok", "0 of 0 rows match the condition", ""),
    ]


@on(
    ("count", "where", "told"),
    [
        (3, "run_id = 'r1'", ("ok", "1 of 3 rows matches the condition", "")),
        (3, "run_id <> 'r1'", ("ok", "2 of 3 rows match the condition", "")),
        (3, "run_id = 'x'", ("warn", "none of the 3 rows matches the condition: a drain finds nothing",
                             "fix batchdrain.source.where, or remove it")),
        (1, "run_id = 'x'", ("warn", "the one row does not match the condition: a drain finds nothing",
                             "fix batchdrain.source.where, or remove it")),
        (1, "", None),
    ],
)  # fmt: skip
def test_what_a_condition_leaves_is_counted(
    sqlite_project: Workplace, count: int, where: str, told: tuple[str, str, str] | None
) -> None:
    stand(sqlite_project, *["FAILED"] * count).source = {"where": where}
    assert found_by(check_condition, sqlite_project) == ([] if told is None else [("source.where", *told)])


@on(
    ("words", "told"),
    [
        (["FAILED", "QUEUED"], "failed and on one that is queued"), (["QUEUED"], "queued"), (["FAILED", "COMPLETE"], "failed"),
    ],
)  # fmt: skip
def test_the_writes_were_tried_on_what_is_named(project: Workplace, words: list[str], told: str) -> None:
    stand(project, *words)
    before = project.phases()
    message = f"the table accepts every state and a reason (tried on a row that is {told}, and rolled back)"
    assert found_by(check_writes, project) == [("writes", "ok", message, "")]
    assert project.phases() == before
    project.source = {"columns": {"last_failure_reason": None}}
    assert found_by(check_writes, project) == [("writes", "ok", message.replace(" and a reason", ""), "")]
    assert found_by(check_writes, project, command={"result_from": "database"}) == []


def test_writes_that_nothing_could_be_tried_on_or_that_the_table_refuses_are_told(sqlite_project: Workplace) -> None:
    stand(sqlite_project, "COMPLETE")
    assert found_by(check_writes, sqlite_project) == [
        ("writes", "warn", "were not tried: no row is FAILED or QUEUED and free", "run `inv doctor` again once there is one"),
    ]
    sqlite_project.sql("DELETE FROM phases")
    stand(sqlite_project, "FAILED", "QUEUED")
    sqlite_project.sql("CREATE TRIGGER no BEFORE UPDATE ON phases BEGIN SELECT RAISE(ABORT, 'frozen'); END")
    found = found_by(check_writes, sqlite_project)
    assert found
    assert {(check, verdict) for check, verdict, *_ in found} == {("writes", "fail")}
    assert len({message for _, _, message, _ in found}) == len(found)


@on(
    ("words", "mapped", "told"),
    [
        (["FAILED", "timeout"], {}, "1 row with 'timeout' looks failed and is not mapped|add it to batchdrain.source.states.failed if it is"),
        (["FAILED", "timeout", "timeout", "x_failed"], {},
         "2 rows with 'timeout', 1 row with 'x_failed' look failed and are not mapped|add them to batchdrain.source.states.failed if they are"),
        (["FAILED", "error", "Failed"], {}, "1 row with 'error' looks failed and is not mapped|add it to batchdrain.source.states.failed if it is"),
        (["COMPLETE", "error", "timeout"], {}, "1 row with 'timeout' looks failed and is not mapped|add it to batchdrain.source.states.failed if it is"),
        (["FAILED", "timeout"], {"failed": ["FAILED", "timeout"]}, ""), (["FAILED", "not_failed", "odd"], {}, ""), (["FAILED", None], {}, ""),
    ],
)  # fmt: skip
def test_rows_that_look_failed_and_are_not_mapped_are_counted_by_word(
    sqlite_project: Workplace, words: list[str | None], mapped: dict[str, Any], told: str
) -> None:
    stand(sqlite_project, *words).source = {"states": mapped}
    message, _, cure = told.partition("|")
    assert found_by(check_left_out, sqlite_project) == ([("states", "warn", message, cure)] if told else [])


def test_eight_words_that_look_failed_are_named_and_the_rest_is_counted(sqlite_project: Workplace) -> None:
    stand(sqlite_project, "FAILED", *(f"x{number}_failed" for number in range(10)))
    [(_, _, message, cure)] = found_by(check_left_out, sqlite_project)
    assert message.endswith("1 row with 'x7_failed' and 2 more words look failed and are not mapped")
    assert cure == "add them to batchdrain.source.states.failed if they are"


def test_words_that_neither_a_row_nor_a_constraint_has_are_named_and_forbidden_ones_fail(sqlite_project: Workplace) -> None:
    place = sqlite_project
    assert found_by(check_written, place) == [], "no row tells anything"
    stand(place, "FAILED", "COMPLETE")
    assert found_by(check_written, place) == [
        ("words", "ok", "a drain writes 'EXECUTING' (states.executing): no row has it, and no constraint names it", ""),
    ]
    place.source = {"states": {"complete": "X", "failed": [None, "FAILED"]}}
    nobody = "no row has them, and no constraint names them"
    assert found_by(check_written, place) == [
        ("words", "ok", f"a drain writes 'EXECUTING' (states.executing) and 'X' (states.complete): {nobody}", ""),
    ]  # fmt: skip
    assert found_by(check_written, place, command={"result_from": "database"}) == []


@on(
    ("words", "told"),
    [
        ({}, ["executing"]), ({"executing": "RUNNING"}, []), ({"executing": "running "}, []),
        ({"executing": "RUNNING", "complete": "OK", "failed": ["BAD", "FAILED"]}, ["failed", "complete"]),
    ],
)  # fmt: skip
def test_a_word_that_a_constraint_forbids_fails_with_the_words_that_it_lets_be(
    sqlite_project: Workplace, words: dict[str, Any], told: list[str]
) -> None:
    place = sqlite_project
    place.sql("DROP TABLE phases")
    place.sql(
        "CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INT, last_failure_reason TEXT, "
        "state TEXT CHECK (state IN ('FAILED', 'QUEUED', 'RUNNING', 'DONE', 'COMPLETE')), PRIMARY KEY (run_id, phase_id))"
    )
    stand(place, "FAILED").source = {"states": words}
    let = "and a constraint of the table allows only 'FAILED', 'QUEUED', 'RUNNING', 'DONE', 'COMPLETE' in 'state'"
    written = {"executing": "EXECUTING", "complete": "COMPLETE", **words, "failed": "BAD"}
    assert found_by(check_written, place) == [
        (
            "words",
            "fail",
            f"a drain writes {written[ours]!r} (states.{ours}), {let}",
            f"map one of these in batchdrain.source.states.{ours}",
        )
        for ours in told
    ]


@on("database_url", ["mariadb"], indirect=True)
def test_a_constraint_that_belongs_to_one_column_is_seen_on_mariadb_too(database_url: str, tmp_path: Path) -> None:
    place = Workplace(root=tmp_path, url=database_url)
    place.sql(
        "CREATE TABLE phases (run_id VARCHAR(9), phase_id VARCHAR(9), phase_index INT, last_failure_reason TEXT, "
        "state VARCHAR(9) CHECK (state IN ('FAILED', 'RUNNING', 'COMPLETE')), PRIMARY KEY (run_id, phase_id))"
    )
    stand(place, "FAILED")
    [(*_, message, cure)] = found_by(check_written, place)
    assert message == (
        "a drain writes 'EXECUTING' (states.executing), and a constraint of the table allows only 'FAILED', 'RUNNING', "
        "'COMPLETE' in 'state'"
    )
    assert cure == "map one of these in batchdrain.source.states.executing"
    place.source = {"states": {"executing": "RUNNING"}}
    assert found_by(check_written, place) == []
