"""What was drawn is likelier from then on, and what was never taken comes as often as it is said to."""

from __future__ import annotations

from random import Random

import pytest

from batchdrain.planning.urn import NO_WAYS, KnownWays, Urn


class Dice(Random):
    """That fall as they are told."""

    def __init__(self, share: float, at: int = 0) -> None:
        super().__init__(0)
        self.share, self.at, self.of = share, at, 0

    def random(self) -> float:
        return self.share

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        self.of = start
        return self.at


KNOWN = KnownWays.of({"a": 2, "b": 1, "c": 1})


def test_the_ways_that_were_taken_once_are_counted_and_so_are_all() -> None:
    assert (KNOWN.ways, KNOWN.sums, KNOWN.once, KNOWN.total) == (["a", "b", "c"], [2, 3, 4], 2, 4)
    assert (NO_WAYS.total, KnownWays.of({})) == (0, KnownWays([], [], 0))


@pytest.mark.parametrize(("at", "way"), [*enumerate("aabcxyx")])
def test_each_time_that_a_way_was_taken_is_a_chance_of_it(at: int, way: str) -> None:
    urn = Urn(KNOWN, 0.5)
    for one in ("x", "y", "x"):
        urn.put(one)
    dice = Dice(0.5, at)
    assert (urn.draw(dice), dice.of) == (way, 7)


def test_a_new_way_comes_with_its_chance_and_where_none_is_known() -> None:
    assert Urn(KNOWN, 0.5).draw(Dice(0.49)) is None
    assert Urn(KNOWN, 0.5).draw(Dice(0.5)) == "a"
    empty = Urn(NO_WAYS, 0.0)
    assert empty.draw(Dice(1.0)) is None
    empty.put("x")
    assert empty.draw(Dice(0.0)) == "x"
