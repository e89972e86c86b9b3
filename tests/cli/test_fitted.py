"""A report in the width of its terminal: rules as wide, words whole, commands on one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from batchdrain.cli.screens.fitted import fit

RUN = "inv drain --cluster=0123456789,abcdef0123 --run-id='a b'"


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_a_rule_is_as_wide_as_the_terminal(columns: int) -> None:
    assert fit(f"{'=' * 80}\nx\n{'-' * 80}\n", columns, "inv ") == f"{'=' * columns}\nx\n{'-' * columns}\n"


def test_a_command_that_has_no_room_behind_its_text_has_a_line_of_its_own_whole() -> None:
    assert fit(f"  Once fixed: {RUN}", 60, "inv ") == f"  Once fixed:\n    {RUN}"
    assert fit(f"  Once fixed: {RUN}", 30, "inv ") == f"  Once fixed:\n    {RUN}"
    assert fit(f"  Once fixed: {RUN}", 100, "inv ") == f"  Once fixed: {RUN}"
    assert fit(RUN, 30, "inv ") == RUN


def test_a_command_in_a_sentence_is_not_broken() -> None:
    assert fit("say it with `inv resume --close` now", 26, "inv ") == "say it with\n  `inv resume --close` now"


@given(st.lists(st.text(alphabet="abc-/é漢", min_size=1, max_size=12), min_size=1, max_size=30), st.integers(20, 120))
def test_no_word_is_lost_or_broken_that_has_room(words: list[str], columns: int) -> None:
    line = " ".join(words)
    found = fit(line, columns, "inv ")
    assert found.split() == line.split()
    assert all(cell_len(one) <= columns for one in found.split("\n"))


@pytest.mark.parametrize(
    ("line", "columns", "found"),
    [
        ("a b c", 5, "a b c"),
        ("a b c", 4, "a b\nc"),
        ("=" * 9, 20, "=" * 9),
        ("=" * 10, 20, "=" * 20),
        ("=-" * 10, 30, "=-" * 10),
        ("  " + RUN, 30, "  " + RUN),
        (f"x: {RUN}", 3 + len(RUN), f"x: {RUN}"),
        (f"x: {RUN}", 2 + len(RUN), f"x:\n  {RUN}"),
        ("  a: b: inv drain --x", 20, "  a: b:\n    inv drain --x"),
        ("  see invoice drains and so on", 20, "  see invoice drains\n    and so on"),
    ],
)
def test_each_line_is_broken_by_what_it_is(line: str, columns: int, found: str) -> None:
    assert fit(line, columns, "inv ") == found
