"""What a failed attempt set out from, and what it failed with."""

from __future__ import annotations

from typing import NamedTuple


class FailureChange(NamedTuple):
    """Of an attempt that failed by itself: what timed out says nothing of its failure."""

    category: str  #: of the failure that it set out from
    before: str  #: its fingerprint; '' without a text
    after: str  #: of the new failure

    @property
    def is_same(self) -> bool:
        """Whether it failed as before."""
        return self.before == self.after
