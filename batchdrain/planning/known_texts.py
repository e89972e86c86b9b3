"""What was found out of texts that came up before, as long as texts come again at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar, cast

T = TypeVar("T")
EQUAL_KINDS: Final = frozenset({str, bytes, type(None)})
"""Of which equal ones are the same text: 1 and 1.0 are equal, and have two texts."""
_TEXTS: Final = 10_000
_CHARS: Final = 2_000_000
_TRIED: Final = 2_000
"""Texts that are looked up before it is judged whether they come again."""
_HITS: Final = 0.1
"""Of them so many must: to look up and to remember costs a tenth of what is found out."""
_PAUSE: Final = 40
"""Pages that go by until it is tried again: what comes later in a table may be of another kind."""


class KnownTexts(Generic[T]):
    """In bounded memory. For what is of EQUAL_KINDS."""

    def __init__(self) -> None:
        self._found: dict[Any, T] = {}  # by text, as the driver gives it
        self._chars = self._asked = self._missed = self._pause = 0

    def find(self, texts: Sequence[Any], find_out: Callable[[Sequence[Any]], Sequence[T]]) -> Sequence[T]:
        """For each text of a page what `find_out` says of it, which is asked of those that are not known."""
        if self._pause:
            self._pause -= 1
            return find_out(texts)
        found = list(map(self._found.get, texts))
        self._asked += len(found)
        if all(found) or None not in found:  # the former asks no object whether it equals another
            return cast("list[T]", found)
        new = list(dict.fromkeys(text for text, known in zip(texts, found, strict=True) if known is None))
        news = dict(zip(new, find_out(new), strict=True))
        self._learn(news)
        return [news[text] if known is None else known for text, known in zip(texts, found, strict=True)]

    def _learn(self, news: dict[Any, T]) -> None:
        self._missed += len(news)
        if self._asked >= _TRIED:
            if self._asked - self._missed < _HITS * self._asked:
                self._found, self._pause = {}, _PAUSE
            self._asked = self._missed = 0
        if self._pause:
            return
        chars = sum(len(text) for text in news if isinstance(text, str | bytes))
        if len(self._found) + len(news) > _TEXTS or self._chars + chars > _CHARS:
            self._found, self._chars = {}, 0
        self._found.update(news)
        self._chars += chars
