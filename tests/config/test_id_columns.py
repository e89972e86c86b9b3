"""An id is mapped to a column, to several, or for runs to none: what is accepted, and what people are told of the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchdrain.config.id_columns import FixedId
from batchdrain.config.load import load, problems_of
from batchdrain.config.settings import Settings
from batchdrain.drain.request import digests

PLACE = "batchdrain.source.columns"
VARIABLE = "INVOKE_BATCHDRAIN_SOURCE_COLUMNS_RUN_ID"


def mapped(**columns: Any) -> dict[str, Any]:
    return {"source": {"columns": columns}}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("queue", "queue"),
        (["queue"], "queue"),
        (["tenant", "day"], ("tenant", "day")),
        (["tenant", 7], ("tenant", "7")),
        ({"value": "all"}, FixedId(value="all")),
        ({"value": 7}, FixedId(value="7")),
        ('["tenant", "day"]', ("tenant", "day")),
        ('{"value": "all"}', FixedId(value="all")),
        ("[odd", "[odd"),
    ],
    ids=str,
)
def test_a_run_is_a_column_a_list_or_a_text_for_all(given: Any, found: object) -> None:
    settings = load(mapped(run_id=given), {})
    assert settings.source.columns.run_id == found
    if isinstance(given, str):
        assert load({}, {VARIABLE: given}).source.columns.run_id == found
    again = Settings.model_validate(json.loads(json.dumps(settings.model_dump(mode="json"))))
    assert (again, Settings.model_validate(settings.model_dump())) == (settings, settings)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"run_id": ["a", "a"]}, f"{PLACE}.run_id: names 'a' twice"),
        ({"run_id": []}, f"{PLACE}.run_id: must not be empty: write a list: [a, b]"),
        ({"run_id": ["a", ""]}, f"{PLACE}.run_id: must not be empty"),
        ({"run_id": ["a", None]}, f"{PLACE}.run_id: expected the name of a column, or a list of names"),
        ({"run_id": {"columns": "a"}}, f"{PLACE}.run_id: of a mapping only {{value: …}} is known: one id for every row"),
        ({"phase_id": {"value": "a"}}, f"{PLACE}.phase_id: expected the name of a column, or a list of names"),
        ({"phase_id": ["a", "b\0"]}, f"{PLACE}.phase_id: must not contain a NUL character"),
        ({"run_id": ["a", "b"], "phase_id": ["b", "c"]}, f"{PLACE}: each column has one meaning, but 'b' is mapped twice"),
        ({"phase_id": ["state", "c"]}, f"{PLACE}: each column has one meaning, but 'state' is mapped twice"),
        ({"phase_index": "state"}, f"{PLACE}: each column has one meaning, but 'state' is mapped twice"),
    ],
    ids=str,
)
def test_what_maps_no_id_is_told_in_one_line(columns: dict[str, Any], told: str) -> None:
    assert problems_of(mapped(**columns), {}) == [told]


@pytest.mark.parametrize("index", ["tenant", "step"])
def test_a_column_of_an_id_may_order_the_phases_too(index: str) -> None:
    load(mapped(run_id=["tenant", "day"], phase_id="step", phase_index=index), {})


def test_a_command_gets_the_columns_of_a_list_and_those_that_it_names_each_once() -> None:
    columns = mapped(run_id=["tenant", "day"], phase_id="step")
    settings = load({**columns, "command": {"columns": ["step", "day", "args"]}}, {})
    assert settings.given_columns == ("tenant", "day", "step", "args")
    assert load(mapped(run_id="a", phase_id="b"), {}).given_columns == ()
    assert load({}, {"INVOKE_BATCHDRAIN_COMMAND_COLUMNS": "a,b"}).given_columns == ("a", "b")


def test_a_session_of_before_goes_on_with_the_same_mapping() -> None:
    """Its file holds this digest of the mapping, of one column an id."""
    begun = "3ac967baa84dca2955ddc981429703eab47494e743fa55f738d1134e562ba258"
    assert digests(load(None, {}))["source_sha256"] == begun
