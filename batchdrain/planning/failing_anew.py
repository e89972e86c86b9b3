"""Models how a phase fails the next time: like before, or in another way. The ledger's counts are the evidence.

The share of failures that read as before is unknown, so it is drawn: for all clusters, for a category, and for a cluster.
Each is drawn towards the share of the wider group. Clusters that appear as a new failure of other clusters are counted apart:
a command repeats its own words, but not the words of a failure that somebody else stored.

Another way is one that the same cluster took before, else one that other clusters took, else a new one. These are nested
urns, as in Y. W. Teh and others ('Hierarchical Dirichlet processes', 2006): the wider urn counts each way once for each
cluster that took it. How likely a new way is follows from the part of the ways that were taken only once (I. J. Good, 'The
population frequencies of species and the estimation of population parameters', 1953).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random
from typing import Final, NamedTuple

from batchdrain.model.retry_stats import RetryStats
from batchdrain.planning.alike import ClusterStrength
from batchdrain.planning.rates import draw_rate
from batchdrain.planning.urn import NO_WAYS, KnownWays, Urn

_OF_CATEGORY: Final = 4.0
"""How many failures the share of all clusters is worth in the share of a category."""
_OF_OTHERS: Final = 2.0
"""How many changes the other clusters are worth in the chance that a cluster fails in a way that is new to it."""
_ANY: Final = (0.5, 2.0)
"""Mean and strength of the share when nothing is known: every share is about as likely."""


class Way(NamedTuple):
    """A way in which a phase fails."""

    fingerprint: str  #: '' for a failure without a text
    category: str


class _Share(NamedTuple):
    """How many failures read the same as the failure before, and how many did not."""

    same: int = 0
    other: int = 0

    def plus(self, count: int, *, is_same: bool) -> _Share:
        return _Share(self.same + count, self.other) if is_same else _Share(self.same, self.other + count)


_NOTHING: Final = _Share()


class FailingAnew:
    """The counts that one ledger gives for this model."""

    def __init__(self, stats: RetryStats) -> None:
        self.clusters: dict[str, _Share] = {}  #: by fingerprint of the earlier failure
        self.groups: dict[
            tuple[str, bool], _Share
        ] = {}  #: clusters with a text: by category, and whether other clusters changed into them
        self.overall: dict[bool, _Share] = {}  #: likewise, over all categories
        self.reached = frozenset(change.after for change in stats.changes if not change.is_same)
        self.categories: dict[str, str] = {}  #: by fingerprint
        others: dict[str, Counter[str]] = defaultdict(Counter)
        for change, count in stats.changes.items():
            self._count(change.before, change.category, count, is_same=change.is_same)
            if not change.is_same:
                others[change.before][change.after] += count
        self.ways = {before: KnownWays.of(counts) for before, counts in others.items()}  #: by cluster: its other ways
        self.all_ways = KnownWays.of(Counter(after for counts in others.values() for after in counts))
        often = [known for before, known in self.ways.items() if before and known.total > 1]
        self.once, self.more = sum(known.once for known in often), sum(known.total - known.once for known in often)
        told = [share for before, share in self.clusters.items() if before]
        self.strength = ClusterStrength((share.same, share.same + share.other) for share in told)
        tried = sum(share.same + share.other for share in told)
        self.others = max(0.0, tried / len(told) - 1) if told else 0.0  #: mean failures of a cluster, less one

    def draw(self, dice: Random) -> FailingInOneDraw:
        """Draw one plausible set of shares."""
        return FailingInOneDraw(self, dice)

    def _count(self, before: str, category: str, count: int, *, is_same: bool) -> None:
        self.clusters[before] = self.clusters.get(before, _NOTHING).plus(count, is_same=is_same)
        if before:
            self.categories.setdefault(before, category)
            group = category, before in self.reached
            self.groups[group] = self.groups.get(group, _NOTHING).plus(count, is_same=is_same)
            self.overall[group[1]] = self.overall.get(group[1], _NOTHING).plus(count, is_same=is_same)


class FailingInOneDraw:
    """The shares of one draw. Each is drawn when it is first needed."""

    def __init__(self, known: FailingAnew, dice: Random) -> None:
        self._known = known
        self._dice = dice
        self._strength = known.strength.draw(dice)
        self._dilution = 1 + known.others / (self._strength + 1)
        self._new = draw_rate(dice, known.once, known.more, *_ANY)
        all_ways = known.all_ways
        self._all = Urn(all_ways, draw_rate(dice, all_ways.once, all_ways.total - all_ways.once, *_ANY))
        self._shares: dict[str, float] = {}  # by fingerprint
        self._wider: dict[tuple[str, bool] | bool, float] = {}  # by group of a category, and by group of all
        self._urns: dict[str, Urn] = {}
        self._news = 0

    def fail(self, before: Way) -> Way:
        """Draw how a phase fails that had failed in the way `before`."""
        if self._dice.random() < self._share_of(before):
            return before
        after = self._take_other(before.fingerprint)
        return Way(after, self._known.categories.get(after, before.category))

    def _take_other(self, before: str) -> str:
        dice = self._dice
        if (urn := self._urns.get(before)) is None:
            own = self._known.ways.get(before, NO_WAYS)
            new = draw_rate(dice, own.once, own.total - own.once, self._new, _OF_OTHERS)
            urn = self._urns[before] = Urn(own, new)
        after = urn.draw(dice)
        if after is None:
            after = self._all.draw(dice)
            if after is None or after == before:
                self._news += 1
                after = f"\0{self._news}"  # no fingerprint is like it
            self._all.put(after)
        urn.put(after)
        return after

    def _share_of(self, way: Way) -> float:
        """The share of failures in this cluster that read as before."""
        shares, fingerprint = self._shares, way.fingerprint
        if (share := shares.get(fingerprint)) is None:
            own = self._known.clusters.get(fingerprint, _NOTHING)
            wider = (self._share_of_group(way), self._strength) if fingerprint else _ANY
            share = shares[fingerprint] = draw_rate(self._dice, *own, *wider)
        return share

    def _share_of_group(self, way: Way) -> float:
        shares, known, is_reached = self._wider, self._known, way.fingerprint in self._known.reached
        group = way.category, is_reached
        if is_reached not in shares:
            shares[is_reached] = draw_rate(self._dice, *known.overall.get(is_reached, _NOTHING), *_ANY, self._dilution)
        if group not in shares:
            counted = known.groups.get(group, _NOTHING)
            shares[group] = draw_rate(self._dice, *counted, shares[is_reached], _OF_CATEGORY, self._dilution)
        return shares[group]
