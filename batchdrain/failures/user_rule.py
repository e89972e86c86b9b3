"""A category rule of the user's. Nobody checked its pattern: on some text it may take for ever, so its time is limited."""

from __future__ import annotations

from typing import Any, Final

import regex

PATIENCE_S: Final = 0.5
"""Of processor time, for one text of at most excerpt.LONGEST characters."""


class OwnRule:
    """Raises ValueError for a bad regular expression. `slow`: it took too long once, and is left out from then on."""

    def __init__(self, category: str, match: str) -> None:
        self.category = category
        self.match = match
        self.slow = False
        try:
            self._pattern: Any = regex.compile(match, regex.IGNORECASE)
        except regex.error as error:
            raise ValueError(f"{match!r} is no regular expression: {error}") from None

    def matches(self, text: str) -> bool:
        """In whatever case. False for a text that takes too long, and for every one after it."""
        if self.slow:
            return False
        try:
            return self._pattern.search(text, timeout=PATIENCE_S) is not None
        except TimeoutError:
            self.slow = True
            return False
