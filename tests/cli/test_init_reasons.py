"""Which column `inv init` takes for the failure text, where in JSON it lies, and which words have one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind
from batchdrain.cli.commands.init.json_path import find_path, is_document
from batchdrain.cli.commands.init.reasons import choose_reason, find_with_text
from tests.cli.made_facts import table

on = pytest.mark.parametrize
Rows = Sequence[Sequence[object]]
DEEP = '{"error": {"message": "disk full"}}'


def chosen(columns: str, *rows: Sequence[object], **column: Any) -> tuple[object, list[str]]:
    found = table(f"id# state {columns}", *((place, *row) for place, row in enumerate(rows)), **column)
    return choose_reason(found, found.columns[2:], "state")


@on(
    ("columns", "rows", "reason"),
    [
        ("error message", [("failed", None, "m"), ("failed", "", "m")], "message"),
        ("error message", [("failed", "e", "m")], "error"),
        ("message error", [("failed", "e", "m")], "error"),
        ("error message", [("done", None, "m")], "error"),
        ("error message", [("done", None, "m"), ("failed", None, None)], "error"),
        ("error note", [("failed", None, "it did not go"), ("done", "x", None)], "note"),
        ("error note", [("failed", None, "it did not go"), ("done", "x", "y")], "error"),
        ("note", [("failed", "x")], None),
        ("error message", [("failed", None, "m"), ("failed", "e", "m")], "error"),
        ("error payload%", [("done", None, DEEP)], "error"),
        ("x", [("done", None)], None),
    ],
)
def test_a_text_column_with_a_likely_name_that_has_text_in_failed_rows_is_the_reason(
    columns: str, rows: Rows, reason: str | None
) -> None:
    assert chosen(columns, *rows)[0] == reason


def test_a_column_of_declared_words_is_no_text() -> None:
    error = ColumnFacts(name="error", kind=Kind.TEXT, words=("disk", "net"))
    assert chosen("error", ("failed", "disk"), error=error) == (None, [])
    note = ColumnFacts(name="note", kind=Kind.TEXT, words=("it is off", "on"))
    assert chosen("note", ("failed", "it is off"), ("done", None), note=note) == (None, [])


@on(
    ("text", "others", "is_taken"),
    [
        ("disk full", [None], True), ("disk full", [""], True), ("disk full", ["y"], False), ("disk full", [None, "y"], False), ("disk full", [], False),
        ("no route", [None], True), ("no disk", [None], False), ("diskfull!", [None], False), (None, [None], False),
        (12345678, [None], False),
    ],
)  # fmt: skip
def test_a_column_without_a_likely_name_is_taken_where_failed_rows_alone_have_sentences(
    text: object, others: list[object], is_taken: bool
) -> None:
    found = chosen("x", ("failed", text), *(("done", one) for one in others))
    told = "x has text only in rows that failed, and is taken for the reason: a guess"
    assert found == (("x", [told]) if is_taken else (None, []))


def test_each_failed_row_has_a_sentence_where_one_is_taken_and_a_number_is_none() -> None:
    assert chosen("x", ("failed", "disk full"), ("failed", None), ("done", None)) == (None, [])
    assert chosen("x!", ("failed", "disk full"), ("done", None)) == (None, [])


READ = "{} holds JSON: its text at {} is read as the reason, and none is written"


@on(
    ("columns", "rows", "column"),
    [
        ("message", [("failed", DEEP), ("done", "")], "message"),
        ("error message", [("failed", DEEP, "m")], "error"),
        ("payload%", [("failed", DEEP), ("done", "{}")], "payload"),
        ("payload% message", [("failed", DEEP, ""), ("done", "{}", "m")], "payload"),
        ("payload% error%", [("failed", DEEP, DEEP), ("done", "{}", "{}")], "error"),
        ("error%", [("failed", DEEP), ("done", DEEP)], "error"),
        ("payload%", [("done", DEEP)], "payload"),
        ("payload%", [("failed", DEEP), ("done", DEEP)], None),
        ("payload!", [("failed", DEEP), ("done", "{}")], None),
    ],
)
def test_a_text_within_json_is_read_where_rows_that_did_not_fail_have_none(
    columns: str, rows: Rows, column: str | None
) -> None:
    found = chosen(columns, *rows)
    path = {"column": column, "path": "error.message"}
    assert found == ((None, []) if column is None else (path, [READ.format(column, "error.message")]))


@on(
    ("columns", "told"),
    [
        ("error%", "error holds json, not text: no reason is read; name the path of its text, as {column: error, path: error.message}"),
        ("error*", "error holds other, not text: no reason is read; a view that makes a text of it gives one"),
        ("exit_reason#", "exit_reason holds whole, not text: no reason is read; a view that makes a text of it gives one"),
        ("error'", "error holds bytes, not text: no reason is read; a view that makes a text of it gives one"),
        ("error#", None),
        ("note%", None),
    ],
)  # fmt: skip
def test_what_has_the_name_of_a_reason_and_no_text_is_told(columns: str, told: str | None) -> None:
    assert chosen(columns, ("failed", None)) == (None, [] if told is None else [told])


def test_without_a_state_each_row_counts_as_one_that_did_not_fail() -> None:
    found = table("id# error message", (1, None, "m"))
    assert choose_reason(found, found.columns[1:], None) == ("error", [])


@on(
    ("columns", "rows", "reason", "values"),
    [
        ("error", [("a", "x"), ("b", "")], "error", ["a"]),
        ("error", [("a", "x"), ("c", "x"), ("b", None)], "error", ["a", "c"]),
        ("error", [("a", "x"), ("b", ""), ("a", "")], "error", None),
        ("error", [("a", "x")], "error", None),
        ("error", [("a", "")], "error", None),
        ("error rc#", [("a", None, 1), ("b", None, 0)], "error", ["a"]),
        ("error rc#", [("a", "x", 1), ("b", None, 1)], "error", ["a"]),
        ("rc#", [(5, 1), (4, 2), (3, 0), (None, 2)], None, [4, 5]),
        ("rc", [("a", "1"), ("b", "0")], None, None),
        ("rc", [("a", "1"), ("b", "")], None, None),
        ("rc#", [*((one, 1) for one in "fbdace"), ("z", 0)], None, [*"abcdef"]),
        ("rc# exit_code#", [("a", 0, 1), ("b", 1, 0)], None, ["a"]),
        ("e%", [(5, DEEP), (1, None)], {"column": "e", "path": "error.message"}, [5]),
    ],
)
def test_the_words_whose_rows_alone_have_a_text_or_another_code_than_0_are_found(
    columns: str, rows: Rows, reason: object, values: list[object] | None
) -> None:
    assert find_with_text(table(f"state {columns}", *rows), "state", reason) == values


@on(
    ("values", "path"),
    [
        ([{"error": "e", "message": "m"}], "message"),
        ([{"traceback": "t", "error": "e"}], "error"),
        *(([{name: "t"}], name) for name in ("traceback", "stacktrace", "stack_trace", "backtrace")),
        ([{"Message": "m"}], "Message"),
        ([{"message": "  "}], None),
        ([{"message": 5}], None),
        ([{"to": "user"}], None),
        ([{"a": {"message": "m"}, "message": "m"}], "message"),
        ([{"b": {"message": "m"}, "a": {"message": "m"}}], "a.message"),
        ([{"a": {"b": {"c": {"message": "m"}}}}], "a.b.c.message"),
        ([{"a": {"b": {"c": {"d": {"message": "m"}}}}}], None),
        ([{"errors": [{"error": "old"}, {"error": "new"}]}], "errors[-1].error"),
        ([[{"message": "m"}]], "[-1].message"),
        ([{"errors": []}], None),
        ([{"a.b": {"message": "m"}}], None),
        ([{" a": {"message": "m"}}], None),
        ([{"": {"message": "m"}}], None),
        ([b'{"message": "m"}'], "message"),
        ([{"message": "m"}, {"error": "e"}], None),
        ([{"message": "m"}, {"message": "m"}, {"error": "e"}], "message"),
        (["plain", '"message"', "{"], None),
    ],
)
def test_the_path_of_a_text_is_that_of_most_values_a_message_before_what_comes_with_one(
    values: list[object], path: str | None
) -> None:
    assert find_path(values) == path
    assert find_path([one if isinstance(one, str | bytes) else json.dumps(one) for one in values]) == path


def test_a_document_is_an_object_or_a_list() -> None:
    found: list[Any] = ["{}", "[]", b"{}", {}, [], '"text"', "text", "5", 5, None, "{"]
    assert [is_document(one) for one in found] == [True] * 5 + [False] * 6
