"""Why a phase failed, in coarse classes. Ordered rules; the first that matches decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from typing import Final

from batchdrain.failures.excerpt import LONGEST, excerpt, gist_of
from batchdrain.failures.rule_set import built_in
from batchdrain.failures.user_rule import OwnRule
from batchdrain.failures.utf8 import to_utf8

CATEGORIES: Final = ("unknown", "transient", "collection", "deliverable", "patch", "other", "timeout")
"""All categories, in the order in which the default policy takes them."""
_ENDS_OF_LINES: Final = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""As `str.splitlines` has them, beside the newline; the first six are ASCII."""
_OF_ASCII: Final = 6


def make_own_rule(category: str, match: str) -> OwnRule:
    """A rule from configuration. Raises ValueError for an unknown category, PatternRefused (one too) for a bad pattern."""
    if category not in CATEGORIES:
        raise ValueError(f"{category!r} is no category (known: {', '.join(CATEGORIES)})")
    return OwnRule(category, match)


@dataclass(frozen=True, slots=True)
class Categoriser:
    """Callable: a failure text -> its category. `own` rules stand before the built-in ones."""

    own: tuple[OwnRule, ...] = ()

    def __call__(self, text: str | None) -> str:
        if text is None or not text or text.isspace():
            return "unknown"
        part = excerpt(text)
        return self._own_category_of(part) or _categorise(part)

    def all(self, texts: Sequence[str]) -> list[str]:
        """The same for many texts at a fifth of the cost, as most are of one line, and need not be looked at one by one."""
        parts = texts if _are_whole(texts) else list(map(excerpt, texts))
        if not self.own and _are_plain_lines(parts):
            found = built_in().find_all(parts)
            return [
                known or ("unknown" if not part or part.isspace() else "other")
                for known, part in zip(found, parts, strict=True)
            ]
        are_lines = _are_lines(parts)
        owned = [self._own_category_of(part) for part in parts] if self.own else [None] * len(parts)
        asked = (
            [known is None and is_line for known, is_line in zip(owned, are_lines, strict=True)] if self.own else are_lines
        )
        of_lines = iter(built_in().find_all(list(compress(parts, asked))))
        return [
            (next(of_lines) or "other") if is_asked else known or self(text)
            for known, is_asked, text in zip(owned, asked, texts, strict=True)
        ]

    def _own_category_of(self, part: str) -> str | None:
        encoded = to_utf8(part) if self.own else b""
        return next((rule.category for rule in self.own if rule.matches(encoded)), None)


def categorise_all(categorise: Callable[[str | None], str], texts: Sequence[str]) -> list[str]:
    """For each text what `categorise` says of it."""
    return categorise.all(texts) if isinstance(categorise, Categoriser) else list(map(categorise, texts))


def _are_whole(texts: Sequence[str]) -> bool:
    """Whether `excerpt` takes nothing off any of them."""
    return {text[-1:] for text in texts}.isdisjoint("] ") and max(map(len, texts), default=0) <= LONGEST


def _are_plain_lines(parts: Sequence[str]) -> bool:
    """Whether each is one line, which may be empty: found out of all at once."""
    joined = "\n".join(parts)
    ends = _ENDS_OF_LINES[:_OF_ASCII] if joined.isascii() else _ENDS_OF_LINES
    return joined.count("\n") == len(parts) - 1 and not any(end in joined for end in ends)


def _are_lines(parts: Sequence[str]) -> list[bool]:
    """Of which the built-in rules need nothing but to be asked: they are one line, with something in it."""
    return [part.splitlines() == [part] and not part.isspace() for part in parts]


@lru_cache(maxsize=1024)
def _categorise(text: str) -> str:
    gist = gist_of(text)
    found = _find(gist)
    return found if found != "unknown" else _look_past(gist, text)


def _find(gist: str) -> str:
    return built_in().find(gist) or "other"


def _look_past(gist: str, text: str) -> str:
    """Where the line that was taken says only that something failed, as the last one of a wrapper does, those beside it may
    say what: a text with a stack is of a failure that somebody knows, and so is one with a line that a rule takes."""
    lines = [line for line in text.splitlines() if line.strip()]
    rest = "\n".join(line for line in lines if _find(line) != "unknown")
    known = _find(gist_of(rest)) if rest else "unknown"
    return known if known != "other" or gist != "\n".join(lines) else "unknown"


def categorise(text: str | None) -> str:
    """One of CATEGORIES; 'unknown' where there is no reason, 'other' where no rule knows it."""
    return Categoriser()(text)
