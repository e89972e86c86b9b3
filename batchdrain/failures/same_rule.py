"""Tells by one match that all lines of a page have the same rule, as failures of one cause often stand together.

Asking a Set costs more for the call than for the text. So if all lines of a page had the same rule, the next page is first
asked about as one text. Its lines have that rule if none of them has an earlier one, and if each of them contains a part by
which alone the rule matches.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import repeat
from operator import contains
from typing import Any, Final

Holds = Callable[[str, str], bool]
_FEWEST: Final = 20  #: lines; for fewer of them asking twice would take longer
_TRIES: Final = 3  #: parts of a rule that are tried, if its lines do not share one
_WITHOUT_DIGITS: Final = re.compile(r"\D+")


class SameRule:
    """The rule that all lines of the last page had. It may be used by many threads."""

    def __init__(self, match: Callable[[bytes], Sequence[int]], patterns: Sequence[str]) -> None:
        """`match`: returns the numbers of the patterns that a text matches; the highest decides. Number 0 matches every text.
        Each pattern must match a page of lines if it matches one of them."""
        self._match = match
        self._patterns = patterns
        self._number: int | None = None
        self._parts: dict[int, tuple[Holds, str]] = {}
        self._tries: Counter[int] = Counter()

    def of_all(self, lines: str) -> int | None:
        """The number that each of the lines has, which are lower-case ASCII, joined by line ends; None if that can't be told
        at once."""
        number = self._number
        if number is None or (number and not self._are_of(number, lines.split("\n"))):
            return None
        return number if max(self._match(lines.encode()), default=None) == number else None

    def note(self, numbers: Sequence[int], exact: bool) -> None:
        """Note the number of each line of a page for which `of_all` could not tell. `exact`: no line had to be asked about
        again, since the pattern may be wider than its rule."""
        found = set(numbers)
        number = next(iter(found))
        if not exact or len(found) > 1 or len(numbers) < _FEWEST:
            self._number = None
            return
        if number == self._number:  # the part that was looked for is not one that all lines of the rule share
            self._tries[number] += 1
            self._parts.pop(number, None)
        self._number = number if self._tries[number] < _TRIES else None

    def _are_of(self, number: int, lines: Sequence[str]) -> bool:
        """Whether the pattern matches each of the lines. False if that can't be told."""
        found = self._parts.get(number) or _find_part(self._patterns[number], lines[0])
        if found is None:
            return False
        self._parts[number] = found
        return all(map(found[0], lines, repeat(found[1])))


def _find_part(pattern: str, line: str) -> tuple[Holds, str] | None:
    """A part of the line, with how to look for it, so that the pattern matches every line that has it; None if there is none.
    What stands beside a match belongs to its part, as the pattern may look at it. It is looked for in the pieces without
    digits first, since numbers differ."""
    search = _search_of(pattern)
    for piece in (*_WITHOUT_DIGITS.findall(line), line):
        found = search(piece)
        if found is None:
            continue
        start, end = found.span()
        if start > 0 and end < len(piece):
            return contains, piece[start - 1 : end + 1]
        if end < len(piece):
            return str.startswith, piece[: end + 1]
        if start > 0:
            return str.endswith, piece[start - 1 :]
    return None


def _search_of(pattern: str) -> Callable[[str], Any]:
    import re2

    options: Any = re2.Options()
    options.log_errors = False
    search: Callable[[str], Any] = re2.compile(pattern, options=options).search
    return search
