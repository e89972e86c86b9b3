"""The failure text in a JSON text: what a path leads to, and what is said where it leads to nothing."""

from __future__ import annotations

import json

import pytest

from batchdrain.database.phases.json_text import find_text, is_json
from batchdrain.runtime.text import READ_CHARS

NESTED = json.dumps({"a": {"b": [1, "two", {"c": 0.5}], "no": False, "null": None, "": "empty"}, "0": "key"})
DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        (None, ["a"], None),
        ("", ["a"], None),
        (" \n", [], None),
        (" no JSON ", ["a"], "no JSON"),
        ("{torn", ["a"], "{torn"),
        (NESTED, ["a", "b", "1"], "two"),
        (NESTED, ["a", "b", "-2"], "two"),
        (NESTED, ["a", "b", "0"], "1"),
        (NESTED, ["a", "b", "3"], None),
        (NESTED, ["a", "b", "-4"], None),
        (NESTED, ["a", "b", "one"], None),
        (NESTED, ["a", "b", "2", "c"], "0.5"),
        (NESTED, ["a", "b"], '[1,"two",{"c":0.5}]'),
        (NESTED, ["a", "no"], "false"),
        (NESTED, ["a", "null"], None),
        (NESTED, ["a", ""], "empty"),
        (NESTED, ["a", "c"], None),
        (NESTED, ["a", "c", "d"], None),
        (NESTED, ["a", "no", "d"], None),
        (NESTED, ["0"], "key"),
        ('{"a": ""}', ["a"], None),
        ('{"a": " x "}', ["a"], " x "),
        ('{"a": 1}', [], '{"a":1}'),
        ('"said"', ["a"], "said"),
        ('""', ["a"], None),
        ("5", ["a"], None),
        ("5", [], "5"),
        ("null", ["a"], None),
        ("null", [], None),
        ('{"a": "\\u0000"}', ["a"], "\u2400"),
        ('{"a": "\\ud800"}', ["a"], "\ufffd"),
    ],
)
def test_what_stands_at_a_path_is_the_failure_text_and_a_text_that_is_no_json_is_one_itself(
    text: str | None, path: list[str], found: str | None
) -> None:
    assert find_text(text, path) == found


def test_what_is_nested_beyond_measure_is_a_text_like_any_other() -> None:
    found = find_text(DEEP, ["0"])
    assert found is not None
    assert len(found) == READ_CHARS


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("{}", True), (" [1]", True), ('"x"', False), ("5", False), ("null", False), ("x", False), (DEEP, False)],
)
def test_a_path_leads_somewhere_in_a_structure_alone(text: str, is_one: bool) -> None:
    assert is_json(text) is is_one
