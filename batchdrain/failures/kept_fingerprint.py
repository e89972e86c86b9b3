"""A stored fingerprint: with the version of the rules that made it, and an example text.

From the example it is made again once the rules have changed, so that what was accepted, planned or parked stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from batchdrain.failures.excerpt import telling_line
from batchdrain.failures.fingerprints import VERSION, fingerprint
from batchdrain.failures.former_fingerprints import former_fingerprint, renew_former

FIRST: Final = 1
"""The version of a fingerprint that was stored without one."""
_EXAMPLE_CHARS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFingerprint:
    """A fingerprint as a note, a plan or a session stores it."""

    fingerprint: str
    version: int = FIRST
    example: str = ""  #: a text with this fingerprint, without secrets; '' if none is known

    @property
    def current(self) -> str | None:
        """The fingerprint by today's rules; None if it was made by other rules and there is no example."""
        if self.version == VERSION:
            return self.fingerprint
        return fingerprint(self.example) if self.example else None

    @property
    def nearest(self) -> str:
        """The current fingerprint. If it is unknown, what today's rules make of the old fingerprint itself, which still has
        most of the words."""
        current = self.current
        return fingerprint(renew_former(self.fingerprint)) if current is None else current

    def is_of(self, text: str | None, found: str) -> bool:
        """Whether a failure has this fingerprint. `found`: the failure's own fingerprint by today's rules."""
        current = self.current
        return former_fingerprint(text) == renew_former(self.fingerprint) if current is None else found == current


def example_of(text: str | None) -> str:
    """The part of a failure text that its fingerprint is made of, at most 1000 characters; '' if there is no text."""
    if text is None:
        return ""
    return text if len(text) <= _EXAMPLE_CHARS else (telling_line(text) or text)[:_EXAMPLE_CHARS]
