"""Matches all built-in rules at once: one pass over a text, however many rules there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress, count, groupby
from typing import Any, Final

from batchdrain.failures.rule_table import BuiltInRule, in_lines, join, read_rules
from batchdrain.failures.same_rule import SameRule
from batchdrain.failures.utf8 import to_utf8

Matcher = Callable[[bytes], Sequence[int]]
"""Returns the positions of the patterns that a text matches, unordered."""
_ALWAYS: Final = r"\A"
"""Matches every text, so an answer without it is a failure: a Set that runs out of memory also says 'nothing found'."""
_MEMORY: Final = 8 << 20
"""The most bytes for the states of the Set. When they are full, it starts over."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One pattern of the Set: that of a rule, or that of several consecutive rules with the same category."""

    category: str
    pattern: str
    exact: str | None = None  #: the exact pattern, which must match too if `pattern` is wider than its rule
    is_exact_in_ascii: bool = True  #: whether a line of ASCII that `pattern` matches is matched by `exact`
    is_exact_in_line: bool = False  #: whether any line that `pattern` matches is


class RuleSet:
    """The rules in order. It may be used by many threads."""

    def __init__(self, rules: Sequence[BuiltInRule]) -> None:
        """Raises re2.error for a pattern that RE2 refuses."""
        # Earlier rules have higher numbers, so that `max` finds the first rule among all that match. Number 0 is that of _ALWAYS.
        parts = list(_parts(rules))[::-1]
        self._set: Any = _set_of([_ALWAYS, *(part.pattern for part in parts)])
        self._match = _matcher_of(self._set)
        self._matchers: dict[str, Matcher] = {}  # of exact patterns
        self._categories: list[str | None] = [None, *(part.category for part in parts)]
        self._exact = {number: part.exact for number, part in enumerate(parts, 1) if part.exact is not None}
        wide = [number for number in self._exact if not parts[number - 1].is_exact_in_line]
        self._doubtful = {
            False: frozenset(wide),
            True: frozenset(number for number in wide if not parts[number - 1].is_exact_in_ascii),
        }  # by whether a line is ASCII: the numbers of wider patterns
        self._same_rule = SameRule(self._match, [_ALWAYS, *(part.pattern for part in parts)])

    def find(self, text: str) -> str | None:
        """The category of the first rule that matches `text`, ignoring case. Raises MemoryError if RE2 has too little memory
        to tell."""
        return self._find(to_utf8(text.lower()))

    def find_all(self, lines: Sequence[str]) -> list[str | None]:
        """The same for each of several texts without line ends."""
        if not lines:
            return []
        joined = "\n".join(lines).lower()
        is_ascii = joined.isascii()
        if is_ascii and (number := self._same_rule.of_all(joined)) is not None:
            return [self._categories[number]] * len(lines)
        all_encoded, doubtful = to_utf8(joined).split(b"\n"), self._doubtful[is_ascii]
        try:
            firsts = list(map(max, map(self._match, all_encoded)))
        except ValueError:  # nothing matched, not even _ALWAYS: `_find` says for which text
            return list(map(self._find, all_encoded))
        found = list(map(self._categories.__getitem__, firsts))
        is_exact = doubtful.isdisjoint(firsts)
        self._same_rule.note(firsts, is_ascii and is_exact)
        if not is_exact:
            for at in compress(count(), map(doubtful.__contains__, firsts)):
                found[at] = self._find(all_encoded[at])
        return found

    def _find(self, encoded: bytes) -> str | None:
        numbers = self._match(encoded)
        doubtful = self._exact if b"\n" in encoded else self._doubtful[encoded.isascii()]
        if 0 not in numbers:
            raise _no_memory_for(encoded)
        first = next(
            number
            for number in sorted(numbers, reverse=True)
            if number not in doubtful or self._holds(self._exact[number], encoded)
        )
        return self._categories[first]

    def _holds(self, pattern: str, encoded: bytes) -> bool:
        match = self._matchers.get(pattern)
        if match is None:
            match = self._matchers[pattern] = _matcher_of(_set_of([_ALWAYS, pattern]))
        found = match(encoded)
        if 0 not in found:
            raise _no_memory_for(encoded)
        return 1 in found


def _no_memory_for(encoded: bytes) -> MemoryError:
    return MemoryError(f"RE2 has no memory left to match a failure text of {len(encoded)} bytes")


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
    text. Those that look for the begin or the end of a text are apart: in a text of several lines they are too wide."""
    for category, block in groupby(rules, key=lambda rule: rule.category):
        plain, at_ends = defaultdict[tuple[bool, bool], list[str]](list), defaultdict[tuple[bool, bool], list[str]](list)
        for rule in block:
            if rule.core == rule.wide_core:
                (plain if in_lines(rule.core) == rule.core else at_ends)[rule.edges].append(rule.core)
            else:
                wide, exact = (join([core], rule.edges) for core in (in_lines(rule.wide_core), rule.core))
                yield _Part(category, wide, exact, rule.is_exact_in_ascii)
        for edges, cores in plain.items():
            yield _Part(category, join(cores, edges))
        for edges, cores in at_ends.items():
            yield _Part(category, join(map(in_lines, cores), edges), join(cores, edges), is_exact_in_line=True)
