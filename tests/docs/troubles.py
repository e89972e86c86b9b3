"""The pages of messages as a table: what it says that batchdrain says, and with which exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from tests.docs.pages import TROUBLES, text_of

INDEX: Final = "what you see"
"""The first cell of the table that leads to the others. Its rows are no messages."""
_CELLS: Final = re.compile(r"(?<!\\)\|")
_SECTION_CODE: Final = re.compile(r"All of these exit with (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the page."""

    section: str
    says: str  #: its first cell, without backticks: one message, or several with `; ` between
    codes: frozenset[int]  #: that it names, itself or by its section; none where it names none


@cache
def rows() -> tuple[Row, ...]:
    """In the order of the pages."""
    return tuple(row for page in TROUBLES for row in _read(text_of(page).splitlines()))


def pattern_of(message: str) -> re.Pattern[str]:
    """What matches a message of the page: `…` stands for anything within a line."""
    return re.compile(r"[^\n]*".join(re.escape(part) for part in message.split("…")))


def _read(lines: list[str]) -> Iterator[Row]:
    section, of_section, head = "", frozenset[int](), list[str]()
    for line in lines:
        if line.startswith("#"):
            section, of_section, head = line.lstrip("# "), frozenset(), []
        elif found := _SECTION_CODE.match(line):
            of_section = frozenset({int(found[1])})
        elif not line.startswith("|"):
            head = []
        elif not head:
            head = _cells(line)
        elif not line.startswith("|-") and head[0] != INDEX:
            cells = _cells(line)
            own = re.findall(r"\d+", cells[head.index("code")]) if "code" in head else []
            yield Row(section=section, says=cells[0], codes=frozenset(map(int, own)) if "code" in head else of_section)


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("`", "").replace("\\|", "|") for cell in _CELLS.split(line)[1:-1]]
