"""The count of a reading of the backlog: every row of the source state is counted once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.acceptances import ACCEPTED
from batchdrain.planning.filters import is_asked_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """`total = attempted + skipped + waiting`. This holds whatever others do meanwhile, as all comes from one reading."""

    total: int = 0  #: rows in the source state
    attempted: frozenset[PhaseKey] = frozenset()  #: phases in the source state that have a result of this session
    skipped: Counter[Skip] = field(default_factory=Counter)  #: other rows that a rule skips, by rule and value
    absent: Counter[Skip] = field(default_factory=Counter)  #: phases of a plan that are not in the source state

    @property
    def filtered(self) -> int:
        """How many rows the user's own filters leave out."""
        return sum(count for skip, count in self.skipped.items() if is_asked_for(skip))

    @property
    def accepted(self) -> int:
        """How many rows the rule `accepted` skips."""
        return sum(count for skip, count in self.skipped.items() if skip.rule == ACCEPTED)

    @property
    def by_rules(self) -> int:
        """How many rows all other rules skip."""
        return self.skipped.total() - self.filtered - self.accepted

    @property
    def waiting(self) -> int:
        """How many rows may still be drained."""
        return self.total - len(self.attempted) - self.skipped.total()

    @property
    def named(self) -> Counter[Skip]:
        """The skips that people are told about."""
        told = {skip: n for skip, n in self.skipped.items() if not is_asked_for(skip)}
        return Counter(told) + self.absent
