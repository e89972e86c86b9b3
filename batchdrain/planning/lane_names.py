"""Decides where a failure text goes, whatever its run: into the lanes of a category, or out by a rule. Nothing is worked out
of a text that no rule and no lane needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from batchdrain.config.redaction import redact_all
from batchdrain.database.phases.pages import to_reason
from batchdrain.database.phases.singly import Unreadable
from batchdrain.failures.categories import categorise_all
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.known_texts import EQUAL_KINDS, KnownTexts
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.planning.skip_rules import BAD_DATA, SkipRules

_PLAIN: Final = frozenset({str, type(None)})


class LaneNames:
    """The decisions of one reading."""

    def __init__(
        self, rules: SkipRules, categorise: Callable[[str | None], str], redact: Callable[[str], str], *, counts_only: bool
    ) -> None:
        """`counts_only`: the rows are only counted, and nothing will be chosen."""
        self._rules = rules
        self._categorise = categorise
        self._redact = redact
        self._heeds_failures = rules.asks_for_failures() or rules.parks_some()
        self.has_categories = bool(rules.filters.categories) or not counts_only
        self._are_plain = self.has_categories and not self._heeds_failures
        self._known = KnownTexts[str | Skip]()
        self.seen = SeenKinds(rules.filters)

    @property
    def matter(self) -> bool:
        """Whether rows of one run may go to different places because of their texts."""
        return self.has_categories or self._heeds_failures

    def forget(self) -> None:
        """Free the memory of known texts; there are no more pages."""
        self._known = KnownTexts[str | Skip]()

    def of_all(self, reasons: Sequence[Any], kinds: set[type]) -> Sequence[str | Skip]:
        """For each text of a page, as the driver gives it: the skip that applies to it, else its category, or '' if the
        category does not matter. `kinds`: the types of these texts, and perhaps others."""
        if self._are_plain and kinds <= _PLAIN:
            return self._known.find(reasons, self._name_texts)
        if kinds <= EQUAL_KINDS:
            return self._known.find(reasons, lambda new: list(map(self._name, new)))
        return list(map(self._name, reasons))

    def _name_texts(self, reasons: Sequence[str | None]) -> Sequence[str]:
        texts = [reason for reason in reasons if reason is not None]
        found = categorise_all(self._categorise, redact_all(self._redact, texts))
        if len(found) == len(reasons):
            return found
        names, none = iter(found), self._categorise(None)
        return [none if reason is None else next(names) for reason in reasons]

    def _name(self, reason: Any) -> str | Skip:
        if isinstance(reason, Unreadable):
            return Skip(BAD_DATA, self._redact(reason))
        if self._heeds_failures:
            failure = self.failure(reason)
            return self._rules.failed_so(failure) or failure.category
        if not self.has_categories:
            return ""
        text = to_reason(reason)
        return self._categorise(None if text is None else self._redact(text))

    def failure(self, reason: object) -> Failure:
        """Make a Failure of a reason as the driver gives it; SQLite may hold something other than text."""
        failure = Failure.of(to_reason(reason), self._categorise, self._redact)
        if (
            failure.text is not None or self._rules.state is not PhaseState.QUEUED
        ):  # a phase that never failed has no category
            self.seen.add(failure)
        return failure
