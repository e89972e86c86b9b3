"""The screen of a terminal: a phase has a line while it runs, and one that stays with its end; its log is a link."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.screens import display as displays
from batchdrain.cli.screens.hyperlinks import link_behind, to_link, to_uri
from batchdrain.cli.screens.live import LiveScreen
from batchdrain.cli.screens.stream import Outlet
from batchdrain.drain.screen import Opening
from batchdrain.drain.snapshot import RunningPhase, Snapshot
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import Phase
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning.eta import Eta
from batchdrain.runtime import clock
from tests.cli.test_plain_lines import LIMIT, attempt, scheduled
from tests.support.raw_terminal import Terminal, raw_terminal

SHOT = Snapshot(
    processed=1, succeeded=1, failed=0, retries_waiting=0, retries_running=0, target=7, running=(), eta=Eta(840.0)
)
PAINTED = re.compile(r"\x1b\[\?7l(.*?)\x1b\[\?7h\r", re.DOTALL)
TOP = re.compile(r"\r(?:\x1b\[A)*(?:\x1b\[J)?")


@pytest.fixture(autouse=True)
def _no_look_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(displays, "_EVERY_S", 9999.0)


class Live:
    """A live screen on a terminal, and what it shows."""

    def __init__(self, terminal: Terminal, environ: Mapping[str, str], **opening: Any) -> None:
        self.terminal = terminal
        self.screen = LiveScreen(Outlet(terminal.file), {"NO_COLOR": "1", **environ})
        facts: dict[str, Any] = {"state": "failed", "target": 2, "done": 0, "workers": 1, "root": Path("/srv"), **opening}
        self.screen.begin(Opening(session_id="s", database="db", **facts))
        self.head = terminal.got()

    def stays(self) -> str:
        """The lines that came since, and stay."""
        return TOP.sub("", PAINTED.sub("", self.terminal.got()))

    def painted(self) -> list[str]:
        """The lines that are painted now."""
        self.terminal.got()
        self.screen._display.put([])
        found = PAINTED.findall(self.terminal.got())
        return found[-1].replace("\x1b[2K", "").split("\n") if found else []


@pytest.fixture
def wide() -> Iterator[Terminal]:
    with raw_terminal(100, 20) as terminal:
        yield terminal


def test_the_header_ends_with_a_gap_and_nothing_is_painted_before_there_is_something_to_look_at(wide: Terminal) -> None:
    live = Live(wide, {})
    assert live.head.endswith("Target: Process 2 failed phases\n\n")
    assert live.painted() == []
    live.screen.watch(lambda: SHOT)
    [total] = live.painted()
    assert total.startswith("1/7 · 1 ok · 0 failed · ETA 14 min (")
    live.screen.end()


def test_a_phase_that_ends_names_itself_once_and_says_what_came_of_it(wide: Terminal) -> None:
    live = Live(wide, {})
    live.screen.watch(lambda: SHOT)
    live.screen.selected(scheduled())
    live.screen.started(scheduled(), LIMIT)
    assert live.stays() == ""
    live.screen.finished(scheduled(), attempt(Outcome.FAILED, "FAILED", reason="no", exit_code=3, log_path="logs/x.txt"))
    assert live.stays() == "[1/2] r / p\n  ✗ Failed: FAILED\n    Error: no\n    Log: /srv/logs/x.txt\n"
    live.screen.lost(scheduled(3), "claimed by another controller")
    assert live.stays() == "[3/3] r / p\n  - Skipped: claimed by another controller\n"
    live.screen.notice("odd")
    live.screen.end()
    assert live.stays() == "  ! odd\n\n", "the gap before the summary"


def test_without_a_limit_the_total_is_what_the_drain_will_reach_and_never_less_than_the_phase_itself(wide: Terminal) -> None:
    live = Live(wide, {}, target=None)
    live.screen.lost(scheduled(4), "gone")
    assert live.stays().startswith("[4] r / p\n")
    live.screen.watch(lambda: SHOT)
    live.screen.lost(scheduled(4), "gone")
    live.screen.lost(scheduled(8), "gone")
    assert re.findall(r"(?m)^(.*) r / p$", live.stays()) == ["[4/7]", "[8/8]"]
    live.screen.end()


@pytest.fixture
def at_noon_of_utc_where_it_is_five(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as there:
        there.setenv("TZ", "Etc/GMT-5")
        there.setattr(clock, "now", lambda: datetime(2026, 11, 29, 12, 0, tzinfo=UTC))
        time.tzset()
        yield
    time.tzset()


def test_times_are_those_of_the_reader_and_lines_keep_to_the_size_of_now(
    wide: Terminal, at_noon_of_utc_where_it_is_five: None
) -> None:
    one = RunningPhase(number=1, run_id="r\x1b", phase_id="p" * 300, tries=1, elapsed_s=3.0, limit_s=60.0)
    live = Live(wide, {})
    live.screen.watch(lambda: replace(SHOT, running=[one] * 9))
    assert "ETA 14 min (17:14)" in live.painted()[0]
    assert (len(live.painted()), "r\\x1b / p" in live.painted()[1]) == (10, True)
    wide.resize(60, 8)
    lines = live.painted()
    assert (len(lines), lines[-1], max(map(len, lines))) == (5, "  and 6 more", 60)
    wide.resize(300, 8)
    assert live.painted()[1].count("p") == 199, "an id is cut, with a sign"
    live.screen.end()


@pytest.mark.parametrize(("encoding", "dot", "bar"), [("utf-8", "·", "━─"), ("ascii", "|", "#-"), ("latin-1", "|", "#-")])
def test_signs_that_the_terminal_can_not_show_have_others_in_their_place(encoding: str, dot: str, bar: str) -> None:
    with raw_terminal(100, 20, encoding) as terminal:
        live = Live(terminal, {})
        live.screen.watch(lambda: SHOT)
        assert live.painted()[0].startswith(f"1/7 {dot} 1 ok {dot} 0 failed")
        assert re.search(rf" {bar[0]}+{bar[1]}+$", live.painted()[0])
        name = Phase(run_id="漢", phase_id="p", phase_index=0, state=PhaseState.FAILED)
        live.screen.lost(ScheduledAttempt(0.0, 1, Choice(phase=name, reason="")), "gone")
        assert ("漢" in live.stays()) == (encoding == "utf-8")
        live.screen.end()


@pytest.mark.parametrize(("environ", "is_coloured"), [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "0"}, False)])
def test_colours_are_there_unless_the_reader_wants_none(environ: dict[str, str], is_coloured: bool, wide: Terminal) -> None:
    screen = LiveScreen(Outlet(wide.file), environ)
    screen.lost(scheduled(), "✗")
    assert ("\x1b[31m" in wide.got()) is is_coloured


def test_where_links_are_taken_the_path_is_one_and_its_label_is_none(wide: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    live = Live(wide, {"FORCE_HYPERLINK": "1"})
    live.screen.finished(scheduled(), attempt(Outcome.FAILED, "FAILED", reason="no", log_path="logs/x.txt"))
    uri = to_uri(Path("/srv/logs/x.txt"), socket.gethostname())
    assert uri == f"file://{socket.gethostname()}/srv/logs/x.txt"
    assert wide.got().endswith(f"    Log: {to_link('/srv/logs/x.txt', uri)}\n")
    put = list[str]()
    monkeypatch.setattr(live.screen._display, "put", put.extend)
    live.screen._show_log(Path("/srv", "y" * 2500))
    assert "".join(re.sub(r"\x1b\]8;.*?\x1b\\", "", line) for line in put).count("y") == 2500, "whole, or nobody finds it"
    live.screen.end()


def test_no_name_and_no_path_makes_a_line_of_its_own_or_what_the_terminal_can_not_show() -> None:
    with raw_terminal(100, 20, "ascii") as terminal:
        live = Live(terminal, {"FORCE_HYPERLINK": "1"}, root=Path("/srv/é\nx"))
        odd = Phase(run_id="r\n1", phase_id="p\n2", phase_index=0, state=PhaseState.FAILED)
        failed = attempt(Outcome.FAILED, "FAILED", reason="no", log_path="logs/x.txt")
        live.screen.finished(ScheduledAttempt(0.0, 1, Choice(phase=odd, reason="")), failed)
        name, *_, log = live.stays().splitlines()
        assert name == "[1/2] r\\x0a1 / p\\x0a2"
        assert "/srv/\\xe9\\x0ax/logs/x.txt" in log
        live.screen.end()


def test_at_its_end_only_the_lines_stay(wide: Terminal) -> None:
    live = Live(wide, {})
    live.screen.watch(lambda: SHOT)
    assert live.painted() != []
    live.screen.lost(scheduled(), "gone")
    wide.got()
    live.screen.end()
    assert wide.got() == "\r\x1b[J\n", "the painted line is erased, and a gap is left for the summary"
    assert live.painted() == []


LINK = "file://h/x"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["  Log: a"], [f"  Log: {to_link('a', LINK)}"]),
        (["  Log: a/", "    b/", "    c"], [f"  Log: {to_link('a/', LINK)}", f"    {to_link('b/', LINK)}", f"    {to_link('c', LINK)}"]),
        (["  Log:", "    a"], ["  Log:", f"    {to_link('a', LINK)}"]),
        (["  Log: a Log: b"], [f"  Log: {to_link('a Log: b', LINK)}"]),
    ],
    ids=["one line", "several", "a label alone", "the label once more"],
)  # fmt: skip
def test_a_link_that_is_broken_into_lines_has_neither_label_nor_indent(lines: list[str], found: list[str]) -> None:
    assert link_behind("  Log: ", lines, LINK) == found
