"""The failure of a phase, as choosing, judging and reporting all use it."""

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
    """A failure text with its category and fingerprint. It is made once, where a row or an ended command gives the text.
    Category and fingerprint are worked out when needed: a backlog of a million texts is ranked without most of them."""

    text: str | None  #: the excerpt, without secrets; None if no reason was given
    category: str  #: one of failures.categories.CATEGORIES
    _fingerprint: str | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, text: str | None, categorise: Categorise, redact: Redact = str) -> Failure:
        """Make a failure of a raw text. `redact` runs before the text is cut, as half a secret would not be recognised."""
        return defer(cls, _Raw(text, categorise, redact), {"_fingerprint": None})

    @classmethod
    def of_category(cls, text: str | None, category: str, redact: Redact = str) -> Failure:
        """Make a failure whose category is already known."""
        return defer(cls, _Raw(text, lambda _: category, redact), {"_fingerprint": None, "category": category})

    @classmethod
    def uncategorised(cls, text: str | None, redact: Callable[[str], str] = str) -> Failure:
        """Make a failure of which only the fingerprint is needed, so that no rule has to look at it."""
        return cls.of(text, lambda _: "other", redact)

    @property
    def fingerprint(self) -> str:
        """At most 300 characters; '' if there is no text."""
        found = self._fingerprint
        if found is None:
            found = fingerprint(self.text)
            object.__setattr__(self, "_fingerprint", found)
        return found

    def as_category(self, category: str) -> Failure:
        """A copy with another category: an exit code or a time limit may know better than the text."""
        return replace(self, category=category)

    def as_fingerprint(self, fingerprint: str) -> Failure:
        """A copy with a fingerprint that fits into a column."""
        return replace(self, _fingerprint=fingerprint)


@dataclass(frozen=True, slots=True)
class _Raw:
    """The raw failure text with any secrets it holds. It is never shown or stored."""

    raw: str | None = field(repr=False)
    categorise: Categorise
    redact: Redact

    def find(self, name: str, of: Failure) -> str | None:
        """The redacted text, or its category."""
        if name == "category":
            return self.categorise(of.text)
        return None if self.raw is None else excerpt_with_end(self.redact(self.raw))


NO_REASON = Failure(None, "unknown")
"""The failure of a phase that gives no reason, or has not failed at all."""
