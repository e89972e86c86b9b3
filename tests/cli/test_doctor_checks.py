"""Each finding of doctor about the table, its ids, its reasons and the rights, sentence by sentence and with its cure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.doctor import database_checks, reason_checks
from batchdrain.cli.commands.doctor.database_checks import (
    check_columns,
    check_connection,
    check_ids,
    check_names,
    check_rows,
    check_storage,
)
from batchdrain.cli.commands.doctor.reason_checks import check_reasons
from batchdrain.database.network_disk import REMEDY
from batchdrain.database.storage import Remark
from tests.cli.called import found_by
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
WIDE = "CREATE TABLE phases (run_id TEXT, phase_id TEXT, part TEXT, day TEXT, phase_index INT, state TEXT, last_failure_reason TEXT"


def test_the_counts_of_the_database_come_first(sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_project.add(("a", "p", 0, "FAILED", None), ("a", "q", 0, "QUEUED", None), ("b", "p", 0, "odd", None))
    [found] = found_by(check_connection, sqlite_project)
    assert found == ("database", "ok", f"{sqlite_project.url}: 1 failed, 1 queued, 0 complete, 1 other in 2 runs", "")
    monkeypatch.setattr(database_checks, "network_disk_problem_of", lambda path: f"{Path(path).name} is far")
    assert found_by(check_connection, sqlite_project)[1:] == [("database", "fail", "work.db is far", REMEDY)]


def test_of_a_server_no_disk_of_ours_is_looked_at(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Workplace(root=tmp_path, url=postgresql_url)
    place.make_table()
    monkeypatch.setattr(database_checks, "network_disk_problem_of", lambda _: "it is far")
    assert [verdict for _, verdict, *_ in found_by(check_connection, place)] == ["ok"]


def test_a_table_with_every_mapped_column_says_so_with_what_is_odd_about_the_time_of_a_change(project: Workplace) -> None:
    project.fail("r/a")
    assert found_by(check_columns, project) == [("table", "ok", "'phases' has every mapped column", "")]
    project.sql("ALTER TABLE phases ADD COLUMN changed BIGINT")
    project.source = {"columns": {"updated_at": "changed"}}
    assert found_by(check_columns, project) == [
        ("table", "ok", "'phases' has every mapped column", ""),
        ("updated_at", "warn", ("column 'changed' holds numbers, and no value yet that tells their unit: seconds are written; "
         "set source.updated_at_unit"), ""),
    ]  # fmt: skip


def test_what_keeps_no_transaction_fails_and_what_may_not_is_a_warning_of_the_table_or_of_the_ledger(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examine(_: object, tables: Sequence[object]) -> list[Remark]:
        return [Remark(message=f"of {len(tables) > 1}", cure="mend it", is_refused=len(tables) == 1)]

    monkeypatch.setattr(database_checks, "examine_storage", examine)
    assert found_by(check_storage, sqlite_project) == [
        ("table", "fail", "of False", "mend it"), ("ledger", "warn", "of True", "mend it"),
    ]  # fmt: skip


def test_a_view_that_can_not_be_written_fails_unless_the_command_writes_the_states(sqlite_project: Workplace) -> None:
    sqlite_project.sql("CREATE VIEW seen AS SELECT * FROM phases")
    sqlite_project.source = {"table": "seen"}
    [(check, verdict, _, cure)] = found_by(check_columns, sqlite_project)
    assert (check, verdict, cure) == ("table", "fail", "map it in batchdrain.source")
    assert found_by(check_columns, sqlite_project, command={"result_from": "database"})[0][1] == "ok"


@on(
    ("key", "rows", "told"),
    [
        ("PRIMARY KEY (run_id, phase_id)", 0, ("ok", "run_id and phase_id are unique together", "")),
        ("UNIQUE (phase_id)", 0, ("ok", "run_id and phase_id are unique together", "")),
        ("CHECK (1 = 1)", 0, ("ok", "are unique now, though no key of the table says so", "")),
        ("CHECK (1 = 1)", 2, ("fail", "r / a names 2 rows", "map columns that are unique together")),
        ("PRIMARY KEY (run_id, phase_id, part)", 1, ("ok", "are unique now, though no key of the table says so", "")),
        ("PRIMARY KEY (run_id, phase_id, part)", 3,
         ("fail", "r / a names 3 rows", "a key of the table has 'part' too: map lists of columns, as docs/tables.md says")),
        ("UNIQUE (part, day), UNIQUE (run_id, part, day, phase_id), UNIQUE (phase_id, part)", 2,
         ("fail", "r / a names 2 rows", "a key of the table has 'part' too: map lists of columns, as docs/tables.md says")),
        ("UNIQUE (phase_id, part), UNIQUE (phase_id, day)", 2,
         ("fail", "r / a names 2 rows", "a key of the table has 'day' too: map lists of columns, as docs/tables.md says")),
        ("UNIQUE (part, day)", 2,
         ("fail", "r / a names 2 rows", "a key of the table has 'day', 'part' too: map lists of columns, as docs/tables.md says")),
    ],
)  # fmt: skip
def test_ids_are_unique_by_a_key_or_now_or_name_several_rows(
    sqlite_project: Workplace, key: str, rows: int, told: tuple[str, str, str]
) -> None:
    sqlite_project.sql("DROP TABLE phases")
    sqlite_project.sql(f"{WIDE}, {key})")
    for place in range(rows):
        sqlite_project.sql(f"INSERT INTO phases VALUES ('r', 'a', 'p{place}', 'd{place}', 0, 'FAILED', NULL)")
    assert found_by(check_ids, sqlite_project) == [("ids", *told)]


def test_a_row_that_is_not_found_again_fails_where_no_write_is_tried(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_checks, "find_lost_row", lambda _database, _table, state: f"a {state} row is lost")
    assert found_by(check_rows, sqlite_project) == []
    assert found_by(check_rows, sqlite_project, command={"result_from": "database"}) == [
        ("ids", "fail", "a failed row is lost", ""), ("ids", "fail", "a queued row is lost", ""),
    ]  # fmt: skip


@on(
    ("rows", "told"),
    [
        ([("r", "a", "FAILED")], None),
        ([("r", "", "FAILED"), ("r", "a", "FAILED")],
         ("1 row has an unusable run_id or phase_id (NULL, empty, bytes): a drain skips it", "give it ids")),
        ([("", "a", "FAILED"), ("r", None, "QUEUED"), (None, None, "QUEUED")],
         ("3 rows have an unusable run_id or phase_id (NULL, empty, bytes): a drain skips them", "give them ids")),
        ([("r", "", "COMPLETE")], None),
    ],
)  # fmt: skip
def test_rows_that_a_drain_skips_as_their_ids_name_nothing_are_counted(
    sqlite_project: Workplace, rows: list[tuple[Any, ...]], told: tuple[str, str] | None
) -> None:
    for run, phase, state in rows:
        sqlite_project.sql(
            "INSERT INTO phases (run_id, phase_id, state) VALUES (:r, :p, :s)", [{"r": run, "p": phase, "s": state}]
        )
    cure = "" if told is None else f"{told[1]}: look for NULL, '' and bytes in run_id, phase_id"
    assert found_by(check_names, sqlite_project) == ([] if told is None else [("ids", "warn", told[0], cure)])


DOCUMENT = json.dumps({"error": {"message": "disk full"}})
PATH = {"column": "last_failure_reason", "path": "error.message"}


def looked_at(place: Workplace, texts: list[str | None], **columns: Any) -> list[tuple[str, str, str, str]]:
    failed = (("r", str(number), 0, "FAILED", text) for number, text in enumerate(texts))
    place.add(*failed, ("r", "other", 0, "COMPLETE", "[]"))
    place.source = {"columns": columns}
    return found_by(check_reasons, place)


@on(
    ("texts", "told"),
    [
        ([], None), ([None], None), (["a", "b"], None), ([DOCUMENT, "a"], None),
        ([DOCUMENT, DOCUMENT, None], ("2 of 3 failed phases that were checked have JSON in column 'last_failure_reason': a drain takes the "
                                     "whole document for the reason, and writes a plain text over it")),
        ([DOCUMENT, DOCUMENT, "a"], ("2 of 3 failed phases that were checked have JSON in column 'last_failure_reason': a drain takes the "
                                    "whole document for the reason, and writes a plain text over it")),
    ],
)  # fmt: skip
def test_a_reason_that_is_a_document_in_most_rows_gets_a_path_for_its_cure(
    sqlite_project: Workplace, texts: list[str | None], told: str | None
) -> None:
    cure = "batchdrain.source.columns.last_failure_reason: {column: last_failure_reason, path: error.message}"
    assert looked_at(sqlite_project, texts) == ([] if told is None else [("reasons", "warn", told, cure)])


@on(
    ("reason", "told"),
    [({"column": "last_failure_reason", "write": "note"}, "a plain text into column 'note'"), ("last_failure_reason", "a plain text over it")],
)  # fmt: skip
def test_where_a_document_is_the_reason_it_is_told_what_a_new_one_is_written_over(
    sqlite_project: Workplace, reason: object, told: str
) -> None:
    [(*_, message, cure)] = looked_at(sqlite_project, ["[1]"], last_failure_reason=reason)
    assert message == (
        "1 of 1 failed phase that was checked has JSON in column 'last_failure_reason': a drain takes the whole document for "
        f"the reason, and writes {told}"
    )
    assert cure.endswith("path: …}")


@on(
    ("texts", "told"),
    [
        ([DOCUMENT, DOCUMENT, "[]"], [("ok", ("2 of 3 failed phases that were checked have a text at 'error.message' in column "
                                             "'last_failure_reason', 1 has none"), "")]),
        (["", DOCUMENT], [("ok", "1 of 2 failed phases that were checked has a text at 'error.message' in column 'last_failure_reason', 1 has none", "")]),
        ([None, "[1]", "{}", DOCUMENT], [("ok", ("1 of 4 failed phases that were checked has a text at 'error.message' in column "
                                                "'last_failure_reason', 3 have none"), "")]),
        ([*[None] * 100, DOCUMENT], [("ok", ("1 of 101 failed phases that were checked has a text at 'error.message' in column "
                                            "'last_failure_reason', 100 have none"), "")]),
        (["[]", "{}"], [("warn", ("not one of 2 failed phases that were checked has anything at 'error.message' in column "
                                 "'last_failure_reason'"), "fix batchdrain.source.columns.last_failure_reason.path")]),
        (["bare", DOCUMENT], [("warn", ("1 of 2 failed phases that were checked has a bare text and no document in column "
                                       "'last_failure_reason': the text itself is their reason"), ""),
                              ("ok", ("1 of 2 failed phases that were checked has a text at 'error.message' in column "
                                     "'last_failure_reason'"), "")]),
        ([], []),
    ],
)  # fmt: skip
def test_what_stands_at_the_path_of_a_reason_is_counted(
    sqlite_project: Workplace, texts: list[str | None], told: list[tuple[str, str, str]]
) -> None:
    found = looked_at(sqlite_project, texts, last_failure_reason=PATH)
    assert found == [("reasons", *one) for one in told]


@on(
    ("texts", "told"),
    [
        (["a", None], "1 of 2 failed phases that were checked has a text in column 'last_failure_reason', 1 has none"),
        (["a", "b", "", " "], "2 of 4 failed phases that were checked have a text in column 'last_failure_reason', 2 have none"),
    ],
)  # fmt: skip
def test_phases_without_a_reason_are_counted(sqlite_project: Workplace, texts: list[str | None], told: str) -> None:
    assert looked_at(sqlite_project, texts) == [("reasons", "ok", told, "")]


def test_a_computed_column_is_said_to_be_read_and_not_written(sqlite_project: Workplace) -> None:
    sqlite_project.sql("ALTER TABLE phases ADD COLUMN shown TEXT GENERATED ALWAYS AS (last_failure_reason) VIRTUAL")
    sqlite_project.sql("ALTER TABLE phases ADD COLUMN at TEXT GENERATED ALWAYS AS ('2026-01-01') VIRTUAL")
    told = "column {!r} is computed: it is read, and not written"
    assert looked_at(sqlite_project, ["a"], last_failure_reason="shown", updated_at="at") == [
        ("last_failure_reason", "ok", told.format("shown"), ""), ("updated_at", "ok", told.format("at"), ""),
    ]  # fmt: skip


def test_a_reason_that_can_not_be_read_is_told(sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reason_checks, "_read_texts", lambda *_: None)
    assert looked_at(sqlite_project, ["a"]) == [
        ("reasons", "warn", "were not checked: that of one failed phase can't be read", ""),
    ]


def test_without_a_column_of_reasons_nothing_is_looked_at(sqlite_project: Workplace) -> None:
    assert looked_at(sqlite_project, [DOCUMENT], last_failure_reason=None) == []
