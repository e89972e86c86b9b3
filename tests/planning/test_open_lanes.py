"""While rows come in, each lane counts all of its rows and keeps the first ones, however the pages are cut."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchdrain.database.phases.pages import Page, Row
from batchdrain.model.phase import Skip
from batchdrain.planning import open_lanes
from batchdrain.planning.lane_buffer import LAST, LaneBuffer, order_of
from batchdrain.planning.open_lanes import OpenLanes

HELD = Skip("claimed", "held")
ROWS = st.lists(
    st.builds(
        Row,
        run_id=st.sampled_from("rs"),
        phase_id=st.sampled_from("abcdefgh"),
        phase_index=st.none() | st.integers(-3, 9),
        reason=st.sampled_from(["x", "y"]),
    ),
    max_size=60,
)


def skip_of(run_id: str, name: str | Skip) -> Skip | None:
    return name if isinstance(name, Skip) else HELD if (run_id, name) == ("s", "y") else None


def sorted_into(rows: list[Row], most: int, size: int = 7) -> list[LaneBuffer]:
    """By the texts, which stand for categories here."""
    lanes = OpenLanes(skip_of, order_of(str), most)
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        lanes.take_in(Page.of(part), [str(row.reason) for row in part])
    lanes.close()
    return lanes.buffers


def place_of(row: Row) -> float:
    return LAST if row.phase_index is None else row.phase_index


def in_order(*indexes: int) -> list[Row]:
    return [Row("r", "a", index, "x") for index in indexes]


@given(rows=ROWS, most=st.integers(1, 40), size=st.integers(1, 9))
@example(rows=in_order(0, 1, 8, 9, 5), most=2, size=1)
@example(rows=in_order(0, 1, 8, 9, 8), most=2, size=1)
@example(rows=[*in_order(0, 1, 8, 9, 5), Row("r", "b", None, "x")], most=2, size=3)
@example(rows=in_order(*range(9), *[20] * 9, 12), most=9, size=1)
def test_each_lane_counts_its_rows_keeps_the_first_and_knows_where_the_others_begin(
    rows: list[Row], most: int, size: int
) -> None:
    expected: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        expected[row.run_id, str(row.reason)].append(row)
    buffers = sorted_into(rows, most, size)
    assert [buffer.waiting for buffer in buffers] == [len(of) for of in expected.values()]
    is_open = [key != ("s", "y") for key in expected]
    room = max(1, most // max(1, sum(is_open)))
    for buffer, (key, of), is_kept in zip(buffers, expected.items(), is_open, strict=True):
        assert (buffer.run_id, buffer.category, buffer.attempts, buffer.promising) == (*key, 0, False)
        assert buffer.skip == (None if is_kept else HELD)
        first = sorted((place_of(row), row.phase_id) for row in of)
        kept = [one[:2] for one in buffer.kept]
        if not is_kept:
            assert kept == []
            continue
        assert kept == first[:room]
        others = first[room:]
        assert buffer.rest <= min((place for place, _ in others), default=LAST)
        if most <= 8:
            assert buffer.rest == min((place for place, _ in others), default=LAST)


def test_rows_that_were_looked_at_one_by_one_are_in_lanes_of_their_own() -> None:
    lanes = OpenLanes(skip_of, order_of(str), 2)
    lanes.take_in(Page.of([Row("r", "a", 1, "x")]), ["x"])
    for at in (5, 3, 4):
        lanes.put("r", ("x", 2, True), (at, f"p{at}", "x"))
    lanes.put("s", ("y", 0, False), (LAST, "q", None))
    lanes.close()
    found = [(one.run_id, one.category, one.attempts, one.promising, one.skip, one.waiting) for one in lanes.buffers]
    assert found == [("r", "x", 0, False, None, 1), ("r", "x", 2, True, None, 3), ("s", "y", 0, False, None, 1)]
    assert [[kept[1] for kept in one.kept] for one in lanes.buffers] == [["a"], ["p3"], ["q"]]
    assert [one.rest for one in lanes.buffers] == [LAST, 4, LAST]


def test_the_rows_of_a_skip_are_counted_with_it() -> None:
    lanes = OpenLanes(skip_of, order_of(str), 9)
    lanes.take_in(Page.of([Row("r", name, 1, "x") for name in "abc"]), ["x", HELD, HELD])
    lanes.close()
    assert [(one.category, one.skip, one.waiting, len(one.kept)) for one in lanes.buffers] == [
        ("x", None, 1, 1),
        ("", HELD, 2, 0),
    ]


@pytest.mark.parametrize(
    ("text", "kept"), [("x" * 10, 4), ("x" * 20, 2), ("x" * 200, 1), (None, 8), (7.5, 8)], ids=["10", "20", "200", "none", "a number"]
)  # fmt: skip
def test_fewer_phases_are_kept_where_texts_are_long(monkeypatch: pytest.MonkeyPatch, text: object, kept: int) -> None:
    monkeypatch.setattr(open_lanes, "_KEPT_CHARS", 80)
    rows = [(run, f"p{at}", at, text) for at in range(20) for run in "rs"]
    lanes = OpenLanes(lambda *_: None, order_of(str), 16)
    for start in range(0, len(rows), 8):
        lanes.take_in(Page.of(rows[start : start + 8]), ["x"] * 8)
    lanes.close()
    assert [[one[0] for one in buffer.kept] for buffer in lanes.buffers] == [list(range(kept))] * 2


def test_a_row_behind_those_that_a_shortened_lane_keeps_is_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_lanes, "_KEPT_CHARS", 80)
    lanes = OpenLanes(lambda *_: None, order_of(str), 16)
    for at in (0, 8, 9):
        lanes.put("r", ("x", 2, False), (at, f"p{at}", "x"))
    lanes.take_in(Page.of([Row("s", "long", 1, "x" * 200)]), ["x"])
    for at in (5, 7, 0):
        lanes.put("r", ("x", 2, False), (at, f"q{at}", "x"))
    lanes.close()
    first = lanes.buffers[0]
    assert (first.waiting, [kept[1] for kept in first.kept], first.rest) == (6, ["p0"], 0)


def test_how_much_is_kept_at_most_is_known() -> None:
    assert (open_lanes._KEPT_CHARS, open_lanes._FEW) == (6_000_000, 8)
