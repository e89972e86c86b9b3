"""What a phase failed with, as everything knows it that chooses, judges and reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from batchdrain.failures.excerpt import excerpt
from batchdrain.failures.fingerprints import fingerprint


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure text and what is made of it. Made once, where a row or an ending gives the text."""

    text: str | None  #: the excerpt, without secrets; None where no reason was given
    category: str  #: one of failures.categories.CATEGORIES
    _fingerprint: str | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, text: str | None, categorise: Callable[[str | None], str], redact: Callable[[str], str] = str) -> Failure:
        """`redact` comes before the cut: half a secret is not found any more."""
        excerpted = None if text is None else excerpt(redact(text))
        return cls(excerpted, categorise(excerpted))

    @classmethod
    def uncategorised(cls, text: str | None, redact: Callable[[str], str] = str) -> Failure:
        """Where its fingerprint alone is asked for, and where no rule need look at it."""
        return cls.of(text, lambda _: "other", redact)

    @property
    def fingerprint(self) -> str:
        """At most 300 characters; '' where there is no text. Worked out when it is asked for: a backlog of a million texts is
        ranked without most of them."""
        return fingerprint(self.text) if self._fingerprint is None else self._fingerprint

    def as_category(self, category: str) -> Failure:
        """The same, of another category: an exit code or a time limit may know better than the text."""
        return replace(self, category=category)

    def as_fingerprint(self, fingerprint: str) -> Failure:
        """The same with a fingerprint that a column takes."""
        return replace(self, _fingerprint=fingerprint)


NO_REASON = Failure(None, "unknown")
"""Of a phase that says nothing of why it failed, or has not failed at all."""
