"""How much the failures of one cluster share their fate: learnt from what retries of all clusters did."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from random import Random
from typing import Final

from batchdrain.model.retry_stats import RetryStats

_STRENGTHS: Final = (0.7, 1.4, 2.8, 5.6, 11.2)
"""Of a beta distribution of the chances of clusters, from U-shaped (a cluster is hopeless or good) to narrow."""
_BEFORE: Final = (1.0, 2.0, 3.0, 2.0, 1.0)
"""How likely each is before anything is known."""
_MOST: Final = 1_000
"""So many clusters are looked at, the most frequent ones: what it costs must not grow with the ledger."""


class ClusterStrength:
    """For how many attempts the rate of its category counts, in the chance of a cluster. Nobody knows: it is drawn."""

    def __init__(self, stats: RetryStats) -> None:
        counts = [(one.fixed, one.tried) for one in islice(stats.fingerprints.values(), _MOST) if one.tried > 1]
        rate = (sum(fixed for fixed, _ in counts) + 1) / (sum(tried for _, tried in counts) + 2)
        logs = [
            math.log(before) + _log_likelihood(counts, strength * rate, strength * (1 - rate))
            for strength, before in zip(_STRENGTHS, _BEFORE, strict=True)
        ]
        self._weights = [math.exp(one - max(logs)) for one in logs]

    def draw(self, dice: Random) -> float:
        """One that may be true."""
        return dice.choices(_STRENGTHS, self._weights)[0]


def _log_likelihood(counts: Sequence[tuple[int, int]], alpha: float, beta: float) -> float:
    """Of so many completed among so many tried, cluster by cluster: the beta-binomial distribution (J. G. Skellam, 'A
    probability distribution derived from the binomial distribution', 1948), without what does not depend on alpha and beta."""
    lgamma = math.lgamma
    each = lgamma(alpha + beta) - lgamma(alpha) - lgamma(beta)
    return sum(
        each + lgamma(fixed + alpha) + lgamma(tried - fixed + beta) - lgamma(tried + alpha + beta) for fixed, tried in counts
    )
