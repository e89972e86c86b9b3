"""What code that is not ours prints while a live display is painted, and what it puts in the place of a stream."""

from __future__ import annotations

import io
import sys

import pytest

from batchdrain.cli.screens.printed_beside import PrintedBeside


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Within a test: pytest has streams of its own for each part of one."""
    found = Terminal()
    monkeypatch.setattr(sys, "stdout", found)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    return found


def test_whole_lines_stand_above_the_display_and_the_streams_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    shown, errors = list[str](), sys.stderr
    beside = PrintedBeside(shown.extend)
    beside.begin()
    assert sys.stderr is errors, "it is no terminal"
    print("one", "half", sep="\n", end="")
    assert shown == ["one"]
    assert sys.stdout.write("é") == 1
    assert getattr(sys.stdout, "getvalue", None) is not None, "what else is asked of it the stream answers"
    print(" and \x1b[2J the rest\nlast", end="")
    beside.end()
    assert (shown, terminal.getvalue()) == (["one", "halfé and \\x1b[2J the rest", "last"], "")
    assert sys.stdout is terminal
    beside.end()
    assert (sys.stdout, shown[3:]) == (terminal, []), "what was put is put once"


def test_nothing_is_put_before_a_line_is_whole_or_where_none_was_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    monkeypatch.setattr(sys, "stderr", None)
    put = list[list[str]]()
    beside = PrintedBeside(lambda lines: put.append([*lines]))
    beside.begin()
    print("half", end="")
    assert put == []
    print("\nrest")
    beside.end()
    assert put == [["half"], ["rest"]]


def test_whoever_put_another_stream_in_the_place_of_ours_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    shown = list[str]()
    beside = PrintedBeside(shown.extend)
    beside.begin()
    print("ours", end="")
    own = io.StringIO()
    monkeypatch.setattr(sys, "stdout", own)
    beside.end()
    assert (sys.stdout, shown, terminal.getvalue()) == (own, ["ours"], "")
