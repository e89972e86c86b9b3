"""Matches all built-in rules at once: one pass over a text, however many rules there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, Final, NamedTuple

from batchdrain.failures.rule_table import BuiltInRule, join, read_rules
from batchdrain.failures.utf8 import to_utf8

Matcher = Callable[[bytes], Sequence[int]]
"""Returns the positions of the patterns that a text matches, unordered."""
_ALWAYS: Final = r"\A"
"""Matches every text, so an answer without it is a failure: a Set that runs out of memory also says 'nothing found'."""
_MOST_NAMED: Final = 4_096
_MEMORY: Final = 8 << 20
"""The most bytes for the states of the Set. When they are full, it starts over."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One pattern of the Set: that of a rule, or that of several consecutive rules with the same category."""

    category: str
    pattern: str
    exact: str | None = None  #: the exact pattern, which must match too if `pattern` is wider than its rule


class _Answer(NamedTuple):
    """What follows from the patterns of the Set that a text matches."""

    category: str | None  #: the category if none of `asks` matches
    asks: tuple[tuple[str, str], ...]  #: category and exact pattern of earlier rules that have to be tried on the text


class RuleSet:
    """The rules in order. It may be used by many threads."""

    def __init__(self, rules: Sequence[BuiltInRule]) -> None:
        """Raises re2.error for a pattern that RE2 refuses."""
        self._parts = tuple(_parts(rules))
        self._set: Any = _set_of([_ALWAYS, *(part.pattern for part in self._parts)])
        self._match = _matcher_of(self._set)
        self._exact: dict[str, Matcher] = {}
        self._named: dict[tuple[int, ...], _Answer] = {}  # by what was found

    def find(self, text: str) -> str | None:
        """The category of the first rule that matches `text`, ignoring case. Raises MemoryError if RE2 has too little memory
        to tell."""
        encoded = to_utf8(text.lower())
        return self._first(self._match(encoded), encoded)

    def find_all(self, lines: Sequence[str]) -> list[str | None]:
        """The same for each of several texts without line ends."""
        if not lines:
            return []
        all_encoded = to_utf8("\n".join(lines).lower()).split(b"\n")
        all_places = list(map(tuple, map(self._match, all_encoded)))
        known, named = self._named, list[str | None]()
        for places, encoded in zip(all_places, all_encoded, strict=True):
            answer = known.get(places) or self._answer(places, encoded)
            named.append(answer.category if not answer.asks else self._first_that_holds(answer, encoded))
        return named

    def _answer(self, places: tuple[int, ...], encoded: bytes) -> _Answer:
        """What follows from the patterns that matched; remembered."""
        if 0 not in places:
            raise MemoryError(f"RE2 has no memory left to match a failure text of {len(encoded)} bytes")
        asks = list[tuple[str, str]]()
        category: str | None = None
        for place in sorted(places)[1:]:
            part = self._parts[place - 1]
            if part.exact is None:
                category = part.category
                break
            asks.append((part.category, part.exact))
        if len(self._named) >= _MOST_NAMED:
            self._named.clear()
        answer = self._named[places] = _Answer(category, tuple(asks))
        return answer

    def _first(self, places: Sequence[int], encoded: bytes) -> str | None:
        """The category of the first rule that applies, given the patterns that matched."""
        key = tuple(places)
        return self._first_that_holds(self._named.get(key) or self._answer(key, encoded), encoded)

    def _first_that_holds(self, answer: _Answer, encoded: bytes) -> str | None:
        for category, pattern in answer.asks:
            if self._holds(pattern, encoded):
                return category
        return answer.category

    def _holds(self, pattern: str, encoded: bytes) -> bool:
        match = self._exact.get(pattern)
        if match is None:
            match = self._exact[pattern] = _matcher_of(_set_of([_ALWAYS, pattern]))
        found = match(encoded)
        if 0 not in found:
            raise MemoryError(f"RE2 has no memory left to match a failure text of {len(encoded)} bytes")
        return 1 in found


def _set_of(patterns: Iterable[str]) -> Any:
    """Raises re2.error for a pattern that RE2 refuses."""
    import re2

    options: Any = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    found: Any = re2.Set.SearchSet(options)
    for pattern in patterns:
        found.Add(pattern)
    found.Compile()
    return found


def _matcher_of(rules: Any) -> Matcher:
    """The inner method of the Set if it is accessible. The public one checks the type of each text, which takes a third of
    the time."""
    own = getattr(rules, "_set", None)
    if own is None:
        return lambda encoded: rules.Match(encoded) or []
    match: Matcher = own.Match
    return match


@cache
def built_in() -> RuleSet:
    """The built-in rules. They are read and compiled when the first text is judged."""
    return RuleSet(read_rules())


def _parts(rules: Iterable[BuiltInRule]) -> Iterator[_Part]:
    """Join patterns, so that they share their beginnings. A Set of single patterns takes four times as long for a new
    text."""
    for category, block in groupby(rules, key=lambda rule: rule.category):
        plain = defaultdict[tuple[bool, bool], list[str]](list)
        for rule in block:
            if rule.core == rule.wide_core:
                plain[rule.edges].append(rule.core)
            else:
                yield _Part(category, join([rule.wide_core], rule.edges), join([rule.core], rule.edges))
        for edges, cores in plain.items():
            yield _Part(category, join(cores, edges))
