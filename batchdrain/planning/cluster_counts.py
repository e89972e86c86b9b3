"""The failed phases counted by what they failed with. Memory grows with the clusters, not with the phases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from batchdrain.database.ledger.retry_stats_query import Retries
from batchdrain.database.phases.pages import Row
from batchdrain.failures.categories import CATEGORIES
from batchdrain.failures.excerpt import gist_of
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.failures.near_equal import Seen, merge
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.acceptances import Acceptances
from batchdrain.runtime.text import to_storable

RUNS: Final = 10_000
"""How many runs of a fingerprint are told apart."""
SYSTEMIC: Final = 3
"""In so many runs a failure is nobody's own."""
_EXAMPLE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Failures that are the same to people."""

    ids: tuple[str, ...]  #: of its fingerprints, the most frequent first
    fingerprint: str  #: the most frequent; '' for phases without a reason
    category: str
    count: int  #: failed phases, of the run that was asked for where one was
    runs: int  #: that it stands in, at most RUNS: of all, whichever was asked for
    example: tuple[str, str, str]  #: run_id, phase_id and failure text of one phase, the text cut
    tried: int  #: attempts that set out from it, over all sessions and runs
    fixed: int  #: of them, those that completed
    accepted: int = 0  #: phases of `count` that somebody accepted, by whatever name

    @property
    def is_systemic(self) -> bool:
        return self.runs >= SYSTEMIC


@dataclass(slots=True)
class _Tally:
    count: int = 0
    here: int = 0
    accepted: int = 0
    runs: set[int] = field(default_factory=set)
    example: tuple[str, str, str] = ("", "", "")


def cluster_counts(
    rows: Iterable[Row],
    categorise: Callable[[str | None], str],
    retries: Mapping[str, Retries],
    *,
    run_id: str | None = None,
    accepted: Acceptances | None = None,
) -> list[Cluster]:
    """The clusters, most frequent first. `retries`: by fingerprint as the ledger keeps it; `run_id`: only clusters of
    this run; `accepted`: None where nothing is."""
    folded = {mark: _folded(by_category) for mark, by_category in _tallied(rows, categorise, run_id, accepted).items()}
    seen = (Seen(fingerprint=mark, category=category, count=tally.count) for mark, (category, tally) in folded.items())
    found = [_cluster(members, [folded[one.fingerprint][1] for one in members], retries) for members in merge(seen)]
    return sorted((one for one in found if one.count), key=lambda one: (-one.count, one.fingerprint))


def _tallied(
    rows: Iterable[Row], categorise: Callable[[str | None], str], run_id: str | None, accepted: Acceptances | None
) -> dict[str, dict[str, _Tally]]:
    """By fingerprint and category."""
    tallies: dict[str, dict[str, _Tally]] = {}
    for row in rows:
        failure = Failure.of(row.reason, categorise)
        by_category = tallies.setdefault(failure.fingerprint, {})
        tally = by_category.get(failure.category)
        if tally is None:
            tally = by_category[failure.category] = _Tally()
        is_here = run_id is None or row.run_id == run_id
        _add(tally, row, failure, is_here=is_here)
        if accepted is not None and is_here:
            tally.accepted += accepted.skip(PhaseKey(row.run_id, row.phase_id), failure) is not None
    return tallies


def _add(tally: _Tally, row: Row, failure: Failure, *, is_here: bool) -> None:
    first = tally.count == 0 or (is_here and tally.here == 0)
    if first or (is_here and (row.run_id, row.phase_id) < tally.example[:2]):
        tally.example = (row.run_id, row.phase_id, gist_of(failure.text or "")[:_EXAMPLE])
    tally.count += 1
    tally.here += is_here
    if len(tally.runs) < RUNS:
        tally.runs.add(hash(row.run_id))


def _folded(by_category: Mapping[str, _Tally]) -> tuple[str, _Tally]:
    """One fingerprint may be of several categories, as those look at the whole text: the most frequent is shown."""
    category = min(by_category, key=lambda name: (-by_category[name].count, CATEGORIES.index(name)))
    return category, _sum(list(by_category.values()))


def _sum(tallies: list[_Tally]) -> _Tally:
    if len(tallies) == 1:
        return tallies[0]
    return _Tally(
        count=sum(tally.count for tally in tallies),
        here=sum(tally.here for tally in tallies),
        accepted=sum(tally.accepted for tally in tallies),
        runs=set().union(*(tally.runs for tally in tallies)),
        example=min(tally.example for tally in tallies if tally.here or not any(other.here for other in tallies)),
    )


def _cluster(members: list[Seen], tallies: list[_Tally], retries: Mapping[str, Retries]) -> Cluster:
    whole = _sum(tallies)
    done = [retries.get(to_storable(one.fingerprint), Retries()) for one in members]
    return Cluster(
        ids=tuple(cluster_id_of(one.fingerprint) for one in members),
        fingerprint=members[0].fingerprint,
        category=members[0].category,
        count=whole.here,
        runs=min(RUNS, len(whole.runs)),
        example=whole.example,
        tried=sum(one.tried for one in done),
        fixed=sum(one.fixed for one in done),
        accepted=whole.accepted,
    )
