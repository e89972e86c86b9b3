"""What `inv init` maps of a table beside its ids, reasons and words: more settings, the order, and what it says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from batchdrain.cli.commands.init.candidates import describe_lack, find_candidates
from batchdrain.cli.commands.init.facts import ColumnFacts, Kind
from batchdrain.cli.commands.init.mapping import MAY_BE_NULL, NEEDED, find_state, find_truths, map_table
from batchdrain.cli.commands.init.state_words import choose_words, describe_counts
from batchdrain.cli.commands.init.vocabulary import ENDED_TRUTHS, TRUTHS
from tests.cli.made_facts import table
from tests.cli.test_init_conditions import bytes_table

on = pytest.mark.parametrize


@on("name", [*TRUTHS, *ENDED_TRUTHS])
def test_each_name_of_a_truth_is_one_where_it_says_yes_or_no(name: str) -> None:
    assert find_truths(table(f"id# {name}?")) == [name]
    assert find_truths(table(f"id# {name}")) == []


def test_three_columns_can_be_done_without_and_three_can_not() -> None:
    assert (MAY_BE_NULL, NEEDED) == (("phase_index", "last_failure_reason", "updated_at"), ("run_id", "phase_id", "state"))


@on(
    ("fits", "unit", "changed", "source"),
    [(True, "ms", "mtime", {"updated_at_unit": "ms"}), (True, "", "mtime", {}), (False, "ms", None, {})],
)
def test_the_unit_goes_with_the_column_of_the_last_change(
    fits: bool, unit: str, changed: str | None, source: dict[str, str]
) -> None:
    column = ColumnFacts(name="mtime", kind=Kind.WHOLE, fits_time=fits, unit=unit)
    found = map_table(table("id# run_id status mtime#", keys=["id"], mtime=column))
    assert (found.columns["updated_at"], found.source) == (changed, source)


@on(
    ("of", "told"),
    [
        ({}, None),
        ({"computed": frozenset({"error"})}, None),
        ({"computed": frozenset({"status"})}, "status is computed in this table"),
        ({"computed": frozenset({"status"}), "is_view": True}, "status is computed in this view"),
        ({"computed": frozenset({"status"}), "unwritable": "joins two tables"}, "it joins two tables"),
    ],
)
def test_a_state_that_can_not_be_written_is_set_by_the_command(of: dict[str, Any], told: str | None) -> None:
    found = map_table(table("id# run_id status error", keys=["id"], of=of))
    line = f"{told}: your command sets the state itself (command.result_from: database)"
    assert (found.command, line in found.doubts) == (({}, False) if told is None else ({"result_from": "database"}, True))
    assert any("your command sets" in doubt for doubt in found.doubts) is (told is not None)


@on(
    ("columns", "name", "of", "source"),
    [
        ("id# status deleted_at@", "jobs", {}, {"where": "deleted_at IS NULL"}),
        ("id# status", "jobs", {}, {}),
        ("id# status", "failed_jobs", {"computed": frozenset({"status"})}, {"gone_is": "complete"}),
        ("id# status", "failed_jobs", {}, {}),
        ("id# status", "jobs", {"computed": frozenset({"status"})}, {}),
        ("id# status", "failed_jobs", {"computed": frozenset({"status"}), "is_view": True}, {}),
        ("id# x", "failed_jobs", {"computed": frozenset({"x"})}, {}),
    ],
)
def test_rows_that_are_deleted_or_gone_are_mapped_by_what_the_table_says(
    columns: str, name: str, of: dict[str, Any], source: dict[str, str]
) -> None:
    found = map_table(table(columns, keys=["id"], name=name, of=of))
    assert found.source == source
    assert any("source.where" in doubt for doubt in found.doubts) is ("where" in source)


@on(
    ("columns", "rows", "index"),
    [
        ("position# seq#", [(None, 1), (None, 2)], "seq"), ("position# seq#", [], "position"), ("position seq#", [("a", 1)], "seq"),
        ("position seq#", [(1, 1), (2, 1)], "position"), ("position seq", [(1, 1), ("a", 1)], "seq"), ("position", [("a",)], None),
        ("position", [], None),
    ],
)  # fmt: skip
def test_the_order_is_the_likeliest_column_that_holds_whole_numbers(
    columns: str, rows: Sequence[Sequence[object]], index: str | None
) -> None:
    found = map_table(table(f"id# {columns}", *((place, *row) for place, row in enumerate(rows)), keys=["id"]))
    assert found.columns["phase_index"] == index


@on(
    ("columns", "rows", "state"),
    [
        ("id# alike status", [(1, "failed", "failed"), (2, "done", "done")], "status"),
        ("id# status result", [(1, "running", "failed"), (2, "done", "odd")], "result"),
        *((f"id# {name}", [(1, "42")], None) for name in ("result", "outcome", "ergebnis")),
    ],
)
def test_of_two_states_the_one_that_tells_of_failure_is_taken_then_the_one_by_name(
    columns: str, rows: Sequence[Sequence[object]], state: str | None
) -> None:
    assert find_state(table(columns, *rows)) == state


def test_why_a_table_was_chosen_names_its_key_its_state_and_the_words_for_failed() -> None:
    rows = [(1, "failed"), (2, "error"), (3, "done")]
    assert map_table(table("id# status", *rows, keys=["id"], counted="status")).reason == (
        "its key is id; status holds its state, failed is 'failed' or 'error'"
    )
    assert map_table(table("id# status", keys=["id"])).reason == "its key is id; status holds its state"
    assert map_table(table("id# note", keys=["id"])).reason == "its key is id"


def test_a_word_of_a_text_column_stays_a_text_and_a_code_is_a_number() -> None:
    for kind, failed in ((Kind.TEXT, "4"), (Kind.WHOLE, 4)):
        column = ColumnFacts(name="state", kind=kind, words=("3", "4"), meanings={"3": "done", "4": "failed"})
        assert choose_words(column).words["failed"] == failed


def test_values_are_told_numbers_first_in_their_order_then_words_by_their_rows_and_eight_at_most() -> None:
    assert describe_counts({"b": 1, "a": 3, 10: 1, 9: 2, None: 1, "gone": 0}) == (
        "9 (2 rows), 10 (1 row), 'a' (3 rows), 'b' (1 row), NULL (1 row)"
    )
    assert "more" not in describe_counts(dict.fromkeys(range(8), 1))
    assert describe_counts(dict.fromkeys(range(9), 1)).endswith("7 (1 row) and 1 more")


def test_a_table_with_ids_of_bytes_is_told_with_the_view_that_makes_texts_of_them_that_of_work_first() -> None:
    tables = [bytes_table(name=name) for name in ("alpha", "beta", "tasks")]
    for found, name in ((tables, "tasks"), (tables[1::-1], "alpha")):
        lack, statement = describe_lack(found, "sqlite")
        assert lack == (
            f"'{name}' is the closest match, and the bytes in 'id' cannot identify a phase; a view that makes texts of them can be drained"
        )
        assert statement.endswith(f'FROM "{name}";')
    assert describe_lack([table("id# status'", keys=["id"])], "sqlite")[0] == (
        "'jobs' is the closest match, and its 'status' holds bytes, not words (columns: id, status)"
    )


def test_a_log_is_told_to_be_one_and_what_is_no_word_matters_only_without_a_state() -> None:
    told = "it has the name of a log: a drain would overwrite history; a view of the last row of each can be drained"
    assert [told in map_table(table("id# status", keys=["id"], name=name)).doubts for name in ("job_log", "jobs")] == [
        True,
        False,
    ]
    customers = table("id# name status outcome%", keys=["id"], name="customers")
    assert describe_lack([customers], "sqlite")[0] == (
        "'customers' is the closest match, and nothing in it looks like failed work (columns: id, name, status, outcome)"
    )


def test_each_part_of_a_run_or_phase_of_several_columns_is_a_name_of_work() -> None:
    assert find_candidates([table("tenant run_id step status", keys=["tenant run_id step"], name="x")])
    assert not find_candidates([table("tenant other thing status", keys=["tenant other thing"], name="x")])
