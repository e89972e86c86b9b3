"""The failed phases counted by what they failed with. Memory grows with the clusters, not with the phases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from batchdrain.database.phases.pages import Row
from batchdrain.failures.categories import CATEGORIES
from batchdrain.failures.excerpt import gist_of
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.failures.near_equal import Seen, merge
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey
from batchdrain.model.retry_stats import RetryCount
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
    count: int  #: failed phases, of the runs that were asked for where some were
    runs: int  #: that these stand in, at most RUNS
    all_count: int  #: failed phases of every run
    all_runs: int  #: that those stand in, at most RUNS
    example: tuple[str, str, str]  #: run_id, phase_id and failure text of one phase, the text cut
    tried: int  #: attempts that set out from it, over all sessions, of the runs that were asked for where some were
    fixed: int  #: of them, those that completed
    accepted: int = 0  #: phases of `count` that somebody accepted, by whatever name

    @property
    def is_systemic(self) -> bool:
        """Whether it stands in SYSTEMIC runs or more, whichever was asked for."""
        return self.all_runs >= SYSTEMIC


@dataclass(slots=True)
class _ClusterCount:
    phases: int = 0
    here: int = 0
    accepted: int = 0
    runs: set[int] = field(default_factory=set)
    here_in: set[int] = field(default_factory=set)
    example: tuple[str, str, str] = ("", "", "")


def cluster_counts(
    rows: Iterable[Row],
    categorise: Callable[[str | None], str],
    retries: Mapping[str, RetryCount],
    *,
    is_asked: Callable[[str], bool] = lambda _: True,
    accepted: Acceptances | None = None,
) -> list[Cluster]:
    """The clusters, most frequent first. `retries`: by fingerprint as the ledger keeps it; `is_asked`: of the runs
    whose clusters are wanted; `accepted`: None where nothing is."""
    folded = {
        fingerprint: _folded(by_category)
        for fingerprint, by_category in _tallied(rows, categorise, is_asked, accepted).items()
    }
    seen = (
        Seen(fingerprint=fingerprint, category=category, count=count.phases)
        for fingerprint, (category, count) in folded.items()
    )
    found = [_cluster(members, [folded[one.fingerprint][1] for one in members], retries) for members in merge(seen)]
    return sorted((one for one in found if one.count), key=lambda one: (-one.count, one.fingerprint))


def _tallied(
    rows: Iterable[Row],
    categorise: Callable[[str | None], str],
    is_asked: Callable[[str], bool],
    accepted: Acceptances | None,
) -> dict[str, dict[str, _ClusterCount]]:
    """By fingerprint and category."""
    counts: dict[str, dict[str, _ClusterCount]] = {}
    for row in rows:
        failure = Failure.of(row.reason, categorise)
        by_category = counts.setdefault(failure.fingerprint, {})
        count = by_category.get(failure.category)
        if count is None:
            count = by_category[failure.category] = _ClusterCount()
        is_here = is_asked(row.run_id)
        _add(count, row, failure, is_here=is_here)
        if accepted is not None and is_here:
            count.accepted += accepted.skip(PhaseKey(row.run_id, row.phase_id), failure) is not None
    return counts


def _add(count: _ClusterCount, row: Row, failure: Failure, *, is_here: bool) -> None:
    first = count.phases == 0 or (is_here and count.here == 0)
    if first or (is_here and (row.run_id, row.phase_id) < count.example[:2]):
        count.example = (row.run_id, row.phase_id, gist_of(failure.text or "")[:_EXAMPLE])
    count.phases += 1
    count.here += is_here
    if len(count.runs) < RUNS:
        count.runs.add(hash(row.run_id))
    if is_here and len(count.here_in) < RUNS:
        count.here_in.add(hash(row.run_id))


def _folded(by_category: Mapping[str, _ClusterCount]) -> tuple[str, _ClusterCount]:
    """One fingerprint may be of several categories, as those look at the whole text: the most frequent is shown."""
    category = min(by_category, key=lambda name: (-by_category[name].phases, CATEGORIES.index(name)))
    return category, _sum(list(by_category.values()))


def _sum(counts: list[_ClusterCount]) -> _ClusterCount:
    if len(counts) == 1:
        return counts[0]
    return _ClusterCount(
        phases=sum(count.phases for count in counts),
        here=sum(count.here for count in counts),
        accepted=sum(count.accepted for count in counts),
        runs=set().union(*(count.runs for count in counts)),
        here_in=set().union(*(count.here_in for count in counts)),
        example=min(count.example for count in counts if count.here or not any(other.here for other in counts)),
    )


def _cluster(members: list[Seen], counts: list[_ClusterCount], retries: Mapping[str, RetryCount]) -> Cluster:
    whole = _sum(counts)
    done = [retries.get(to_storable(one.fingerprint), RetryCount()) for one in members]
    return Cluster(
        ids=tuple(cluster_id_of(one.fingerprint) for one in members),
        fingerprint=members[0].fingerprint,
        category=members[0].category,
        count=whole.here,
        runs=min(RUNS, len(whole.here_in)),
        all_count=whole.phases,
        all_runs=min(RUNS, len(whole.runs)),
        example=whole.example,
        tried=sum(one.tried for one in done),
        fixed=sum(one.fixed for one in done),
        accepted=whole.accepted,
    )
