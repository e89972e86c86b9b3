"""Reads the built-in rules from their file: one rule on each line, so that a person can read and check them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("rules.tsv")
_WIDER: Final = (
    (re.compile(r"\.\{\d,\d+\}"), ".*"),
    (re.compile(r"(?<!\A\\A\[\^\\pL\\pN_\]\*)\(\?:\\S\+ \)\{0,\d+\}"), "(?:.* )?"),
    (re.compile(r"\[\\pL\\pN_\.\]"), r"\\S"),
)
"""Parts that are expensive in a Set, and wider ones that replace them. A bounded gap needs a state for each length, unless it
is at the begin of the text."""
_LETTERS: Final = (re.compile(r"\[\^\\pL\\pN_\]"), "[^0-9a-z_]")
"""The letters of all scripts are some thousands; those of ASCII are few."""
_BESIDE: Final = "[^a-z0-9]"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInRule:
    """A lower-case text in which `pattern` is found is of `category`, unless an earlier rule matches."""

    category: str
    pattern: str  #: RE2, plus the word edges `\\<` and `\\>`
    takes: str  #: an example that matches and that no earlier rule takes
    leaves: str  #: a similar example that does not match

    @property
    def edges(self) -> tuple[bool, bool]:
        """Whether it begins and whether it ends at the edge of a word."""
        return self.pattern.startswith(r"\<"), self.pattern.endswith(r"\>")

    @property
    def core(self) -> str:
        """The pattern without its word edges."""
        return self.pattern.removeprefix(r"\<").removesuffix(r"\>")

    @property
    def wide_core(self) -> str:
        """A pattern that matches all that `core` does, and perhaps more."""
        found = self.core
        for dear, cheap in (*_WIDER, _LETTERS):
            found = dear.sub(cheap, found)
        return found

    @property
    def is_exact_in_ascii(self) -> bool:
        """Whether `wide_core` matches no other texts of ASCII than `core` does."""
        return not any(dear.search(self.core) for dear, _ in _WIDER)


def in_lines(core: str) -> str:
    """The pattern, made to match each line of a text by itself. It matches all that `core` does, and perhaps more if the text
    has several lines."""
    return core.replace(r"\A", "(?m:^)").replace(r"\z", "(?m:$)")


def join(cores: Iterable[str], edges: tuple[bool, bool]) -> str:
    """One RE2 pattern for all cores with these word edges."""
    before, after = rf"(?:\A|{_BESIDE})" if edges[0] else "", rf"(?:{_BESIDE}|\z)" if edges[1] else ""
    return f"{before}(?:{'|'.join(f'(?:{core})' for core in cores)}){after}"


def read_rules() -> tuple[BuiltInRule, ...]:
    """All rules in order. Reads a file of the package."""
    lines = (line for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    fields = (line.split("\t") for line in lines)
    return tuple(
        BuiltInRule(category=category, pattern=pattern, takes=takes, leaves=leaves)
        for category, pattern, takes, leaves in fields
    )
