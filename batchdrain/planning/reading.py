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
"""For each row of the source state the rule that skips it, or None where it may be drained: page by page."""


OF_RUN: Final = 500
"""How many phases are kept of a run that is read by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at the database: its pages are a stream, to be read once."""

    pages: Iterable[Page]
    rules: SkipRules
    redact: Callable[[str], str] = str  #: takes secrets out of a failure text: what is made of it is shown, and kept
    pages_of: Callable[[str], Iterable[Page]] | None = None  #: the rows of one run as they stand when it is asked

    def begin(self, categorise: Categorise) -> LaneBuilder:
        """What takes its pages in, for lanes to choose from. Raises ConfigError for a cycle."""
        return LaneBuilder(self.rules, categorise, self.redact)

    def build(self, categorise: Categorise) -> LaneBuilder:
        """The lanes of all its rows. Raises DatabaseUnavailable, and ConfigError for a cycle."""
        builder = self.begin(categorise)
        builder.read(self.pages)
        return builder

    def build_run(self, run_id: str, categorise: Categorise) -> LaneBuilder:
        """The lanes of one run as it stands now, under the rules of this reading. Raises DatabaseUnavailable."""
        if self.pages_of is None:
            raise AssertionError("this reading can't be asked again")
        builder = LaneBuilder(self.rules, categorise, self.redact, most=OF_RUN)
        builder.read(self.pages_of(run_id))
        return builder

    def count(self, categorise: Categorise) -> Remainder:
        """What its rows come to. Raises as `build` does."""
        builder = LaneBuilder(self.rules, categorise, self.redact, counts_only=True)
        builder.read(self.pages)
        return builder.remainder

    def why_not(self, categorise: Categorise, run_id: str | None = None) -> Reasons:
        """For each row of the source state the rule that skips it, or None where it may be drained. `run_id`: of one run alone."""
        builder = LaneBuilder(self.rules, categorise, self.redact, counts_only=True)
        for page in self.pages if run_id is None or self.pages_of is None else self.pages_of(run_id):
            yield page, builder.skips_of(page)
