"""How far a drain is, as lines of a terminal of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from batchdrain.cli.screens.cells import cut, wrap
from batchdrain.cli.screens.hyperlinks import takes_links, to_link
from batchdrain.cli.screens.layout import Line, lay_out
from batchdrain.drain.snapshot import RunningPhase, Snapshot
from batchdrain.planning.eta import Eta
from batchdrain.runtime.text import safe_text
from tests.support.hostile import PIECES, obeyed

NOW = datetime(2026, 11, 29, 9, 27, tzinfo=UTC)
SHOT = Snapshot(
    processed=12, succeeded=8, failed=4, retries_waiting=1, retries_running=0, target=25, running=(), eta=Eta(14 * 60.0)
)


def runs(count: int, run_id: str = "build134-dependency-upgrade", phase_id: str = "phase-0-foundation") -> Snapshot:
    running = [
        RunningPhase(number=13 + one, run_id=run_id, phase_id=phase_id, tries=1, elapsed_s=count - one, limit_s=60)
        for one in range(count)
    ]
    return replace(SHOT, running=running)


def texts(lines: Sequence[Line]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


def test_the_line_of_the_whole_says_what_it_counts() -> None:
    assert texts(lay_out(SHOT, (60, 24), NOW)) == ["12/25 · 8 ok · 4 failed · 1 retry waits · ETA 14 min (09:41)"]


@pytest.mark.parametrize(
    ("shot", "told"),
    [
        (replace(SHOT, eta=Eta(None)), "ETA unknown"),
        (replace(SHOT, eta=Eta(0.2)), "ETA 1 s"),
        (replace(SHOT, eta=Eta(840.0, is_least=True)), "ETA at least 14 min (09:41)"),
        (replace(SHOT, eta=Eta(840.0, is_cut=True)), "ETA 14 min (09:41) · then max_total_minutes is over"),
        (replace(SHOT, eta=Eta(20 * 3600.0)), "ETA 20 h 00 min (30 Nov 05:27)"),
        (replace(SHOT, is_paused=True), "paused · ETA"),
        (replace(SHOT, is_ending=True), "nothing more is started · ETA"),
        (replace(SHOT, is_paused=True, is_ending=True), "paused · ETA"),
        (replace(SHOT, retries_waiting=2, retries_running=1), "2 retries wait · 1 retry runs · ETA"),
    ],
)
def test_the_line_of_the_whole_tells(shot: Snapshot, told: str) -> None:
    assert told in texts(lay_out(shot, (200, 24), NOW))[0]


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_the_width_is_used(columns: int) -> None:
    lines = texts(lay_out(runs(3), (columns, 24), NOW))
    assert [cell_len(line) for line in lines] == [columns] * 4
    assert all("build134-dependency-upgrade / phase-0-foundation" in line for line in lines[1:]) == (columns > 60)
    assert lines[1].endswith("3/60 s")


def test_twenty_rows_show_what_runs_longest_of_twenty_four_workers_and_how_many_more() -> None:
    lines = texts(lay_out(runs(24), (100, 20), NOW))
    assert len(lines) == 17
    assert (lines[1][:4], lines[15][:4], lines[16]) == ("  13", "  27", "  and 9 more")


def test_what_nothing_is_begun_for_has_a_line() -> None:
    assert texts(lay_out(replace(SHOT, waits="an outage: one phase is tried in 8 s"), (60, 24), NOW))[1] == (
        "  waits: an outage: one phase is tried in 8 s"
    )


def test_both_ids_are_cut_where_one_would_push_the_other_out() -> None:
    line = texts(lay_out(runs(1, "r" * 80, "p" * 80), (60, 24), NOW))[1]
    assert "rr… / pp" in line
    assert "pp…" in line


_TEXT = st.one_of(st.text(max_size=60), st.sampled_from(PIECES))


@given(
    columns=st.integers(1, 250), rows=st.integers(1, 60), count=st.integers(0, 30), run_id=_TEXT, phase_id=_TEXT, waits=_TEXT,
    elapsed_s=st.floats(0, 1e6), limit_s=st.floats(0.001, 1e6), eta_s=st.one_of(st.none(), st.floats(0, 1e12)),
)  # fmt: skip
def test_nothing_is_wider_or_higher_than_the_terminal_whatever_ids_hold(
    columns: int, rows: int, count: int, run_id: str, phase_id: str, waits: str,
    elapsed_s: float, limit_s: float, eta_s: float | None,
) -> None:  # fmt: skip
    one = RunningPhase(number=7, run_id=run_id, phase_id=phase_id, tries=2, elapsed_s=elapsed_s, limit_s=limit_s)
    shot = replace(SHOT, running=[one] * count, waits=waits, eta=Eta(eta_s))
    lines = texts(lay_out(shot, (columns, rows), NOW, lambda text: safe_text(text, limit=200)))
    assert all(cell_len(line) <= columns for line in lines)
    assert [obeyed(line) for line in lines] == [[]] * len(lines)
    assert len(lines) <= max(min(2, rows), rows - 3)


@given(st.text(max_size=40), st.integers(0, 30))
def test_what_is_cut_has_a_sign(text: str, cells: int) -> None:
    text = safe_text(text)
    found = cut(text, cells)
    assert cell_len(found) <= cells
    assert found == text or not cells or found.endswith("…")


PATH = "batch_drain_sessions/batch-drain-20261129-003243/logs/research-system-v2/phase-5-review.1.stderr.txt"


@pytest.mark.parametrize("columns", [40, 60, 100, 200])
def test_no_path_is_broken_within_a_name(columns: int) -> None:
    lines = wrap(f"    Log: {PATH}", columns)
    assert "".join("".join(lines).split()) == f"Log:{PATH}"
    names = set(PATH.split("/"))
    for line in lines:
        assert {name for name in line.replace("Log:", "").strip().split("/") if name} <= names
        assert cell_len(line) <= columns


def test_a_long_line_is_broken_between_words() -> None:
    assert wrap("    Error: one two three four five", 20) == ["    Error: one two", "      three four", "      five"]


@given(st.text(alphabet=st.characters(exclude_categories=("C", "Z", "M")), max_size=300), st.integers(9, 80))
def test_what_is_broken_is_whole(text: str, columns: int) -> None:
    lines = wrap("    " + text, columns)
    assert "".join(line.strip(" ") for line in lines) == text
    assert all(cell_len(line) <= columns for line in lines)


@pytest.mark.parametrize(
    ("environ", "takes"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4000"}, False),
        ({"TERM_PROGRAM": "vscode"}, True),
        ({"TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.4", "VTE_VERSION": "4000"}, True),
        ({"TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.3a", "VTE_VERSION": "7600"}, False),
        ({"TERM_PROGRAM": "vscode", "FORCE_HYPERLINK": "0"}, False),
        ({"TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.10"}, True),
        ({"FORCE_HYPERLINK": "1"}, True),
        ({"FORCE_HYPERLINK": "false", "TERM": "foot"}, False),
        ({"VTE_VERSION": "5000"}, True),
        ({"VTE_VERSION": "4999"}, False),
        ({"VTE_VERSION": "new"}, False),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"WT_SESSION": ""}, False),
        *(({"TERM_PROGRAM": name}, True) for name in ("iTerm.app", "WezTerm", "ghostty", "Hyper", "Tabby", "rio", "WarpTerminal")),
        *(({"TERM": name}, True) for name in ("alacritty", "foot", "wezterm", "xterm-ghostty", "contour", "rio")),
        *(({name: "1"}, True) for name in (
            "KITTY_WINDOW_ID", "KONSOLE_VERSION", "WT_SESSION", "DOMTERM", "ALACRITTY_WINDOW_ID", "WEZTERM_PANE",
        )),
    ],
)  # fmt: skip
def test_a_terminal_gets_links_where_it_is_known_to_take_them(environ: dict[str, str], takes: bool) -> None:
    assert takes_links(environ) == takes


def test_pieces_of_a_link_are_one() -> None:
    first, second = (to_link(piece, "file://host/one/two").partition(piece) for piece in ("a/", "b"))
    assert (first[0], first[2]) == (second[0], second[2])
