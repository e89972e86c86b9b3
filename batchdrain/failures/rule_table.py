"""The built-in rules as their file has them: a line a rule, which a person can read and check."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("rules.tsv")
_WIDER: Final = (
    (re.compile(r"\.\{\d,\d+\}"), ".*"),
    (re.compile(r"\(\?:\\S\+ \)\{0,\d+\}"), "(?:.* )?"),
    (re.compile(r"\[\^\\pL\\pN_\]"), "[^0-9a-z_]"),
    (re.compile(r"\[\\pL\\pN_\.\]"), r"\\S"),
)
"""What is dear in a Set, and what takes the place of it there: a gap is a state for each of its lengths, and the letters of all
scripts are some thousand."""
_BESIDE: Final = "[^a-z0-9]"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInRule:
    """A text in lower case in which `pattern` is found is of `category`, unless a rule before this one takes it."""

    category: str
    pattern: str  #: RE2, but for the word edges `\\<` and `\\>`
    takes: str  #: a text that no rule before it takes
    leaves: str  #: one that looks like it, and is none

    @property
    def edges(self) -> tuple[bool, bool]:
        """Whether it begins and ends at the edge of a word."""
        return self.pattern.startswith(r"\<"), self.pattern.endswith(r"\>")

    @property
    def core(self) -> str:
        """Without its edges."""
        return self.pattern.removeprefix(r"\<").removesuffix(r"\>")

    @property
    def wide_core(self) -> str:
        """Takes what `core` takes, and perhaps more."""
        found = self.core
        for dear, cheap in _WIDER:
            found = dear.sub(cheap, found)
        return found


def join(cores: Iterable[str], edges: tuple[bool, bool]) -> str:
    """One pattern of RE2 for all that have these edges."""
    before, after = rf"(?:\A|{_BESIDE})" if edges[0] else "", rf"(?:{_BESIDE}|\z)" if edges[1] else ""
    return f"{before}(?:{'|'.join(f'(?:{core})' for core in cores)}){after}"


def read_rules() -> tuple[BuiltInRule, ...]:
    """All of them, in their order. Reads a file of the package."""
    lines = (line for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    fields = (line.split("\t") for line in lines)
    return tuple(
        BuiltInRule(category=category, pattern=pattern, takes=takes, leaves=leaves)
        for category, pattern, takes, leaves in fields
    )
