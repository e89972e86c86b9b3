"""The failure before a failed attempt, and the failure after it."""

from __future__ import annotations

from typing import NamedTuple


class FailureChange(NamedTuple):
    """Made of an attempt that failed by itself; a timeout says nothing about the failure."""

    category: str  #: the category of the failure before
    before: str  #: the fingerprint of the failure before; '' without a text
    after: str  #: the fingerprint of the new failure

    @property
    def is_same(self) -> bool:
        """Whether it failed the same way as before."""
        return self.before == self.after
