"""Texts are measured, cut, filled and broken by the cells of a terminal."""

from __future__ import annotations

import pytest

from batchdrain.cli.screens.cells import cut, pad, width_of, wrap


@pytest.mark.parametrize(
    ("text", "cells", "found"),
    [
        ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("漢字", 4, "漢字"), ("漢字", 3, "漢…"), ("ab  cd", 4, "ab…"), ("abc", 1, "…"), ("abc", 0, ""),
        ("", 0, ""),
    ],
)  # fmt: skip
def test_what_is_cut_has_room_for_its_sign_and_no_blank_before_it(text: str, cells: int, found: str) -> None:
    assert cut(text, cells) == found


@pytest.mark.parametrize(
    ("text", "cells", "found"), [("漢", 4, "漢  "), ("abc", 3, "abc"), ("abcde", 3, "abcde"), ("", 2, "  ")]
)
def test_what_is_filled_up_is_not_cut(text: str, cells: int, found: str) -> None:
    assert pad(text, cells) == found
    assert width_of(pad(text, cells)) == max(cells, width_of(text))


@pytest.mark.parametrize(
    ("line", "columns", "lines"),
    [
        ("aa  bb   cc", 11, ["aa  bb   cc"]),
        ("aa  bb   cc", 6, ["aa  bb", "cc"]),
        ("  a `b c d` eee ffff", 12, ["  a `b c d`", "    eee ffff"]),
        ("x" * 25, 10, ["x" * 8, "  " + "x" * 8, "  " + "x" * 8, "  x"]),
        ("    abcdefg hij", 14, ["    abcdefg", "      hij"]),
        ("    abcdefg hij", 13, ["abcdefg hij"]),
        ("xx aaaa/bbbbb", 12, ["xx", "  aaaa/bbbbb"]),
        ("  aa/bbb/cccc/dd", 8, ["aa/bbb/", "cccc/dd"]),
        ("  Log: /srv/aaaaaaaa/bbbbbbbb/c.txt", 20, ["  Log: /srv/", "    aaaaaaaa/", "    bbbbbbbb/c.txt"]),
        ("漢漢漢漢 漢漢漢漢 漢", 10, ["漢漢漢漢", "  漢漢漢漢", "  漢"]),
        ("    " + "y" * 12 + " z", 16, ["    " + "y" * 12, "      z"]),
    ],
)
def test_a_line_is_broken_between_words_and_else_behind_a_slash(line: str, columns: int, lines: list[str]) -> None:
    assert wrap(line, columns) == lines
    assert max(map(width_of, lines)) <= columns
