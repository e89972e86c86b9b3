"""What stands between braces in a command is a placeholder, and doubled braces are braces."""

from __future__ import annotations

import pytest

from batchdrain.execution.placeholders import fill, find_placeholders

VALUES = {"a": "{b}", "b": "", "column:x y": "1"}


@pytest.mark.parametrize(
    ("item", "names", "filled"),
    [
        ("--run={a}", ["a"], "--run={b}"),
        ("{a}{a}{b}", ["a", "a", "b"], "{b}{b}"),
        ("{column:x y}", ["column:x y"], "1"),
        ("{{a}}", [], "{a}"),
        ("{{{a}}}", ["a"], "{{b}}"),
        ("}}{{", [], "}{"),
        ("{ {a", [], "{ {a"),
        ("}", [], "}"),
        ("", [], ""),
    ],
)
def test_each_placeholder_is_filled_once_and_what_a_value_holds_is_none(item: str, names: list[str], filled: str) -> None:
    assert (find_placeholders(item), fill(item, VALUES)) == (names, filled)
