"""The category of a failure text: a coarse reason why a phase failed. Rules are tried in order; the first match decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import itemgetter
from typing import Final, cast

from batchdrain.failures.excerpt import LONGEST, excerpt, gist_of
from batchdrain.failures.rule_set import built_in
from batchdrain.failures.user_rule import OwnRule
from batchdrain.failures.utf8 import to_utf8

CATEGORIES: Final = ("unknown", "transient", "collection", "deliverable", "patch", "other", "timeout")
"""All categories, in the order of the default policy."""
_ENDS_OF_LINES: Final = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""The line ends of `str.splitlines` other than the newline. The first six are ASCII."""
_OF_ASCII: Final = 6
_LAST: Final = itemgetter(-1)


def make_own_rule(category: str, match: str) -> OwnRule:
    """A rule from the configuration. Raises ValueError for an unknown category, and PatternRefused, a ValueError too, for a
    bad pattern."""
    if category not in CATEGORIES:
        raise ValueError(f"{category!r} is no category (known: {', '.join(CATEGORIES)})")
    return OwnRule(category, match)


@dataclass(frozen=True, slots=True)
class Categoriser:
    """A callable that returns the category of a failure text. The rules in `own` go before the built-in ones."""

    own: tuple[OwnRule, ...] = ()

    def __call__(self, text: str | None) -> str:
        part = "" if text is None else excerpt(text)
        if not part or part.isspace():  # no text, or nothing but how the command ended
            return "unknown"
        return self._own_category_of(part) or _categorise(part)

    def all(self, texts: Sequence[str]) -> list[str]:
        """The categories of many texts, at a fifth of the cost: most texts have one line, and such texts need not be looked
        at one by one."""
        parts = texts if are_whole(texts) else list(map(excerpt, texts))
        if not self.own and _are_plain_lines(parts):
            found = built_in().find_all(parts)
            if all(found):
                return cast("list[str]", found)
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
        if not self.own or not part or part.isspace():
            return None
        encoded = to_utf8(part)
        return next((rule.category for rule in self.own if rule.matches(encoded)), None)


def categorise_all(categorise: Callable[[str | None], str], texts: Sequence[str]) -> list[str]:
    """What `categorise` returns for each text."""
    return categorise.all(texts) if isinstance(categorise, Categoriser) else list(map(categorise, texts))


def are_whole(texts: Sequence[str]) -> bool:
    """Whether `excerpt` and `excerpt_with_end` would leave all of them unchanged."""
    lasts = set(map(_LAST, filter(None, texts)))  # searching the joined texts for these ends would take several times as long
    return lasts.isdisjoint("] ") and max(map(len, texts), default=0) <= LONGEST


def _are_plain_lines(parts: Sequence[str]) -> bool:
    """Whether each text is a single line, possibly empty. One look at all of them together tells."""
    joined = "\n".join(parts)
    ends = _ENDS_OF_LINES[:_OF_ASCII] if joined.isascii() else _ENDS_OF_LINES
    return joined.count("\n") == len(parts) - 1 and not any(end in joined for end in ends)


def _are_lines(parts: Sequence[str]) -> list[bool]:
    """Whether each text is a single line that is not blank, so that only the built-in rules have to be asked."""
    return [part.splitlines() == [part] and not part.isspace() for part in parts]


@lru_cache(maxsize=1024)
def _categorise(text: str) -> str:
    gist = gist_of(text)
    found = _find(gist)
    return found if found != "unknown" else _look_past(gist, text)


def _find(gist: str) -> str:
    return built_in().find(gist) or "other"


def _look_past(gist: str, text: str) -> str:
    """The category by other lines, if the chosen line only says that something failed, as the last line of a wrapper does.
    The other lines may match a rule. A text with a stack is 'other', not 'unknown'."""
    lines = [line for line in text.splitlines() if line.strip()]
    rest = "\n".join(line for line in lines if _find(line) != "unknown")
    known = _find(gist_of(rest)) if rest else "unknown"
    return known if known != "other" or gist != "\n".join(lines) else "unknown"


def categorise(text: str | None) -> str:
    """One of CATEGORIES: 'unknown' if there is no reason, 'other' if no rule matches."""
    return Categoriser()(text)
