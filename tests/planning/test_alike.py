"""How strongly clusters share their fate, and a rate that is drawn from counts."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from batchdrain.planning.alike import ClusterStrength
from batchdrain.planning.rates import draw_rate


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ([], {0.7: 0.11, 1.4: 0.22, 2.8: 0.33, 5.6: 0.22, 11.2: 0.11}),
        ([(1, 1)] * 9, {0.7: 0.11, 1.4: 0.22, 2.8: 0.33, 5.6: 0.22, 11.2: 0.11}),
        ([(0, 9), (9, 9), (0, 8), (9, 9)], {0.7: 0.78, 1.4: 0.20, 2.8: 0.02, 5.6: 0.0, 11.2: 0.0}),
        ([(3, 6)] * 20, {0.7: 0.0, 1.4: 0.0, 2.8: 0.0, 5.6: 0.07, 11.2: 0.93}),
        ([(3, 6)] * 1_000 + [(0, 9), (9, 9)] * 500, {0.7: 0.0, 1.4: 0.0, 2.8: 0.0, 5.6: 0.0, 11.2: 1.0}),
    ],
    ids=["none", "one attempt each", "hopeless or good", "all alike", "the first thousand alike"],
)
def test_the_more_the_clusters_differ_the_less_is_their_category_worth(
    counts: list[tuple[int, int]], shares: dict[float, float]
) -> None:
    dice, strength = Random(1), ClusterStrength(counts)
    drawn = Counter(strength.draw(dice) for _ in range(4_000))
    assert {one: drawn[one] / drawn.total() for one in shares} == pytest.approx(shares, abs=0.02)


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        ((3, 5, 0.5, 2.0), 0.294919),
        ((3, 5, 0.5, 2.0, 4.0), 0.259221),
        ((0, 0, 0.2, 1.0), 0.006253),
        ((10**9, 0, 0.5, 1.0), 0.999),
        ((0, 10**9, 0.5, 1.0), 0.001),
    ],
    ids=["counts", "counts that share their fate", "nothing", "always", "never"],
)
def test_a_rate_is_drawn_from_counts_and_is_never_certain(given: tuple[float, ...], rate: float) -> None:
    assert draw_rate(Random(7), *given) == pytest.approx(rate, abs=1e-5)
