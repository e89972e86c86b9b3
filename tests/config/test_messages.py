"""Each kind of wrong value is told in plain words, without the value; and an unknown key with those that are known there."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.config.known_keys import keys_beside
from batchdrain.config.messages import explain

A_LIST, A_MAPPING, A_WHOLE = "write a list: [a, b]", "write a mapping: {key: value}", "expected a whole number"
PLAIN = {
    "list_type": A_LIST,
    "dict_type": A_MAPPING,
    "mapping_type": A_MAPPING,
    "model_type": A_MAPPING,
    "model_attributes_type": A_MAPPING,
    "string_type": "expected a text",
    "string_too_short": "must not be empty",
    "int_type": A_WHOLE,
    "int_parsing": A_WHOLE,
    "int_parsing_size": A_WHOLE,
    "int_from_float": A_WHOLE,
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "missing": "is missing",
    "json_invalid": "is no JSON",
}
BOUNDS = [
    ("greater_than_equal", {"ge": 1}, "must be at least 1"),
    ("greater_than", {"gt": 0.5}, "must be more than 0.5"),
    ("less_than_equal", {"le": 31_536_000}, "must be at most 31536000"),
    ("less_than", {"lt": 0.1 + 0.2}, "must be less than 0.3"),
    ("literal_error", {"expected": "'a' or 'b'"}, "expected 'a' or 'b'"),
    ("enum", {"expected": "'a'"}, "expected 'a'"),
]


def error_of(kind: str, **more: Any) -> Any:
    return {"type": kind, "loc": (), "msg": "the library's own words", "input": "hunter2", **more}


@pytest.mark.parametrize("kind", PLAIN)
def test_each_kind_of_wrong_value_has_its_words(kind: str) -> None:
    assert explain(error_of(kind)) == PLAIN[kind]


@pytest.mark.parametrize(("kind", "bound", "told"), BOUNDS)
def test_a_bound_is_told_as_people_write_it(kind: str, bound: dict[str, Any], told: str) -> None:
    assert explain(error_of(kind, ctx=bound)) == told


@pytest.mark.parametrize(("given", "told"), [("", "must not be empty"), ([], f"must not be empty: {A_LIST}")])
def test_what_is_too_short_is_told_by_what_it_is(given: object, told: str) -> None:
    assert explain(error_of("too_short", input=given)) == told


@pytest.mark.parametrize(
    ("said", "told"), [("Value error, has no end", "has no end"), ("has a Value error, ", "has a Value error, ")]
)
def test_of_what_a_check_of_ours_said_its_own_words_are_told(said: str, told: str) -> None:
    assert explain(error_of("value_error", msg=said)) == told


@pytest.mark.parametrize(
    ("loc", "some", "none"),
    [
        (("batch_siz",), {"batch_size", "engine", "source"}, {"table"}),
        (("source", "tabel"), {"table", "where", "columns"}, {"batch_size"}),
        (("source", "columns", "runid"), {"run_id", "phase_id", "state"}, {"table"}),
        (("depends_on", 0, "afters"), {"run", "after"}, {"batch_size"}),
        (("categories", 3, "mach"), {"match", "category"}, {"type"}),
    ],
)
def test_the_keys_beside_an_unknown_one_are_those_of_its_mapping(
    loc: tuple[int | str, ...], some: set[str], none: set[str]
) -> None:
    found = set(keys_beside(loc))
    assert found >= some
    assert found.isdisjoint(none)
