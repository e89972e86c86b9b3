"""The lines of a drain, cell by cell: what is left out where there is less room, and how long bars and times are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.screens.layout import Span, lay_out, to_clock
from batchdrain.drain.snapshot import RunningPhase, Snapshot
from batchdrain.planning.eta import Eta
from tests.cli.test_layout import NOW, SHOT, texts

BUSY = replace(SHOT, retries_running=2, eta=Eta(840.0, is_cut=True), is_paused=True)
COUNTS = "12/25 · 8 ok · 4 failed"


def slot(number: int, run_id: str, phase_id: str, tries: int, elapsed_s: float, limit_s: float) -> RunningPhase:
    return RunningPhase(number=number, run_id=run_id, phase_id=phase_id, tries=tries, elapsed_s=elapsed_s, limit_s=limit_s)


FOUR = replace(
    SHOT,
    running=[
        slot(9, "build-1", "lint", 1, 30.9, 60), slot(10, "r", "a-long-name-of-a-phase", 3, 59.9, 60), slot(11, "x", "y", 1, 125.0, 2400),
        slot(12, "x", "z", 1, 3725.0, 7200),
    ],
)  # fmt: skip


def lines(shot: Snapshot, columns: int, rows: int = 24) -> list[str]:
    return texts(lay_out(shot, (columns, rows), NOW))


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (118, f"{COUNTS} · 1 retry waits · 2 retries run · paused · ETA 14 min (09:41) · then max_total_minutes is over"),
        (110, f"{COUNTS} · 1 retry waits · 2 retries run · paused · ETA 14 min (09:41)"),
        (85, f"{COUNTS} · 1 retry waits · 2 retries run · paused · ETA 14 min (09:41)"),
        (84, f"{COUNTS} · 1 retry waits · 2 retries run · paused · ETA 14 min"),
        (76, f"{COUNTS} · 1 retry waits · 2 retries run · … · ETA 14 min"),
        (60, f"{COUNTS} · … · ETA 14 min"),
        (30, f"{COUNTS} · …"),
        (10, "12/25 · …"),
    ],
)
def test_the_line_of_the_whole_leaves_out_what_has_no_room_with_a_sign(columns: int, told: str) -> None:
    [line] = lines(BUSY, columns)
    assert line.rstrip("━─ ") == told


@pytest.mark.parametrize(
    ("facts", "columns", "told"),
    [
        ({"retries_waiting": 2, "retries_running": 1}, 90, f"{COUNTS} · 2 retries wait · 1 retry runs · ETA 14 min (09:41)"),
        ({"retries_waiting": 0, "is_ending": True}, 90, f"{COUNTS} · nothing more is started · ETA 14 min (09:41)"),
        ({"retries_waiting": 0, "is_ending": True, "is_paused": True}, 90, f"{COUNTS} · paused · ETA 14 min (09:41)"),
        ({"retries_waiting": 0, "eta": Eta(840.0, is_least=True)}, 90, f"{COUNTS} · ETA at least 14 min (09:41)"),
        ({"retries_waiting": 0, "eta": Eta(840.0, is_least=True)}, 50, f"{COUNTS} · ETA at least 14 min"),
    ],
)
def test_the_line_of_the_whole_tells_what_waits_what_ends_and_what_is_sure(
    facts: dict[str, Any], columns: int, told: str
) -> None:
    [line] = lines(replace(SHOT, **facts), columns)
    assert line.rstrip("━─ ") == told


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (50, f"{COUNTS} · … · ETA 14 min  ━━━─────"),
        (49, f"{COUNTS} · … · ETA 14 min"),
        (9, "12/25 · …"),
        (5, "12/2…"),
        (1, "…"),
    ],
)
def test_a_bar_has_eight_cells_or_more_or_there_is_none(columns: int, line: str) -> None:
    assert lines(BUSY, columns) == [line]


@pytest.mark.parametrize(
    ("processed", "target", "bar"),
    [(0, 25, "─" * 8), (24, 25, "━" * 7 + "─"), (25, 25, "━" * 8), (0, 0, "─" * 8), (9, 8, "━" * 8)],
)
def test_a_bar_is_full_only_if_all_is_done(processed: int, target: int, bar: str) -> None:
    shot = replace(SHOT, processed=processed, target=target, retries_waiting=0, eta=Eta(None))
    [text] = lines(shot, 200)
    [found] = lines(shot, len(text.rstrip("━─ ")) + 10)
    assert found.endswith(f"unknown  {bar}")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (
            80,
            [
                "   9 build-1 / lint                     ━━━━━━━━━━━────────────          30/60 s",
                "  10 r / a-long-name-of-a-phase  try 3  ━━━━━━━━━━━━━━━━━━━━━━─          59/60 s",
                "  11 x / y                              ━──────────────────────       2:05/40:00",
                "  12 x / z                              ━━━━━━━━━━━────────────  1:02:05/2:00:00",
            ],
        ),
        (
            79,
            [
                "   9 build-1 / lint                                                     30/60 s",
                "  10 r / a-long-name-of-a-phase                          try 3          59/60 s",
                "  11 x / y                                                           2:05/40:00",
                "  12 x / z                                                      1:02:05/2:00:00",
            ],
        ),
        (
            40,
            [
                "   9 bui… / lint                 30/60 s",
                "  10 r / a-long…  try 3          59/60 s",
                "  11 x / y                    2:05/40:00",
                "  12 x / z               1:02:05/2:00:00",
            ],
        ),
    ],
)
def test_running_commands_stand_in_columns(columns: int, told: list[str]) -> None:
    assert lines(FOUR, columns)[1:] == told


def test_only_the_done_part_of_a_bar_is_highlighted() -> None:
    total, first, *_ = lay_out(FOUR, (80, 24), NOW)
    assert [span.is_accent for span in total] == [False, False, True, False]
    assert [*first][1:3] == [Span("━" * 11, is_accent=True), Span("─" * 12)]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (1, []), (2, ["4 run"]), (5, ["4 run"]), (6, ["waits: why", "4 run"]), (7, ["waits: why", "9", "and 3 more"]),
        (8, ["waits: why", "9", "10", "and 2 more"]), (9, ["waits: why", "9", "10", "11", "12"]),
    ],
)  # fmt: skip
def test_three_rows_stay_free_and_what_is_left_out_is_counted(rows: int, told: list[str]) -> None:
    found = [line.strip() for line in lines(replace(FOUR, waits="why"), 80, rows)[1:]]
    assert [line.split()[0] if line[0].isdigit() and not line.endswith("run") else line for line in found] == told


@pytest.mark.parametrize(
    ("seconds", "limit_s", "told"),
    [
        (59.9, 599.9, "59"), (599.0, 599.9, "599"), (59.9, 600, "0:59"), (60, 600, "1:00"), (3599.9, 3599, "59:59"),
        (3600, 3599, "1:00:00"), (61, 3600, "0:01:01"), (7325, 3600, "2:02:05"),
    ],
)  # fmt: skip
def test_a_time_has_the_form_of_its_limit(seconds: float, limit_s: float, told: str) -> None:
    assert to_clock(seconds, limit_s) == told


@pytest.mark.parametrize(
    ("run_id", "phase_id", "shown"),
    [
        ("r" * 80, "p" * 80, "rrrrrrrrr… / ppppppppp…"), ("r" * 12, "p" * 8, "rrrrrrrrrrrr / pppppppp"), ("r" * 13, "p" * 8, "rrrrrrrrrrr… / pppppppp"),
        ("rrr", "p" * 30, "rrr / pppppppppppppppp…"), ("r" * 30, "ppp", "rrrrrrrrrrrrrrrr… / ppp"),
    ],
)  # fmt: skip
def test_both_ids_have_half_of_the_room_or_what_the_other_leaves(run_id: str, phase_id: str, shown: str) -> None:
    shot = replace(SHOT, running=[slot(13, run_id, phase_id, 1, 1.0, 60)])
    assert lines(shot, 36)[1] == f"  13 {shown}  1/60 s"


@pytest.mark.parametrize(
    ("columns", "run_id", "phase_id", "shown"),
    [
        (22, "r" * 80, "p" * 80, "rr… / pp…"), (22, "r", "p" * 80, "r / pppp…"), (21, "r" * 80, "p" * 80, "rrrrrrr…"),
        (21, "r", "p" * 80, "r / ppp…"),
    ],
)  # fmt: skip
def test_where_an_id_has_less_than_three_cells_both_are_cut_as_one(
    columns: int, run_id: str, phase_id: str, shown: str
) -> None:
    shot = replace(SHOT, running=[slot(13, run_id, phase_id, 1, 1.0, 60)])
    assert lines(shot, columns)[1] == f"  13 {shown}  1/60 s"


def test_long_ids_leave_a_bar_of_eight_cells() -> None:
    shot = replace(SHOT, running=[slot(13, "r" * 80, "p" * 80, 1, 30.0, 60)])
    assert lines(shot, 80)[1].endswith("p…  ━━━━────  30/60 s")
