"""One look at the database, from which a backlog, a count or an explanation is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.database.phases.pages import Page
from batchdrain.model.phase import Skip
from batchdrain.planning.lane_builder import LaneBuilder
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.skip_rules import SkipRules

Categorise = Callable[[str | None], str]
Reasons = Iterator[tuple[Page, Sequence[Skip | None]]]
"""Page by page, for each row of the source state the rule that skips it, or None if it may be drained."""


OF_RUN: Final = 500
"""How many phases are kept of a run that is read by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at the database. Its pages are a stream and can be read once."""

    pages: Iterable[Page]
    rules: SkipRules
    redact: Callable[[str], str] = str  #: takes secrets out of a failure text, which is shown and stored
    pages_of: Callable[[str], Iterable[Page]] | None = None  #: the rows of one run as they are at the time of the call
    ids: Iterable[Page] | None = None  #: the same stream as `pages`, but without texts; None if texts are computed

    def begin(self, categorise: Categorise) -> LaneBuilder:
        """A builder that takes in the pages and makes lanes of them. Raises ConfigError for a cycle."""
        return LaneBuilder(self.rules, categorise, self.redact)

    def build(self, categorise: Categorise) -> LaneBuilder:
        """Read all rows into lanes. Raises DatabaseUnavailable, and ConfigError for a cycle."""
        builder = self.begin(categorise)
        builder.read(self.pages)
        return builder

    def build_run(self, run_id: str, categorise: Categorise) -> LaneBuilder:
        """The lanes of one run as it is now, by the rules of this reading. Raises DatabaseUnavailable."""
        if self.pages_of is None:
            raise AssertionError("this reading can't be asked again")
        builder = LaneBuilder(self.rules, categorise, self.redact, most=OF_RUN)
        builder.read(self.pages_of(run_id))
        return builder

    def count(self, categorise: Categorise, *, has_unreadable: bool = True) -> Remainder:
        """Count the rows by what skips them. Raises as `build` does. `has_unreadable`: whether a text of this backlog may be
        one that can't be read.

        If no rule of this reading looks at a text, a text matters only if it can't be read, since such a row does not wait.
        So where texts are stored as they are read, and the reading before could read each of them, only ids are read. A
        stored text that was damaged since then counts as one that waits, until all is read again."""
        builder = LaneBuilder(self.rules, categorise, self.redact, counts_only=True)
        needs_texts = self.ids is None or has_unreadable or builder.heeds_texts
        builder.read(self.pages if self.ids is None or needs_texts else self.ids)
        return builder.remainder

    def why_not(self, categorise: Categorise, run_id: str | None = None) -> Reasons:
        """For each row of the source state the rule that skips it, or None if it may be drained. `run_id`: look at this run
        only."""
        builder = LaneBuilder(self.rules, categorise, self.redact, counts_only=True)
        for page in self.pages if run_id is None or self.pages_of is None else self.pages_of(run_id):
            yield page, builder.skips_of(page)
