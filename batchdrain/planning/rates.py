"""Draws an unknown rate from counts and from the rate of a wider group."""

from __future__ import annotations

from random import Random
from typing import Final

_EDGE: Final = 0.001


def draw_rate(dice: Random, hits: float, misses: float, towards: float, strength: float, dilution: float = 1.0) -> float:
    """Draw a plausible rate, never 0 or 1.

    It comes from the beta distribution that is the posterior after `hits` and `misses` (A. Gelman and others, 'Bayesian Data
    Analysis', section 2.4). `towards`: the rate of the wider group, which is worth `strength` attempts. `dilution`: how many
    attempts count as one, because they share their fate.
    """
    alpha = strength * towards + hits / dilution
    beta = strength * (1 - towards) + misses / dilution
    return min(1 - _EDGE, max(_EDGE, dice.betavariate(alpha, beta)))
