"""The built-in rules, matched at once: one pass over a text, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, repeat
from typing import Any, Final

from batchdrain.failures.rule_table import BuiltInRule, join, read_rules
from batchdrain.failures.utf8 import to_utf8

_ALWAYS: Final = r"\A"
"""Found in every text: an answer without it is none. A Set that runs out of memory says 'nothing found' too."""
_MOST_NAMED: Final = 4_096
_MEMORY: Final = 8 << 20
"""Bytes that the states of the Set may take; once they are full, it begins anew."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One pattern of the Set: of a rule, or of many with the same category that stand behind each other."""

    category: str
    pattern: str
    exact: str | None = None  #: what has to be found too, as `pattern` takes more than its rule


class RuleSet:
    """Rules in their order. Many threads may use one."""

    def __init__(self, rules: Sequence[BuiltInRule]) -> None:
        """Raises re2.error for a pattern that RE2 does not take."""
        import re2

        self._parts = tuple(_parts(rules))
        self._options: Any = re2.Options()
        self._options.log_errors = False
        self._options.never_capture = True
        self._options.max_mem = _MEMORY
        self._set: Any = re2.Set.SearchSet(self._options)
        self._set.Add(_ALWAYS)
        for part in self._parts:
            self._set.Add(part.pattern)
        self._set.Compile()
        self._match = _matcher_of(self._set)
        self._compiled: dict[str, Any] = {}
        self._named: dict[tuple[int, ...], str | None] = {}  # by what was found; the categories that follow from that alone

    def find(self, text: str) -> str | None:
        """The category of the first rule that takes `text`, in whatever case. Raises MemoryError where RE2 has none left to
        tell."""
        encoded = to_utf8(text.lower())
        return self._first(self._match(encoded), encoded)

    def find_all(self, lines: Sequence[str]) -> list[str | None]:
        """The same for each of the texts, which have no end of a line in them."""
        if not lines:
            return []
        all_encoded = to_utf8("\n".join(lines).lower()).split(b"\n")
        all_places = list(map(tuple, map(self._match, all_encoded)))
        found = list(map(self._named.get, all_places, repeat("")))
        if "" in found:
            for at, name in enumerate(found):
                if name == "":
                    found[at] = self._name(all_places[at], all_encoded[at])
        return found

    def _name(self, places: tuple[int, ...], encoded: bytes) -> str | None:
        """The same as `_first`, remembered where the text itself need not be asked."""
        found = self._first(places, encoded)
        if len(places) == 1 or self._parts[min(places, key=lambda place: place or len(self._parts)) - 1].exact is None:
            if len(self._named) >= _MOST_NAMED:
                self._named.clear()
            self._named[places] = found
        return found

    def _first(self, places: Sequence[int], encoded: bytes) -> str | None:
        """The category of the first rule of those that were found."""
        if 0 not in places:
            raise MemoryError(f"RE2 has no memory left to match a failure text of {len(encoded)} bytes")
        for place in sorted(places)[1:]:
            part = self._parts[place - 1]
            if part.exact is None or self._holds(part.exact, encoded):
                return part.category
        return None

    def _holds(self, pattern: str, encoded: bytes) -> bool:
        import re2

        if pattern not in self._compiled:
            self._compiled[pattern] = re2.compile(pattern, self._options)
        return self._compiled[pattern].search(encoded) is not None


def _matcher_of(rules: Any) -> Callable[[bytes], Sequence[int]]:
    """The Set's own method where it can be had: the one around it looks at the type of each text, for a third of the time."""
    own = getattr(rules, "_set", None)
    if own is None:
        return lambda encoded: rules.Match(encoded) or []
    match: Callable[[bytes], Sequence[int]] = own.Match
    return match


@cache
def built_in() -> RuleSet:
    """The rules that come with batchdrain. They are read and compiled when the first text is judged."""
    return RuleSet(read_rules())


def _parts(rules: Iterable[BuiltInRule]) -> Iterator[_Part]:
    """Joined, patterns share their beginnings: a Set of single ones takes four times as long for a new text."""
    for category, block in groupby(rules, key=lambda rule: rule.category):
        plain = defaultdict[tuple[bool, bool], list[str]](list)
        for rule in block:
            if rule.core == rule.wide_core:
                plain[rule.edges].append(rule.core)
            else:
                yield _Part(category, join([rule.wide_core], rule.edges), join([rule.core], rule.edges))
        for edges, cores in plain.items():
            yield _Part(category, join(cores, edges))
