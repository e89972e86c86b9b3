"""The same sum where failed has several words, NULL among them."""

from __future__ import annotations

from typing import Any

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.cli.commands.drain_flags import DrainFlags
from tests.drain.test_counts import FLAGS, HAPPENS, ROWS, SECTIONS, Row, drain_and_check

WORDS = ("FAILED", "ERROR", None)


def to_words(rows: list[Row], words: list[str | None]) -> list[Row]:
    """Each failed row with a word of its own."""
    return [(*row[:3], words[at % len(words)], row[4]) if row[3] == "FAILED" else row for at, row in enumerate(rows)]


@hypothesis.settings(max_examples=25, deadline=None)
@given(ROWS, SECTIONS, FLAGS, HAPPENS, st.permutations(WORDS))
def test_rows_of_several_words_and_of_null_are_one_sum(
    rows: list[Row], section: dict[str, Any], flags: DrainFlags, happens: dict[int, str], words: list[str | None]
) -> None:
    drain_and_check(to_words(rows, words), section, flags, happens, False, WORDS)
