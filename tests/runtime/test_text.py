"""Texts as they are shown, stored and named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.runtime.text import (
    READ_CHARS,
    STORED_CHARS,
    are_safe,
    are_short,
    can_encode,
    safe_lines,
    safe_text,
    slug_of,
    to_printable,
    to_storable,
)


@given(st.text())
def test_what_is_shown_is_one_line_and_what_is_stored_is_utf8(found: str) -> None:
    assert len(safe_text(found).splitlines()) <= 1
    assert "\x00" not in to_storable(found)
    assert len(to_storable(found).encode()) <= 64_000
    assert to_printable(found.replace("\x00", ""), "ascii").isascii()
    assert "/" not in slug_of(found)
    assert not slug_of(found).startswith((".", "-"))


LONG = "x" * 2_000


@pytest.mark.parametrize(
    ("texts", "safe"),
    [
        (["a", "b c"], True),
        ([LONG], True),
        ([LONG, LONG], True),
        (["x" * 2_001], False),
        (["a", "é"], False),
        (["a", "b\tc"], False),
        (["a", "b\n"], False),
        (["::error"], False),
        (["a:", ":b"], True),
        (["##[x]"], False),
        (["\x7f"], False),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_texts_are_safe_where_showing_them_changes_none(texts: list[str], safe: bool) -> None:
    assert are_safe(texts) is safe
    assert not safe or [safe_text(text) for text in texts] == texts


@given(st.lists(st.text(st.sampled_from("ab:# \t\x00é"), max_size=6), min_size=1))
def test_what_is_said_to_be_safe_is_shown_as_it_is(texts: list[str]) -> None:
    assert not are_safe(texts) or [safe_text(text) for text in texts] == texts


@given(st.lists(st.text(st.sampled_from("ab\x00é"), max_size=9), max_size=12), st.integers(1, 9))
def test_texts_are_short_together_where_each_of_them_is(texts: list[str], limit: int) -> None:
    are_all = all(len(text) <= limit and "\x00" not in text for text in texts)
    assert are_short("\x00".join(texts), len(texts), limit) is are_all


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb", "a\\x0d\nb"),
        ("a\x1b[31m", "a\\x1b[31m"),
        ("a\n::error::b", "a\n\\x3a:error::b"),
        ("a ::error", "a ::error"),
        ("\t::error", "\t\\x3a:error"),
        ("é\u202e", "é\\u202e"),
        ("\U000e0041", "\\U000e0041"),
        ("x\x00y", "x\\x00y"),
        ("##[error]", "\\x23#[error]"),
        ("##VSO[x]", "\\x23#VSO[x]"),
        ("## heading", "## heading"),
    ],
)
def test_lines_keep_their_ends_and_tabs_and_nothing_that_is_obeyed(text: str, shown: str) -> None:
    assert safe_lines(text) == shown
    assert safe_lines(shown) == shown


@pytest.mark.parametrize("long", [0, 1, 2])
def test_one_text_too_long_by_a_character_is_found_wherever_it_stands(long: int) -> None:
    texts = ["abc"] * 3
    assert are_short("\x00".join(texts), 3, 3)
    texts[long] = "abcd"
    assert not are_short("\x00".join(texts), 3, 3)
    assert are_short("", 0, 3)


def test_to_a_stream_that_names_no_encoding_only_ascii_is_written() -> None:
    assert to_printable("✓ ü", None) == "[ok] \\xfc"


RANGES = [
    (0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xD800, 0xDFFF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip


@pytest.mark.parametrize(("first", "last"), RANGES, ids=lambda code: f"{code:x}")
def test_what_is_not_seen_or_turns_the_line_is_escaped_and_its_neighbours_are_not(first: int, last: int) -> None:
    for code in (first, last):
        escaped = f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65_536 else f"\\U{code:08x}"
        assert safe_text(f"a{chr(code)}b") == f"a{escaped}b"
    for code in (max(0, first - 1), last + 1):
        if not any(low <= code <= high for low, high in RANGES):
            assert safe_text(chr(code)) == safe_lines(chr(code)) == chr(code)


@pytest.mark.parametrize("text", ["##[x]", "##vso[x]", "##TeamCity[x]", "a ##[x]"])
def test_each_word_of_a_ci_runner_is_broken_wherever_it_stands(text: str) -> None:
    assert safe_text(text) == text.replace("##", "\\x23#")


def test_texts_from_elsewhere_are_bounded() -> None:
    assert (STORED_CHARS, READ_CHARS, slug_of("XaX"), can_encode("a", None)) == (16_000, 65_536, "XaX", True)
