"""A report that is repeated: on a terminal in place, elsewhere one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO

import pytest

from batchdrain.cli.screens.watched import Watched
from tests.support.raw_terminal import raw_terminal
from tests.support.tmux import MISSING, Pane, find_tmux, pane
from tests.support.workplace import INV, Workplace, wait_for

UP, ERASED = "\x1b[A", "\x1b[2K"
PLACE = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}


@pytest.fixture(autouse=True)
def term(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_the_second_report_takes_the_place_of_the_first_and_the_cursor_rests_below() -> None:
    with raw_terminal(40, 10) as terminal, Watched(terminal.file, is_repeated=True) as out:
        out.show(["one", "two"])
        assert terminal.got().endswith(f"{ERASED}one\n{ERASED}two\n{ERASED}\x1b[?7h\r")
        out.show(["three"])
        assert terminal.got().startswith(f"\r{UP}{UP}\x1b[J")


def test_what_has_no_room_is_counted_and_long_lines_are_broken() -> None:
    with raw_terminal(20, 5) as terminal, Watched(terminal.file, is_repeated=True) as out:
        out.show(["a line of more than twenty cells", *map(str, range(8))])
        shown = re.sub(r"\x1b\[\??\d*[A-Za-z]", "", terminal.got()).split("\n")
        assert shown == ["\ra line of more than", "  twenty cells", "0", "and 7 more lines", "\r"]


@pytest.mark.parametrize(("repeated", "term"), [(True, "dumb"), (False, "xterm")], ids=["dumb", "once"])
def test_a_dumb_terminal_and_a_single_report_have_plain_lines(
    repeated: bool, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    with raw_terminal(40, 3) as terminal, Watched(terminal.file, is_repeated=repeated) as out:
        out.show(["1", "2", "3", "4"])
        assert terminal.got() == "1\n2\n3\n4\n"


def test_elsewhere_an_empty_line_stands_between_reports() -> None:
    stream = StringIO()
    with Watched(stream, is_repeated=True) as out:
        out.show(["one"])
        out.show(["two"])
    assert stream.getvalue() == "one\n\ntwo\n"


@pytest.mark.parametrize(
    ("error", "is_shown", "sent"),
    [(KeyboardInterrupt, True, "\n"), (KeyboardInterrupt, False, ""), (ValueError, True, ""), (None, True, "")],
)
def test_after_ctrl_c_the_prompt_stands_on_a_line_of_its_own(
    error: type[BaseException] | None, is_shown: bool, sent: str
) -> None:
    with raw_terminal(40, 10) as terminal:
        with suppress(KeyboardInterrupt, ValueError), Watched(terminal.file, is_repeated=True) as out:
            if is_shown:
                out.show(["one"])
                terminal.got()
            if error is not None:
                raise error
        assert terminal.got() == sent


@pytest.mark.parametrize("term", ["", None])
def test_a_terminal_that_has_no_name_or_tells_no_rows_has_plain_lines(
    term: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term) if term is not None else monkeypatch.delenv("TERM")
    with raw_terminal(40, 9) as terminal, Watched(terminal.file, is_repeated=True) as out:
        out.show(["1"])
        monkeypatch.setenv("TERM", "xterm")
        terminal.resize(40, 0)
        out.show(["2"])
        assert terminal.got() == "1\n\n2\n"


@contextmanager
def watching(place: Workplace, *, size: tuple[int, int]) -> Iterator[Pane]:
    """While a drain of two commands runs, which `go` ends."""
    place.configure(lease={"ttl_s": 4, "beat_s": 0.2, "margin_s": 0.5})
    place.fail("a/p~until=go", "b/q~until=go")
    drain = place.start("drain", "--workers=2")
    wait_for(lambda: [len(row["slots"]) for row in place.inv("status", "--format=json").json()] == [2], "both to run")
    with pane([*INV, "status", "--watch"], place.root, {**place.environ(), **PLACE}, size) as terminal:
        yield terminal
    (place.root / "go").touch()
    drain.wait(60)


@pytest.mark.skipif(find_tmux() is None, reason=MISSING)
def test_watching_shows_one_report_whatever_becomes_of_the_terminal_and_ctrl_c_ends_it(sqlite_project: Workplace) -> None:
    with watching(sqlite_project, size=(20, 20)) as terminal:
        terminal.until("runs b /")
        terminal.resize(40, 12)
        wait_for(lambda: "runs b /" in "".join(terminal.lines()) and len(repeats(terminal)) == 1, "one report")
        terminal.type("C-c")
        assert terminal.end() == 130
        lines = terminal.lines(whole=True)
        assert lines[lines.index("(ended) 130") - 1] == "^C"


@pytest.mark.skipif(find_tmux() is None, reason=MISSING)
def test_watching_ends_with_a_line_that_nothing_runs(sqlite_project: Workplace) -> None:
    with watching(sqlite_project, size=(80, 20)) as terminal:
        terminal.until("runs b /")
        (sqlite_project.root / "go").touch()
        assert terminal.end() == 0
        lines = terminal.lines(whole=True)
        assert lines[lines.index("(ended) 0") - 1] == "No session of table 'phases' runs."


def repeats(terminal: Pane) -> list[str]:
    return [line for line in terminal.lines() if line.startswith("batch-drain-2")]
