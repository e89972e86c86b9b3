"""JSON that can be shown anywhere, and gives the very values back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.runtime.json_text import to_ascii, to_json, to_json_line
from batchdrain.runtime.text import safe_lines, safe_text
from tests.support.hostile import COMMANDS, PIECES, UNSEEN, obeyed

TEXTS = st.one_of(st.text(st.characters(exclude_categories=[])), st.lists(st.sampled_from(PIECES), max_size=5).map("".join))


@given(st.lists(st.one_of(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3)), max_size=3))
def test_whoever_parses_it_gets_the_same_values_and_nobody_else_obeys_it(found: list[object]) -> None:
    for text in (to_json(found).decode(), to_json(found, indent=True).decode(), to_json_line({"found": found})):
        assert obeyed(text) == []
        assert json.loads(to_ascii(text)) == json.loads(text)
        assert json.loads(text) in (found, {"found": found})
    assert to_ascii(to_json(found).decode()).isascii()
    assert to_json_line({"found": found}).isascii()


@given(TEXTS)
def test_what_is_shown_is_obeyed_by_nobody_and_stays_as_it_is_when_it_is_shown_again(found: str) -> None:
    for shown in (safe_text(found), safe_lines(found)):
        assert obeyed(shown) == []
        assert safe_lines(shown) == shown


@pytest.mark.parametrize("attack", [*COMMANDS, *UNSEEN])
def test_each_attack_is_broken_in_every_place(attack: str) -> None:
    for text in (attack, f"a\n{attack}", f"{attack}\n{attack}", f"\\{attack}", f'"{attack}'):
        assert obeyed(safe_lines(text)) == []
        raw = to_json({text: [text, {"a": text}]}, indent=True).decode()
        assert obeyed(raw) == []
        assert json.loads(raw) == {text: [text, {"a": text}]}


@pytest.mark.parametrize(
    "plain", ["std::runtime_error", "a::b", "connect to ::1", "# x", "##", "##x", "#[derive]", "é ✓ 日本"]
)
def test_what_nobody_obeys_stays_readable(plain: str) -> None:
    assert safe_text(plain) == safe_lines(plain) == plain
    assert plain == "connect to ::1" or to_json(plain).decode() == f'"{plain}"'


def test_numbers_beyond_64_bits_and_lone_surrogates_are_written_too() -> None:
    assert json.loads(to_json({"a": 10**30, "b": "\udc80"}, indent=True)) == {"a": 10**30, "b": "\udc80"}


def test_json_for_machines_has_no_blanks_and_for_people_two() -> None:
    assert (to_json({"a": [1]}), to_json({"a": 1}, indent=True)) == (b'{"a":[1]}', b'{\n  "a": 1\n}')
    assert to_json({"a": 2**70}, indent=True) == b'{\n  "a": 1180591620717411303424\n}'


def test_what_is_no_number_of_json_is_never_written() -> None:
    assert to_json([float("nan")]) == b"[null]"
    for write in (to_json, lambda found: to_json_line({"a": found})):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write([2**70, float("nan")])


@pytest.mark.parametrize(
    ("found", "written"),
    [
        ("::x", r'"\u003a\u003ax"'),
        ("a\n::x", r'"a\n\u003a\u003ax"'),
        ("a ::x a::x", r'"a \u003a\u003ax a::x"'),
        ("##[x]", r'"\u0023\u0023[x]"'),
        ("\x7f", r'"\u007f"'),
        (2**70, "1180591620717411303424"),
        ([2**70, "::x"], r'[1180591620717411303424, "\u003a\u003ax"]'),
    ],
)
def test_what_may_be_obeyed_is_written_in_json_s_own_way(found: object, written: str) -> None:
    assert to_json(found).decode() == written


def test_a_line_holds_whatever_there_is_and_is_of_ascii() -> None:
    assert to_json_line({"a": Path("/x"), "b": "é ::x"}) == r'{"a": "/x", "b": "\u00e9 \u003a\u003ax"}'
    assert to_ascii('"\ud800😀é"') == r'"\ud800\ud83d\ude00\u00e9"'
