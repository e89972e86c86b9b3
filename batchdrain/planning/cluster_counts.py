"""Counts the failed phases by their failure. Memory grows with the number of clusters, not of phases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from batchdrain.config.redaction import Redact
from batchdrain.database.phases.pages import Page
from batchdrain.failures.categories import CATEGORIES
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.failures.near_equal import Seen, merge
from batchdrain.model.retry_stats import RetryCount
from batchdrain.planning.acceptances import Acceptances
from batchdrain.planning.cluster_reading import RUNS, ClusterCount, ClusterReading
from batchdrain.runtime.text import to_storable

SYSTEMIC: Final = 3
"""A failure that occurs in this many runs is taken for a systemic one: no single run causes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Failures that look the same to people."""

    ids: tuple[str, ...]  #: the ids of its fingerprints, the most frequent first
    fingerprint: str  #: the most frequent one; '' for phases without a reason
    category: str
    count: int  #: failed phases, only those of the requested runs if runs were requested
    runs: int  #: the runs of the phases in `count`, at most RUNS
    all_count: int  #: failed phases of all runs
    all_runs: int  #: the runs of the phases in `all_count`, at most RUNS
    example: tuple[str, str, str]  #: run_id, phase_id and the shortened failure text of one phase
    tried: int  #: attempts on these failures, over all sessions; like `count` only in requested runs
    fixed: int  #: after how many of these attempts the phase was completed, by it or by a retry in the same session
    accepted: int = 0  #: phases of `count` that are accepted, by name, by run or by cluster

    @property
    def has_more_runs(self) -> bool:
        """Whether `runs` is cut off at RUNS, so that there may be more."""
        return self.runs >= RUNS

    @property
    def has_more_of_all_runs(self) -> bool:
        """Whether `all_runs` is cut off at RUNS, so that there may be more."""
        return self.all_runs >= RUNS

    @property
    def is_systemic(self) -> bool:
        """Whether it occurs in at least SYSTEMIC runs, counting all runs and not only the requested ones."""
        return self.all_runs >= SYSTEMIC


def cluster_counts(
    pages: Iterable[Page],
    categorise: Callable[[str | None], str],
    redact: Redact,
    retries: Mapping[str, RetryCount],
    *,
    is_asked: Callable[[str], bool] | None = None,
    accepted: Acceptances | None = None,
) -> list[Cluster]:
    """The clusters, the most frequent first. `retries`: by fingerprint, as the ledger stores it; `is_asked`: whether a run is
    requested, None: all are; `accepted`: None if nothing is accepted."""
    reading = ClusterReading(categorise, redact, is_asked, accepted)
    reading.read(pages)
    folded = {fingerprint: _folded(by_category) for fingerprint, by_category in reading.counts.items()}
    seen = (
        Seen(fingerprint=fingerprint, category=category, count=count.phases)
        for fingerprint, (category, count) in folded.items()
    )
    found = [_cluster(members, [folded[one.fingerprint][1] for one in members], retries) for members in merge(seen)]
    return sorted((one for one in found if one.count), key=lambda one: (-one.count, one.fingerprint))


def _folded(by_category: Mapping[str, ClusterCount]) -> tuple[str, ClusterCount]:
    """Merge the categories of one fingerprint. It may have several, since a category depends on the whole text; the most
    frequent one is shown."""
    category = min(by_category, key=lambda name: (-by_category[name].phases, CATEGORIES.index(name)))
    return category, _sum(list(by_category.values()))


def _sum(counts: list[ClusterCount]) -> ClusterCount:
    if len(counts) == 1:
        return counts[0]
    return ClusterCount(
        phases=sum(count.phases for count in counts),
        here=sum(count.here for count in counts),
        accepted=sum(count.accepted for count in counts),
        runs=set().union(*(count.runs for count in counts)),
        here_in=set().union(*(count.here_in for count in counts)),
        example=min(count.example for count in counts if count.here or not any(other.here for other in counts)),
    )


def _cluster(members: list[Seen], counts: list[ClusterCount], retries: Mapping[str, RetryCount]) -> Cluster:
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
