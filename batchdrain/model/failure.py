"""What a phase failed with, as everything knows it that chooses, judges and reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from batchdrain.failures.excerpt import excerpt_with_end
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.model.deferred import Deferred, defer

Categorise = Callable[[str | None], str]
Redact = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Failure(Deferred):
    """A failure text and what is made of it. Made once, where a row or an ending gives the text; what is made of it is worked
    out when it is asked for: a backlog of a million texts is ranked without most of it."""

    text: str | None  #: the excerpt, without secrets; None where no reason was given
    category: str  #: one of failures.categories.CATEGORIES
    _fingerprint: str | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, text: str | None, categorise: Categorise, redact: Redact = str) -> Failure:
        """`redact` comes before the cut: half a secret is not found any more."""
        return defer(cls, _Raw(text, categorise, redact), {"_fingerprint": None})

    @classmethod
    def of_category(cls, text: str | None, category: str, redact: Redact = str) -> Failure:
        """The same, where its category is known already."""
        return defer(cls, _Raw(text, lambda _: category, redact), {"_fingerprint": None, "category": category})

    @classmethod
    def uncategorised(cls, text: str | None, redact: Callable[[str], str] = str) -> Failure:
        """Where its fingerprint alone is asked for, and where no rule need look at it."""
        return cls.of(text, lambda _: "other", redact)

    @property
    def fingerprint(self) -> str:
        """At most 300 characters; '' where there is no text."""
        found = self._fingerprint
        if found is None:
            found = fingerprint(self.text)
            object.__setattr__(self, "_fingerprint", found)
        return found

    def as_category(self, category: str) -> Failure:
        """The same, of another category: an exit code or a time limit may know better than the text."""
        return replace(self, category=category)

    def as_fingerprint(self, fingerprint: str) -> Failure:
        """The same with a fingerprint that a column takes."""
        return replace(self, _fingerprint=fingerprint)


@dataclass(frozen=True, slots=True)
class _Raw:
    """A failure text as it stands somewhere, with whatever secrets it holds: it is never shown or kept."""

    raw: str | None = field(repr=False)
    categorise: Categorise
    redact: Redact

    def find(self, name: str, of: Failure) -> str | None:
        """The text, or its category."""
        if name == "category":
            return self.categorise(of.text)
        return None if self.raw is None else excerpt_with_end(self.redact(self.raw))


NO_REASON = Failure(None, "unknown")
"""Of a phase that says nothing of why it failed, or has not failed at all."""
