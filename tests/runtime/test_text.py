"""Texts as they are shown, stored and named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchdrain.runtime.text import safe_text, slug_of, to_printable, to_storable


@given(st.text())
def test_what_is_shown_is_one_line_and_what_is_stored_is_utf8(found: str) -> None:
    assert len(safe_text(found).splitlines()) <= 1
    assert "\x00" not in to_storable(found)
    assert len(to_storable(found).encode()) <= 64_000
    assert to_printable(found.replace("\x00", ""), "ascii").isascii()
    assert "/" not in slug_of(found)
    assert not slug_of(found).startswith((".", "-"))
