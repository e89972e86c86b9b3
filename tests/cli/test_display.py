"""What a terminal gets while lines are painted at its bottom: each code, whatever it shows now and however wide it is."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from batchdrain.cli.screens import display as displays
from batchdrain.cli.screens.display import Display
from batchdrain.cli.screens.frame import frame
from batchdrain.cli.screens.layout import Line, Span
from batchdrain.cli.screens.stream import Outlet
from tests.support.raw_terminal import raw_terminal
from tests.support.workplace import wait_for

UP, BELOW, LINE, OFF, ON = "\x1b[A", "\x1b[J", "\x1b[2K", "\x1b[?7l", "\x1b[?7h"


@pytest.mark.parametrize(
    ("above", "lines", "painted", "sent"),
    [
        ("", [], [], ""),
        ("stays\n", [], [], "stays\n"),
        ("", ["a", "b"], [], f"\r{OFF}{LINE}a\n{LINE}b{ON}\r"),
        ("", ["a", "b"], [3, 4], f"\r{UP}{OFF}{LINE}a\n{LINE}b{ON}\r"),
        ("", ["a", "b", "c"], [3, 4], f"\r{UP}{OFF}{LINE}a\n{LINE}b\n{LINE}c{ON}\r"),
        ("stays\n", ["a"], [3], f"\r{BELOW}stays\n{OFF}{LINE}a{ON}\r"),
        ("", ["a"], [3, 4], f"\r{UP}{BELOW}{OFF}{LINE}a{ON}\r"),
        ("", [], [3, 4], f"\r{UP}{BELOW}"),
        ("stays\n", [], [3], f"\r{BELOW}stays\n"),
        ("", ["a", "b", "c"], [0, 10, 10], f"\r{UP}{UP}{OFF}{LINE}a\n{LINE}b\n{LINE}c{ON}\r"),
        ("", ["a", "b", "c"], [11, 20, 21], f"\r{UP * 4}{BELOW}{OFF}{LINE}a\n{LINE}b\n{LINE}c{ON}\r"),
        ("", ["a", "b"], [21, 3], f"\r{UP * 3}{BELOW}{OFF}{LINE}a\n{LINE}b{ON}\r"),
    ],
    ids=[
        "nothing", "no painted line", "the first", "again", "one more", "below what stays", "one less", "the end", "the end below what stays",
        "a line that is as wide as the terminal is no wider", "a terminal that got narrower wraps them", "and the last one does not count",
    ],
)  # fmt: skip
def test_painted_lines_are_replaced_where_they_stand(above: str, lines: list[str], painted: list[int], sent: str) -> None:
    assert frame(above, lines, painted, 10) == sent


def still(display: Display, monkeypatch: pytest.MonkeyPatch, *lines: Line) -> list[tuple[int, int]]:
    """Begin to paint, with a first look that is hours away. Returns the sizes for which lines are asked."""
    sizes = list[tuple[int, int]]()

    def source(size: tuple[int, int]) -> list[Line]:
        sizes.append(size)
        return [*lines]

    monkeypatch.setattr(displays, "_EVERY_S", 9999.0)
    display.begin(source)
    return sizes


def test_lines_that_stay_are_broken_between_words_coloured_by_what_they_tell_and_stand_above_the_painted_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with raw_terminal(20, 9) as terminal:
        display = Display(Outlet(terminal.file), in_colour=True)
        display.write("before it begins\n")
        assert terminal.got() == "before it begins\n"
        sizes = still(display, monkeypatch, [Span("漢"), Span("x", is_accent=True), Span("", is_accent=True)], [Span("two·")])
        display.write("  ✓ Success: one two three\nplain\n  ✗ Failed")
        assert terminal.got() == (
            f"\r{BELOW}\x1b[32m  ✓ Success: one two\x1b[0m\n\x1b[32m    three\x1b[0m\nplain\n\x1b[31m  ✗ Failed\x1b[0m\n"
            f"{OFF}{LINE}漢\x1b[36mx\x1b[0m\n{LINE}two·{ON}\r"
        )
        assert sizes == [(20, 9)]
        terminal.resize(2, 9)
        display.put(["a line that is put is not broken"])
        assert terminal.got().startswith(f"\r{UP}{UP}{BELOW}a line that is put is not broken\n{OFF}"), "3 cells in rows of 2"
        assert sizes[1:] == [(2, 9)]
        display.end()
        assert terminal.got() == f"\r{UP}{UP}{BELOW}"
        terminal.resize(20, 9)
        display.write("after\n")
        assert terminal.got() == "after\n"


def test_without_colours_nothing_is_coloured_and_ascii_signs_stand_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_terminal() as terminal:
        display = Display(Outlet(terminal.file), in_colour=False, is_ascii=True)
        still(display, monkeypatch, [Span("1 · 2 … "), Span("━─", is_accent=True)])
        display.write("  ✗ Failed\n")
        assert terminal.got() == f"\r{BELOW}  ✗ Failed\n{OFF}{LINE}1 | 2 ~ #-{ON}\r"
        display.end()


def test_what_others_print_meanwhile_is_put_above_and_the_stream_is_theirs_again_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with raw_terminal() as terminal:
        display = Display(Outlet(terminal.file), in_colour=False)
        monkeypatch.setattr(sys, "stderr", terminal.file)
        still(display, monkeypatch, [Span("x")])
        print("odd\x1b\nhalf", end="", file=sys.stderr)
        assert terminal.got() == f"\r{BELOW}odd\\x1b\n{OFF}{LINE}x{ON}\r"
        display.end()
        assert terminal.got() == f"\r{BELOW}half\n"
        assert sys.stderr is terminal.file


def test_lines_are_painted_again_and_again_until_the_end_and_not_on_a_terminal_that_is_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert displays._EVERY_S == 0.5
    behind, looks, asked = False, 0, 0

    def is_behind(_: Outlet) -> bool:
        nonlocal looks
        looks += 1
        return behind

    def source(_: tuple[int, int]) -> list[Line]:
        nonlocal asked
        asked += 1
        return [[Span(f"look {asked}")]]

    monkeypatch.setattr(Outlet, "is_behind", property(is_behind))
    monkeypatch.setattr(displays, "_EVERY_S", 0.005)
    with raw_terminal() as terminal:
        display = Display(Outlet(terminal.file), in_colour=False)
        display.begin(source)
        wait_for(lambda: asked > 3, "it to be painted")
        with display._lock:
            behind, before, seen = True, asked, looks
        wait_for(lambda: looks > seen + 3, "further looks")
        assert asked == before
        display.end()
        painted = terminal.got()
        assert [f"{LINE}look {number}{ON}" in painted for number in (1, before, before + 1)] == [True, True, False]
        assert painted.endswith(f"\r{BELOW}")
        display.put([])
        assert (terminal.got(), asked) == ("", before)


@pytest.mark.parametrize(
    ("size", "found"),
    [((40, 20), (40, 20)), ((0, 0), (80, 24)), ((0, 20), (80, 20)), ((40, 0), (40, 24))],
)
def test_a_terminal_that_does_not_tell_its_size_has_the_usual_one(size: tuple[int, int], found: tuple[int, int]) -> None:
    with raw_terminal(*size) as terminal:
        assert Display(Outlet(terminal.file), in_colour=False).size() == found


@pytest.mark.parametrize("make", [os.pipe, None], ids=["a pipe", "a closed file"])
def test_what_is_no_terminal_has_the_usual_size(make: Callable[[], tuple[int, int]] | None) -> None:
    with raw_terminal(9, 9) as terminal:
        if make is None:
            display = Display(Outlet(terminal.file), in_colour=False)
            terminal.file.close()
            assert display.size() == (80, 24)
            return
        reader, writer = make()
        with os.fdopen(writer, "w") as file:
            assert Display(Outlet(file), in_colour=False).size() == (80, 24)
        os.close(reader)


def test_it_is_a_stream_like_the_one_below_it(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="latin-1") as file:
        display = Display(Outlet(file), in_colour=False)
        display.put(["é"])
        display.flush()
        assert (tmp_path / "out").read_bytes() == b"\xe9\n"
        assert (display.encoding, display.fileno()) == ("latin-1", file.fileno())
    finished: list[bool] = []
    outlet = Outlet(io.StringIO())
    outlet.finish = lambda: finished.append(True)  # type: ignore[method-assign]
    Display(outlet, in_colour=False).finish()
    assert finished
