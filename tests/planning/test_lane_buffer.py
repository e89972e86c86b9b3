"""A lane keeps its first phases in order, and counts all of them."""

from __future__ import annotations

import pytest

from batchdrain.model.id_order import OrderOf, as_number, as_text
from batchdrain.planning.lane_buffer import LAST, Kept, LaneBuffer, order_of


def lane(*kept: Kept, waiting: int | None = None) -> LaneBuffer:
    found = LaneBuffer("r", "other", 0, order=order_of(as_number))
    found.kept, found.waiting = list(kept), len(kept) if waiting is None else waiting
    return found


def ids(buffer: LaneBuffer) -> list[str]:
    return [kept[1] for kept in buffer.kept]


def test_the_first_are_kept_by_index_then_by_id_as_people_order_it() -> None:
    found = lane((LAST, "1", None), (2, "10", None), (2, "9", None), (0, "70", None))
    found.trim(3)
    assert (ids(found), found.worst, found.waiting) == (["70", "9", "10"], 2, 4)
    full = lane((1, "2", None), (0, "1", None))
    full.trim(2)
    assert (ids(full), full.worst) == (["1", "2"], LAST), "where none had to go, none need stay away"


def test_what_leaves_is_counted_no_more() -> None:
    found = lane((0, "1", "a"), (1, "2", "b"), (2, "3", "c"), waiting=7)
    assert (found.take(), found.waiting) == ((0, "1", "a"), 6)
    found.drop((2, "3", "c"))
    assert (ids(found), found.waiting) == (["2"], 5)


def test_what_comes_stands_in_its_place_and_behind_those_that_are_not_at_hand_it_is_only_counted() -> None:
    whole = lane((0, "9", None), (5, "1", None))
    whole.put((0, "10", None))
    whole.put((7, "1", None))
    assert (ids(whole), whole.waiting) == (["9", "10", "1", "1"], 4)
    cut = lane((0, "9", None), (5, "1", None), waiting=3)
    cut.put((4, "2", None))
    cut.put((6, "3", None))
    assert (ids(cut), cut.waiting) == (["9", "2", "1"], 5)
    dry = lane(waiting=2)
    dry.put((0, "1", None))
    assert (ids(dry), dry.waiting) == ([], 3)


def test_the_lowest_index_of_those_that_are_not_kept_is_known() -> None:
    found = lane((3, "1", None), (1, "2", None), (2, "3", None))
    found.trim(3)
    assert found.rest == LAST
    found.trim(1)
    assert found.rest == 2
    found.put((1, "9", None))
    assert (ids(found), found.rest) == (["2"], 1), "it stands behind the one that is kept"


@pytest.mark.parametrize("order", [as_text, as_number])
def test_rows_of_one_place_stay_together_though_the_text_of_one_is_null(order: OrderOf) -> None:
    found = LaneBuffer("r", "other", 0, order=order_of(order))
    found.kept = [(2, "2", "b"), (1, "1", None), (1, "1", "a"), (0, "3", None)]
    found.trim(9)
    assert ids(found) == ["3", "1", "1", "2"]


@pytest.mark.parametrize(("order", "first"), [(as_text, ["10", "9"]), (as_number, ["9", "10"])])
def test_of_one_index_the_ids_are_in_the_order_of_their_column(order: OrderOf, first: list[str]) -> None:
    found = LaneBuffer("r", "other", 0, order=order_of(order))
    found.kept = [(0, "9", None), (0, "10", None)]
    found.trim(2)
    assert ids(found) == first


@pytest.mark.parametrize(("room", "worst", "rest"), [(1, 1, 2), (2, 2, 4), (3, 4, 8), (4, LAST, LAST)])
def test_the_last_index_that_is_kept_and_the_first_that_is_not_are_known(room: int, worst: float, rest: float) -> None:
    found = lane((8, "1", None), (2, "2", None), (4, "3", None), (1, "4", None))
    found.trim(room)
    assert (found.worst, found.rest, len(found.kept)) == (worst, rest, room)
