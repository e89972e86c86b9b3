"""How much the failures of one cluster have in common: learnt from what was counted of all clusters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random
from typing import Final

_STRENGTHS: Final = (0.7, 1.4, 2.8, 5.6, 11.2)
"""Of a beta distribution of the chances of clusters, from U-shaped (a cluster is hopeless or good) to narrow."""
_BEFORE: Final = (1.0, 2.0, 3.0, 2.0, 1.0)
"""How likely each is before anything is known."""
_MOST: Final = 1_000
"""So many clusters are looked at, the most frequent ones: what it costs must not grow with the ledger."""


class ClusterStrength:
    """For how many attempts the rate of its category counts, in that of a cluster. Nobody knows: it is drawn."""

    def __init__(self, of_clusters: Iterable[tuple[int, int]]) -> None:
        """`of_clusters`: hits and attempts of each, the most frequent ones first."""
        counts = [(hits, tried) for hits, tried in islice(of_clusters, _MOST) if tried > 1]
        rate = (sum(hits for hits, _ in counts) + 1) / (sum(tried for _, tried in counts) + 2)
        logs = [
            math.log(before) + _log_likelihood(counts, strength * rate, strength * (1 - rate))
            for strength, before in zip(_STRENGTHS, _BEFORE, strict=True)
        ]
        self._weights = [math.exp(one - max(logs)) for one in logs]

    def draw(self, dice: Random) -> float:
        """One that may be true."""
        return dice.choices(_STRENGTHS, self._weights)[0]


def _log_likelihood(counts: Sequence[tuple[int, int]], alpha: float, beta: float) -> float:
    """Of so many hits among so many attempts, cluster by cluster: the beta-binomial distribution (J. G. Skellam, 'A
    probability distribution derived from the binomial distribution', 1948), without what does not depend on alpha and beta."""
    lgamma = math.lgamma
    each = lgamma(alpha + beta) - lgamma(alpha) - lgamma(beta)
    return sum(
        each + lgamma(hits + alpha) + lgamma(tried - hits + beta) - lgamma(tried + alpha + beta) for hits, tried in counts
    )
