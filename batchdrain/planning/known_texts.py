"""Remembers what was worked out for texts, as long as the same texts keep coming."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar, cast

T = TypeVar("T")
EQUAL_KINDS: Final = frozenset({str, bytes, type(None)})
"""Types whose equal values are the same text. Numbers are not among them: 1 and 1.0 are equal but have different texts."""
_TEXTS: Final = 10_000
_CHARS: Final = 2_000_000
_TRIED: Final = 2_000
"""After this many look-ups it is judged whether texts repeat."""
_HITS: Final = 0.1
"""The share of look-ups that must find something. Looking up and remembering costs a tenth of what working it out does."""
_PAUSE: Final = 40
"""After a failed judgement this many pages pass before remembering is tried again: later rows of a table may be of another
kind."""


class KnownTexts(Generic[T]):
    """A bounded memory of results by text. Only for values of EQUAL_KINDS."""

    def __init__(self) -> None:
        self._found: dict[Any, T] = {}  # by text, as the driver gives it
        self._chars = self._asked = self._missed = self._pause = 0

    def find(self, texts: Sequence[Any], find_out: Callable[[Sequence[Any]], Sequence[T]]) -> Sequence[T]:
        """For each text of a page what `find_out` says about it. `find_out` is called with the unknown texts only."""
        if self._pause:
            self._pause -= 1
            return find_out(texts)
        found = list(map(self._found.get, texts))
        self._asked += len(found)
        if all(found) or None not in found:  # `all` is the quick test, as it compares no objects
            return cast("list[T]", found)
        new = list(dict.fromkeys(text for text, known in zip(texts, found, strict=True) if known is None))
        news = dict(zip(new, find_out(new), strict=True))
        self._learn(news)
        return [news[text] if known is None else known for text, known in zip(texts, found, strict=True)]

    def _learn(self, news: dict[Any, T]) -> None:
        self._missed += len(news)
        if self._asked >= _TRIED:
            if self._asked - self._missed < _HITS * self._asked:
                self._found, self._chars, self._pause = {}, 0, _PAUSE
            self._asked = self._missed = 0
        if self._pause:
            return
        chars = sum(len(text) for text in news if isinstance(text, str | bytes))
        if len(self._found) + len(news) > _TEXTS or self._chars + chars > _CHARS:
            self._found, self._chars = {}, 0
        self._found.update(news)
        self._chars += chars
