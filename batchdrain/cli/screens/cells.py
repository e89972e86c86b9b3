"""Measures and cuts text in cells of a terminal: a Chinese character takes two cells, a combining accent none. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len, chop_cells, set_cell_size

_UNBROKEN: Final = re.compile(r"(?:`[^`]*`|\S)+\s*")  # a command in a sentence is quoted with backticks
_STEP_OF_PATH: Final = re.compile(r"[^/]*/|[^/]+")
_HANG: Final = 2
_NARROWEST: Final = 8


def width_of(text: str) -> int:
    """The width of a text in cells."""
    return cell_len(text)


def cut(text: str, cells: int) -> str:
    """Shorten a text to at most `cells` cells, with an ellipsis if something is left out."""
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, cells - 1).rstrip() + "…" if cells > 0 else ""


def pad(text: str, cells: int) -> str:
    """Fill a text up with blanks to exactly `cells` cells. A longer text is not cut."""
    return text + " " * max(0, cells - cell_len(text))


def wrap(line: str, columns: int) -> list[str]:
    """Break a line into lines of at most `columns` cells: between words, and within a path after a slash. A name is broken
    only if it is longer than a line. The following lines are indented a little further than the first."""
    if cell_len(line) <= columns:
        return [line]
    indent = line[: len(line) - len(line.lstrip(" "))]
    hang = indent + " " * _HANG if columns - len(indent) - _HANG >= _NARROWEST else ""
    lines, current = list[str](), indent if hang else ""
    for unbroken in _UNBROKEN.findall(line):
        for piece in _pieces_of(unbroken, columns - len(hang)):
            if current.strip() and cell_len(current + piece.rstrip()) > columns:
                lines.append(current.rstrip())
                current = hang
            current += piece
    return [*lines, current.rstrip()]


def _pieces_of(unbroken: str, cells: int) -> Iterator[str]:
    """The unbreakable pieces of a text that is too long for a line of its own."""
    if cell_len(unbroken.rstrip()) <= cells:
        yield unbroken
        return
    for step in _STEP_OF_PATH.findall(unbroken):
        yield from chop_cells(step, cells) if cell_len(step.rstrip()) > cells else [step]
