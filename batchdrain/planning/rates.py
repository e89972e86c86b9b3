"""A share that nobody knows, drawn from what was counted and from the share of a wider group."""

from __future__ import annotations

from random import Random
from typing import Final

_EDGE: Final = 0.001


def draw_rate(dice: Random, hits: float, misses: float, towards: float, strength: float, dilution: float = 1.0) -> float:
    """One that may be true, never 0 or 1: of the beta distribution that is left of another one once `hits` and `misses` were
    counted (A. Gelman and others, 'Bayesian Data Analysis', section 2.4). `towards`: the share of the wider group, which counts
    as much as `strength` attempts do; `dilution`: of so many attempts each counts as one, as they share their fate."""
    alpha = strength * towards + hits / dilution
    beta = strength * (1 - towards) + misses / dilution
    return min(1 - _EDGE, max(_EDGE, dice.betavariate(alpha, beta)))
