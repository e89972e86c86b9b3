"""An id of several columns is one text that is taken apart again in one way only; of one column it is the value's own text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.model.joined_id import join_parts, split_parts
from batchdrain.model.phase import PhaseKey

PARTS = st.lists(st.text(st.sampled_from("ab/\\ *é\n"), max_size=6), min_size=2, max_size=5)


@given(PARTS, PARTS)
def test_what_is_joined_is_taken_apart_again_and_two_ids_never_have_one_text(one: list[str], other: list[str]) -> None:
    assert split_parts(join_parts(one), len(one)) == tuple(one)
    if len(one) == len(other):
        assert (join_parts(one) == join_parts(other)) is (one == other)


@given(st.text(st.sampled_from("a/\\"), max_size=8), st.integers(2, 3))
def test_a_text_that_nothing_is_joined_to_is_no_id(text: str, count: int) -> None:
    try:
        parts = split_parts(text, count)
    except ValueError:
        return
    assert join_parts(parts) == text


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["acme", "etl", "2026-11-01"], "acme/etl/2026-11-01"),
        (["a/b", "c\\d"], "a\\/b/c\\\\d"),
        (["", ""], "/"),
        (["", "x", ""], "/x/"),
    ],
)
def test_people_read_and_write_it_so(parts: list[str], text: str) -> None:
    assert join_parts(parts) == text


@pytest.mark.parametrize(
    ("key", "digest"),
    [
        (("r", "p"), "32aca53f1297d28e22d305b5fcf8e198129d64fc1ed717459c7255ffdc0b90b2"),
        (("mail", "15"), "e2e1a604a474fb8f6cfb9c1f54f7302569ff2d185c0745f3a86c819723399361"),
        (("a/b", "c\\d"), "865b9c75ea9850a628562066c22cb0fa0639b0274f1a194f5afcc1a82044e3ea"),
        (("größe", "ß\n'"), "a5339205ea5ca111b6b6dfd7a873914c6f5fb9c75e0949a6954098f5c0e4c3c8"),
    ],
)
def test_the_key_of_a_claim_is_the_one_that_it_was_before_ids_of_several_columns(key: tuple[str, str], digest: str) -> None:
    """As commit bd1f117 made them."""
    assert PhaseKey(*key).digest == digest


@pytest.mark.parametrize("text", ["a/b", "a\\/b/c", "a", "", "a/b/c/d", "a/b\\\\/c/d"])
def test_an_id_of_more_or_fewer_parts_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        split_parts(text, 3)
