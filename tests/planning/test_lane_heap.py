"""Lanes in the order of their ranks: what is pushed, moved, dropped, lent and ranked anew."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress

import pytest

from batchdrain.planning.lane_heap import RENEWALS, LaneHeap

Rank = tuple[int | str, ...]


class Item:
    def __init__(self, run_id: str, category: str = "x") -> None:
        self.run_id, self.category = run_id, category
        self.version = 0
        self.stamp: Hashable = None


class World:
    """A heap whose lanes are ranked by a table, and what is known now."""

    def __init__(self, *names: str, category: str = "x") -> None:
        self.known = 0
        self.asked: list[str] = []
        self.heap: LaneHeap[Item] = LaneHeap(lambda item: self.known)
        self.items = {name: Item(name, category) for name in names}
        self.ranks: dict[str, int] = {name: at for at, name in enumerate(names)}

    def push(self, *names: str) -> None:
        for name in names or self.items:
            self.heap.push(self.items[name], (self.ranks[name], name))

    def rank(self, item: Item) -> Rank:
        self.asked.append(item.run_id)
        return self.ranks[item.run_id], item.run_id

    def pop(self, *busy: str) -> str | None:
        found = self.heap.pop(self.rank, busy)
        return None if found is None else found.run_id

    def rest(self) -> list[str]:
        return list(iter(self.pop, None))


def test_a_lane_that_is_pushed_again_is_moved_and_one_that_is_dropped_is_gone() -> None:
    world = World("a", "b", "c")
    world.push()
    world.ranks["a"] = 9
    world.push("a")
    world.heap.drop(world.items["c"])
    assert world.heap.ranks() == [[1, "b"], [9, "a"]]
    assert (world.rest(), world.asked) == (["b", "a"], [])


def test_lanes_that_are_appended_are_in_order_once_they_are_settled() -> None:
    world = World("a", "b", "c", "d")
    for name in "dbca":
        world.heap.append(world.items[name], (world.ranks[name], name))
    world.heap.settle()
    assert world.rest() == ["a", "b", "c", "d"]


def test_of_equal_ranks_the_one_that_was_pushed_first_comes_first() -> None:
    world = World("a", "b")
    for name in "ba":
        world.heap.push(world.items[name], (7,))
    assert world.rest() == ["b", "a"]


def test_of_two_categories_the_better_head_comes_first() -> None:
    world = World("a", "b", "c", "d")
    for name, category in zip("abcd", "yxyx", strict=True):
        world.items[name].category = category
    world.push()
    assert world.rest() == ["a", "b", "c", "d"]


def test_a_busy_run_is_passed_over_and_back_in_its_place_afterwards() -> None:
    world = World("a", "b", "c")
    world.push()
    assert (world.pop("a", "b"), world.pop("a", "b"), world.rest()) == ("c", None, ["a", "b"])


def test_lanes_that_are_passed_over_stay_where_another_one_can_not_be_ranked() -> None:
    world = World("a", "b")
    world.push()
    world.known += 1
    del world.ranks["b"]
    with pytest.raises(KeyError):
        world.pop("a")
    world.ranks["b"] = 1
    assert world.rest() == ["a", "b"]


def test_what_comes_to_the_top_is_ranked_by_what_is_known_now_and_once_only() -> None:
    world = World("a", "b", "c")
    world.push()
    world.known, world.ranks["a"] = 1, 9
    assert (world.pop(), world.asked) == ("b", ["a", "b"])
    assert (world.pop(), world.asked) == ("c", ["a", "b", "c"])
    assert (world.pop(), world.asked) == ("a", ["a", "b", "c"])


def test_the_first_lane_of_each_category_is_ranked_anew_though_it_does_not_lead() -> None:
    world = World("a", "b", "c")
    world.items["c"].category = "y"
    world.push()
    world.known, world.ranks["c"] = 1, -1
    assert (world.pop(), world.asked) == ("c", ["a", "c"])


def test_for_one_choice_only_so_many_lanes_are_ranked_anew() -> None:
    """Then the first of all goes by the rank that it had, and the next choice goes on."""
    names = [f"{number:02}" for number in range(2 * RENEWALS + 3)]
    world = World(*names)
    world.push()
    world.known, world.ranks = 1, {name: 100 - at for at, name in enumerate(names)}
    assert (world.pop(), world.asked) == (names[RENEWALS], names[:RENEWALS])
    assert (RENEWALS, world.pop()) == (12, names[2 * RENEWALS + 1])
    assert world.asked == [one for one in names[: 2 * RENEWALS + 1] if one != names[RENEWALS]]


@pytest.mark.parametrize("ends", ["by itself", "by an error"])
def test_a_trial_changes_nothing_for_good(ends: str) -> None:
    world = World("a", "b", "c", "d")
    world.push("a", "b", "c")
    with suppress(InterruptedError), world.heap.trial():
        world.known, world.ranks["a"] = 1, 9
        assert world.pop() == "b"
        world.heap.drop(world.items["c"])
        world.push("d")
        assert sorted(world.heap.ranks()) == [[3, "d"], [9, "a"]]
        if ends == "by an error":
            raise InterruptedError
    assert world.heap.ranks() == [[0, "a"], [1, "b"], [2, "c"]]
    assert [(one.version, one.stamp) for one in world.items.values()] == [(1, 0), (2, 0), (3, 0), (0, None)]
    world.known, world.ranks["a"] = 0, 0
    world.push("d")
    assert (world.items["d"].version, world.rest()) == (4, ["a", "b", "c", "d"])


def test_ranks_that_can_not_be_compared_are_an_error() -> None:
    world = World("a", "b")
    world.push("a")
    with pytest.raises(TypeError):
        world.heap.push(world.items["b"], ("text", "b"))
    world.heap.append(world.items["b"], ("text", "b"))
    with pytest.raises(TypeError):
        world.heap.settle()
