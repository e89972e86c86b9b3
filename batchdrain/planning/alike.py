"""How strongly the attempts on one cluster share their fate. This is learnt from the counts of all clusters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random
from typing import Final

_STRENGTHS: Final = (0.7, 1.4, 2.8, 5.6, 11.2)
"""Candidate strengths (alpha + beta) of the beta distribution of the clusters' success rates. A low one is U-shaped: a
cluster is either hopeless or good. A high one is narrow."""
_BEFORE: Final = (1.0, 2.0, 3.0, 2.0, 1.0)
"""The prior weight of each candidate strength."""
_MOST: Final = 1_000
"""Only this many clusters, the most frequent ones, are looked at, so that the cost does not grow with the ledger."""


class ClusterStrength:
    """How many attempts the success rate of the category is worth in the rate of one cluster. The true value is unknown, so
    it is drawn."""

    def __init__(self, of_clusters: Iterable[tuple[int, int]]) -> None:
        """`of_clusters`: hits and attempts of each cluster, the most frequent clusters first."""
        counts = [(hits, tried) for hits, tried in islice(of_clusters, _MOST) if tried > 1]
        rate = (sum(hits for hits, _ in counts) + 1) / (sum(tried for _, tried in counts) + 2)
        logs = [
            math.log(before) + _log_likelihood(counts, strength * rate, strength * (1 - rate))
            for strength, before in zip(_STRENGTHS, _BEFORE, strict=True)
        ]
        self._weights = [math.exp(one - max(logs)) for one in logs]

    def draw(self, dice: Random) -> float:
        """Draw one plausible strength."""
        return dice.choices(_STRENGTHS, self._weights)[0]


def _log_likelihood(counts: Sequence[tuple[int, int]], alpha: float, beta: float) -> float:
    """The log likelihood of these (hits, attempts) pairs, one for each cluster, under a beta-binomial distribution (J. G.
    Skellam, 'A probability distribution derived from the binomial distribution', 1948). Terms that do not depend on alpha and
    beta are left out."""
    lgamma = math.lgamma
    each = lgamma(alpha + beta) - lgamma(alpha) - lgamma(beta)
    return sum(
        each + lgamma(hits + alpha) + lgamma(tried - hits + beta) - lgamma(tried + alpha + beta) for hits, tried in counts
    )
