"""One look at the database, from which a backlog, a count or an explanation is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from batchdrain.database.phases.pages import Page, Row, to_rows
from batchdrain.model.phase import Skip
from batchdrain.planning.lane_builder import LaneBuilder
from batchdrain.planning.skip_rules import SkipRules

Categorise = Callable[[str | None], str]
Reasons = Iterator[tuple[Row, Skip | None]]
"""For each row of the source state the rule that skips it, or None where it may be drained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at the database: its pages are a stream, to be read once."""

    pages: Iterable[Page]
    rules: SkipRules
    redact: Callable[[str], str] = str  #: takes secrets out of a failure text: what is made of it is shown, and kept

    def build(self, categorise: Categorise) -> LaneBuilder:
        """The lanes of all its rows. Raises DatabaseUnavailable, and ConfigError for a cycle."""
        builder = LaneBuilder(self.rules, categorise, self.redact)
        builder.read(self.pages)
        return builder

    def why_not(self, categorise: Categorise) -> Reasons:
        """For each row of the source state the rule that skips it, or None where it may be drained."""
        builder = LaneBuilder(self.rules, categorise, self.redact)
        for row in to_rows(self.pages):
            yield row, builder.judged(row)[0]
