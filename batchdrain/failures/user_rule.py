"""A user's category rule: one RE2 pattern, which takes time in proportion to the text, whatever the pattern."""

from __future__ import annotations

from typing import Any

from batchdrain.failures.refused_patterns import PatternRefused
from batchdrain.failures.utf8 import to_utf8


class OwnRule:
    """A text in which `match` is found, ignoring case, is of `category`. Raises PatternRefused."""

    def __init__(self, category: str, match: str) -> None:
        import re2

        self.category = category
        self.match = match
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True
        options.case_sensitive = False
        try:
            self._pattern: Any = re2.compile(match, options)
        except (re2.error, UnicodeEncodeError) as error:
            raise PatternRefused.of(match, error) from None

    def matches(self, text: str | bytes) -> bool:
        """Whether the pattern is found. `text` may be given as UTF-8, for when many rules look at it."""
        return self._pattern.search(to_utf8(text) if isinstance(text, str) else text) is not None
