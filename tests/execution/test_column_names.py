"""The name of a column as a placeholder and as a variable, and what is told of one that can be neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdrain.config.settings import Command
from batchdrain.execution.command import problems_of
from batchdrain.execution.row_columns import (
    explain_unknown,
    find_asked,
    find_clashes,
    placeholders_of,
    unset_variables_of,
    values_of,
    variable_of,
    variables_of,
)


def test_a_name_that_no_variable_can_have_becomes_one_and_two_that_become_the_same_are_told(tmp_path: Path) -> None:
    columns = {"Step No": "7", "größe": "x", "none": None}
    assert variables_of(columns) == {"BATCHDRAIN_COLUMN_STEP_NO": "7", "BATCHDRAIN_COLUMN_GR__E": "x"}
    assert values_of(columns) == {"column:Step No": "7", "column:größe": "x", "column:none": ""}
    assert unset_variables_of(columns) == {"BATCHDRAIN_COLUMN_NONE"}
    command = Command(argv=["true", "{column:Step No}", "{column:x}"])
    assert problems_of(command, tmp_path, columns=["Step No", "step_no"]) == [
        "batchdrain.command.argv.2: {column:x}: name 'x' in batchdrain.command.columns",
        (
            "batchdrain.command.columns: 'Step No' and 'step_no' would both be the variable BATCHDRAIN_COLUMN_STEP_NO; name one of "
            "them otherwise, in a view"
        ),
    ]


def test_null_is_no_variable_and_nobody_else_s_either_and_an_empty_text_is_a_value() -> None:
    row = {"error": None, "note": "", "run date": "x"}
    assert unset_variables_of(row) == {"BATCHDRAIN_COLUMN_ERROR"}
    assert variables_of(row) == {"BATCHDRAIN_COLUMN_NOTE": "", "BATCHDRAIN_COLUMN_RUN_DATE": "x"}
    assert values_of(row) == {"column:error": "", "column:note": "", "column:run date": "x"}


@pytest.mark.parametrize(
    ("name", "variable"),
    [("pos", "POS"), ("Z9", "Z9"), ("_x", "_X"), ("a-b.c", "A_B_C"), ("größe", "GR__E"), ("a\u0663", "A_"), ("", "")],
    ids=ascii,
)
def test_a_variable_has_letters_digits_and_underscores_alone(name: str, variable: str) -> None:
    assert variable_of(name) == f"BATCHDRAIN_COLUMN_{variable}"


def test_the_columns_that_a_command_asks_for_are_each_found_once_in_their_order() -> None:
    items = ["{column:b}/{run_id}", "column:no", "{{column:no}}", "{column:a}{column:b}", "{columns:no}", "{column:x y}"]
    assert find_asked(items) == ["b", "a", "x y"]
    assert placeholders_of(["b", "x y"]) == ("column:b", "column:x y")


IDS = {"feed": "run_id"}


@pytest.mark.parametrize(
    ("placeholder", "told"),
    [
        ("feed", "{feed}: write {run_id}, which column 'feed' is"),
        ("column:feed", "{column:feed}: write {run_id}, which column 'feed' is, or name it in batchdrain.command.columns"),
        ("column:x", "{column:x}: name 'x' in batchdrain.command.columns"),
        ("x", "{x} is no placeholder (known: run_id, python); double the braces that are your own"),
    ],
)
def test_an_unknown_placeholder_is_told_with_what_stands_in_its_place(placeholder: str, told: str) -> None:
    assert explain_unknown(placeholder, ["run_id", "python"], IDS) == told


def test_each_later_column_of_the_same_variable_is_told_with_the_first_one() -> None:
    told = [
        line.partition(" would ")[0].removeprefix("batchdrain.command.columns: ")
        for line in find_clashes(["a b", "c", "a-b", "A_B"])
    ]
    assert told == ["'a b' and 'a-b'", "'a b' and 'A_B'"]
    assert list(find_clashes(["a", "b", "a"])) == []
