"""The words of a state, as they are configured: one, a list, or what is read and what is written."""

from __future__ import annotations

import hashlib
import itertools
import json
import re

import hypothesis
import pytest
from hypothesis import strategies as st

from batchdrain.config.load import load
from batchdrain.config.settings import Settings
from batchdrain.config.state_settings import text_to_words
from batchdrain.drain.request import digests
from batchdrain.model.errors import ConfigError
from batchdrain.model.state_words import NULL, to_value, to_word
from tests.support.workplace import Workplace


def test_a_session_of_one_word_for_each_state_knows_its_source_as_it_always_did() -> None:
    plain = {"failed": "NO", "queued": "QUEUED", "executing": "EXECUTING", "complete": "COMPLETE"}
    source = {"table": "t", "where": "", "states": plain, "columns": Settings().source.columns.model_dump(
        include={"run_id", "phase_id", "phase_index", "state", "last_failure_reason", "updated_at"})}  # fmt: skip
    golden = hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()
    for given in ("NO", ["NO"], {"read": "NO"}, {"read": ["NO"], "write": "NO"}):
        settings = load({"source": {"table": "t", "states": {"failed": given}}}, {})
        assert digests(settings)["source_sha256"] == golden, given
    assert digests(load({"source": {"table": "t", "states": {"failed": ["NO", None]}}}, {}))["source_sha256"] != golden


@pytest.mark.parametrize(
    ("given", "read", "write"),
    [
        ("A", ("A",), "A"),
        (4, ("4",), "4"),
        (["A", None, 4, "A"], ("A", "NULL", "4"), "A"),
        ([None, "NULL", ""], ("NULL", "'NULL'", ""), "NULL"),
        ({"read": ["A", "B"], "write": "B"}, ("A", "B"), "B"),
        ({"read": ["A", "B"], "write": None}, ("A", "B", "NULL"), "NULL"),
        ({"read": None}, ("NULL",), "NULL"),
        ([""], ("",), ""),
    ],
)
def test_a_state_has_words_that_are_read_and_one_that_is_written(given: object, read: tuple[str, ...], write: str) -> None:
    settings = load({"source": {"states": {"failed": given}}}, {})
    assert (settings.source.states.failed.read, settings.source.states.failed.write) == (read, write)
    assert Settings.model_validate(settings.model_dump()) == settings
    told = {"INVOKE_BATCHDRAIN_SOURCE_STATES_FAILED": given if isinstance(given, str) else json.dumps(given)}
    if not isinstance(given, int):
        assert load({}, told).source.states.failed == settings.source.states.failed


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ({"failed": ["A", "QUEUED"]}, "'QUEUED' stands for failed and for queued: a word means one state"),
        ({"failed": {"read": ["A"], "write": "QUEUED"}}, "'QUEUED' stands for failed and for queued"),
        ({"queued": [None], "complete": [None]}, "NULL stands for queued and for complete"),
        ({"failed": []}, "must not be empty"),
        ({"failed": ""}, "must not be empty: for rows whose state is an empty text write ['']"),
        ({"failed": [["A"]]}, "expected a text, a whole number or null for each word"),
        ({"failed": 4.5}, "expected a text, a list of texts, or {read: [a, b], write: a}"),
        ({"failed": {"reads": "A"}}, "'reads' is not a known key (did you mean 'read'?)"),
        ({"failed": {"write": "A"}}, "read is missing: {read: [a, b], write: a}"),
        ({"failed": [True]}, "quote it"),
        ({"failed": ["a\0"]}, "must not contain a NUL character"),
        ({"failed": [f"w{number}" for number in range(101)]}, "has 101 words; at most 100 are taken"),
        ({"executing": ["A"]}, "expected a text"),
    ],
)
def test_words_that_say_nothing_or_two_things_are_refused(states: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        load({"source": {"states": states}}, {})


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(("failed", "queued", "executing", "complete"), 2)])
def test_a_word_means_one_state_whichever_two_are_given_it(one: str, other: str) -> None:
    with pytest.raises(ConfigError, match=f"'X' stands for {one} and for {other}"):
        load({"source": {"states": {one: "X", other: "X"}}}, {})


@hypothesis.given(st.text("NUL'x", max_size=7), st.text("NUL'x", max_size=7))
def test_each_value_of_a_column_has_a_word_of_its_own(one: str, other: str) -> None:
    assert to_value(to_word(one)) == one
    assert to_word(one) != NULL
    assert (to_word(one) == to_word(other)) is (one == other)


def test_nothing_behind_a_key_is_no_word(sqlite_project: Workplace) -> None:
    """A section that is half written must not take every row whose state is NULL."""
    path = sqlite_project.root / "invoke.yaml"
    path.write_text(path.read_text()[:-2] + ', "source": {"states": {"failed": null}}}}')
    assert "Nothing to drain" in sqlite_project.inv("dry-run").out
    path.write_text(f"batchdrain:\n  database_url: {sqlite_project.url}\n  source:\n    states:\n      failed:\n")
    for task in ("drain", "doctor"):
        ran = sqlite_project.inv(task)
        assert (ran.code, "line 5: a key or a dash has no value" in ran.out + ran.err) == (78, True), ran


@pytest.mark.parametrize(
    ("text", "given"),
    [("A", "A"), ("A, B", "A, B"), ('["A", null]', ["A", None]), (' {"read": ["A"]}', {"read": ["A"]}), ("[A", "[A"), ("{", "{"),
     ("[" * 100_000, "[" * 100_000), ("", "")],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
def test_the_text_of_a_variable_is_json_where_it_is_json_and_else_one_word(text: str, given: object) -> None:
    assert text_to_words(text) == given
