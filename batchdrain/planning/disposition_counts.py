"""Counts the failed phases of a reading by their disposition."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from batchdrain.database.ledger.history import Past
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.disposition import DispositionKind, kind_of
from batchdrain.planning.filters import is_asked_for
from batchdrain.planning.reading import Reasons

NAMED: Final = 10
"""At most this many phases of each kind are named."""


@dataclass(slots=True, kw_only=True)
class DispositionCounts:
    """The counts of the requested phases."""

    counts: Counter[DispositionKind] = field(default_factory=Counter)
    skips: Mapping[DispositionKind, Counter[Skip]] = field(default_factory=lambda: defaultdict(Counter))  #: skips, counted
    named: Mapping[DispositionKind, list[PhaseKey]] = field(default_factory=lambda: defaultdict(list))
    """The first phases of each kind, at most NAMED, that people may want to look at one by one."""
    unfinished: int = 0  #: how many of the open ones were tried, but never to an end

    def add(self, ids: tuple[str, str], skip: Skip | None, attempts: int) -> None:
        """Count one failed phase. `skip` and `attempts`: see `kind_of`."""
        kind = kind_of(skip, attempts)
        self.counts[kind] += 1
        if skip is None:
            return
        self.skips[kind][skip] += 1
        if len(self.named[kind]) < NAMED:
            self.named[kind].append(PhaseKey(*ids))


def count_dispositions(reasons: Reasons, past: Past) -> DispositionCounts:
    """Count the rows of a reading. `reasons`: each row with the rule that skips it; rows that the user's own filters leave
    out are not counted. `past`: the ledger's part of the same reading."""
    found = DispositionCounts()
    for page, skips in reasons:
        for ids, skip in zip(page.ids, skips, strict=True):
            if skip is None:
                attempts = _attempts_of(ids, past)
                found.add(ids, None, attempts)
                found.unfinished += not attempts and ids in past.names
            elif not is_asked_for(skip):
                found.add(ids, skip, 0)
    return found


def _attempts_of(ids: tuple[str, str], past: Past) -> int:
    """The attempts on a phase. The ledger does not know most phases of a backlog: for those no digest is computed."""
    if ids not in past.names and ids[0] not in past.summed_runs:
        return 0
    return past.attempts.get(PhaseKey(*ids).digest, 0)
