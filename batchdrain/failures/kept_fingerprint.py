"""A fingerprint as something keeps it: with the version of the rules that made it, and a text that it was made of.

By that it is made anew when the rules are others: what was accepted, planned or parked before stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from batchdrain.failures.excerpt import telling_line
from batchdrain.failures.fingerprints import VERSION, fingerprint
from batchdrain.failures.former_fingerprints import former_fingerprint, renew_former

FIRST: Final = 1
"""The version of what says none."""
_EXAMPLE_CHARS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFingerprint:
    """One, as a note, a plan or a session has it."""

    fingerprint: str
    version: int = FIRST
    example: str = ""  #: a text with this fingerprint, without secrets; '' where none is known

    @property
    def current(self) -> str | None:
        """By the rules of now; None where it is of other rules and no example tells."""
        if self.version == VERSION:
            return self.fingerprint
        return fingerprint(self.example) if self.example else None

    @property
    def nearest(self) -> str:
        """The same, or what the rules of now make of the former fingerprint itself: it holds most of the words."""
        current = self.current
        return fingerprint(renew_former(self.fingerprint)) if current is None else current

    def is_of(self, text: str | None, found: str) -> bool:
        """Whether a failure has it. `found`: the failure's fingerprint by the rules of now."""
        current = self.current
        return former_fingerprint(text) == renew_former(self.fingerprint) if current is None else found == current


def example_of(text: str | None) -> str:
    """As much of a failure text as its fingerprint is made of, at most 1000 characters; '' where there is none."""
    if text is None:
        return ""
    return text if len(text) <= _EXAMPLE_CHARS else (telling_line(text) or text)[:_EXAMPLE_CHARS]
