"""A drain in a real terminal: a pane of tmux, of the widths that people have."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from rich.cells import cell_len

from tests.support.tmux import MISSING, Pane, find_tmux, pane
from tests.support.workplace import INV, Workplace, wait_for

pytestmark = pytest.mark.skipif(find_tmux() is None, reason=MISSING)

TOTAL = r"^\d+/\d+ · \d+ ok · \d+ failed"
SLOT = r"\d+/60 s$"
NEVER = {"initial_s": 3600, "max_s": 3600}


@contextmanager
def drain(place: Workplace, *flags: str, size: tuple[int, int] = (100, 30), **environ: str) -> Iterator[Pane]:
    env = {**place.environ(), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environ}
    with pane([*INV, "drain", "--policy=run-order", *flags], place.root, env, size) as found:
        yield found


def painted(lines: Sequence[str]) -> list[str]:
    """What is no line that stays."""
    return [line for line in lines if re.search(f"{TOTAL}|{SLOT}|and \\d+ more$", line.rstrip())]


def running(place: Workplace, count: int) -> None:
    witness = place.root / "witness.txt"
    wait_for(lambda: witness.exists() and len(witness.read_text().splitlines()) >= count, "the commands to run")


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_the_lines_of_a_drain_use_the_width_and_hostile_ids_do_not_break_them(
    sqlite_project: Workplace, columns: int
) -> None:
    sqlite_project.configure(retry=NEVER)
    sqlite_project.fail(
        "a/ok", "b/p~fail", "c/p~transient=9", "d-a-rather-long-name-of-a-run-of-which-there-are-many/p~until=go",
        "e\x1b[2J\u202e\r/p\x07~until=go", "f-漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字/g-🙂🙂🙂e\u0301~until=go",
    )  # fmt: skip
    with drain(sqlite_project, "--workers=6", size=(columns, 30)) as terminal:
        terminal.until(r"^3/6 · 1 ok · 2 failed · 1 retry waits")
        running(sqlite_project, 6)
        lines = painted(terminal.lines())
        assert len(lines) == 4, lines
        assert re.search(r"ETA \d+ (s|min|h)", lines[0]), lines[0]
        for line in lines[1:]:
            assert cell_len(line) == columns, line
        assert all("…" in line or columns > 60 for line in lines[1:2]), lines
        assert r"e\x1b[2J\u202e" in "".join(lines)
        (sqlite_project.root / "go").touch()
        terminal.until(r"^6/6 · 4 ok · 2 failed · 1 retry waits · ETA")
        terminal.type("C-c")
        assert terminal.end() == 130


def test_twenty_four_workers_in_twenty_rows_are_told_in_what_there_is(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"r{number}/p~until=go" for number in range(10, 34)))
    with drain(sqlite_project, "--workers=24", "--batch-size=24", size=(100, 20)) as terminal:
        terminal.until(r"^  and 9 more$")
        lines = terminal.lines()
        assert len(painted(lines)) == 17
        (sqlite_project.root / "go").touch()
        assert terminal.end() == 0
        assert painted(terminal.lines(whole=True)) == []


def test_a_log_that_has_no_room_in_its_line_has_lines_of_its_own_broken_behind_slashes(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a-run-with-a-long-name/a-phase-with-a-long-name~fail")
    with drain(sqlite_project, size=(60, 40)) as terminal:
        assert terminal.end() == 1
        lines = terminal.lines(whole=True)
    place = next(number for number, line in enumerate(lines) if line.startswith("    Log:"))
    path, names = "", set[str]()
    for line in lines[place:]:
        if path and not line.startswith("      "):
            break
        path += line.removeprefix("    Log:").strip()
        names |= {name for name in line.removeprefix("    Log:").strip().split("/") if name}
    assert (sqlite_project.root / path).is_file(), path
    assert names == set(path.split("/"))


def test_nothing_stays_of_the_display_after_ctrl_c(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/ok", *(f"r{number}/p~hang" for number in range(3)))
    with drain(sqlite_project, "--workers=3", size=(60, 24)) as terminal:
        terminal.until(r"^1/4 · 1 ok")
        running(sqlite_project, 4)
        terminal.type("C-c")
        assert terminal.end() == 130
        lines = terminal.lines(whole=True)
        assert painted(lines) == []
        assert len([line for line in lines if "Released" in line]) == 3


def test_nothing_stays_of_the_display_after_a_sigterm(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/ok", *(f"r{number}/p~hang" for number in range(3)))
    with drain(sqlite_project, "--workers=3", size=(60, 24)) as terminal:
        terminal.until(r"^1/4 · 1 ok")
        running(sqlite_project, 4)
        [row] = sqlite_project.inv("status", "--format=json").json()
        os.kill(row["pid"], signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
        lines = terminal.lines(whole=True)
        assert painted(lines) == []
        assert len([line for line in lines if "Released" in line]) == 3
        assert "Exit code 143: ended by SIGTERM." in lines


def test_a_pause_and_its_end_are_seen_in_both_terminals(sqlite_project: Workplace) -> None:
    sqlite_project.configure(lease={"ttl_s": 4, "beat_s": 0.2, "margin_s": 0.5})
    sqlite_project.fail("a/ok", "b/p~until=go", "c/ok")
    env = {**sqlite_project.environ(), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    with drain(sqlite_project) as terminal:
        terminal.until(r"^1/3 · 1 ok")
        sqlite_project.inv("pause", "--reason=lunch")
        terminal.until(r"^1/3 · 1 ok · 0 failed · paused · ETA unknown")
        (sqlite_project.root / "go").touch()
        terminal.until(r"^2/3 · 2 ok · 0 failed · paused · ETA unknown")
        with pane([*INV, "status", "--watch"], sqlite_project.root, env, (100, 30)) as other:
            other.until(r"^  2/3 · 2 ok · 0 failed")
            lines = other.until(r"^  pause asked by \S+: lunch$")
            assert len([line for line in lines if " paused on " in line]) == 1
            assert sqlite_project.inv("continue").code == 0
            assert terminal.end() == 0
            assert other.end() == 0
        lines = terminal.lines(whole=True)
    assert painted(lines) == []
    assert any("Paused: nothing is claimed until `inv continue`" in line for line in lines)
    assert "  ✓ Succeeded: 3" in lines


def test_in_an_outage_the_eta_is_the_least_that_it_takes_and_a_line_says_what_is_waited_for(
    sqlite_project: Workplace,
) -> None:
    sqlite_project.configure(retry={**NEVER, "outage_after": 2})
    sqlite_project.fail("a/p~transient=9", "b/p~transient=9", "c/ok")
    with drain(sqlite_project) as terminal:
        lines = terminal.until(r"^2/3 · 0 ok · 2 failed · 2 retries wait · ETA at least \d+ (s|min|h)")
        assert any(re.match(r"  waits: an outage: one phase is tried in ", line) for line in lines), lines
        terminal.type("C-c")
        assert terminal.end() == 130


@pytest.mark.parametrize("size", [(60, 24), (140, 24)], ids=["narrower", "wider"])
def test_a_terminal_that_gets_another_size_has_its_lines_anew(sqlite_project: Workplace, size: tuple[int, int]) -> None:
    sqlite_project.fail("a/ok", "b/p~until=go", "c/p~until=go")
    with drain(sqlite_project, "--workers=2") as terminal:
        terminal.until(r"^1/3 · 1 ok")
        terminal.until(SLOT)
        terminal.resize(*size)
        wait_for(lambda: {cell_len(line) for line in painted(terminal.lines())} == {size[0]}, "lines of the new width")
        (sqlite_project.root / "go").touch()
        assert terminal.end() == 0
        assert painted(terminal.lines(whole=True)) == []


def test_no_color_is_no_colour_and_the_rest_is_as_ever(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/ok", "b/p~fail", "c/p~until=go")
    with drain(sqlite_project, NO_COLOR="1") as terminal:
        terminal.until(r"^2/3 · 1 ok · 1 failed")
        assert "\x1b" not in "".join(terminal.lines(styled=True))
        (sqlite_project.root / "go").touch()
        assert terminal.end() == 1


def test_a_dumb_terminal_has_plain_lines(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/ok", "b/p~fail")
    with drain(sqlite_project, size=(160, 60), TERM="dumb") as terminal:
        assert terminal.end() == 1
        lines = terminal.lines(whole=True)
    assert "[1/2] Selecting next phase..." in lines
    assert painted(lines) == []


def test_a_queued_drain_has_a_total_and_an_eta(sqlite_project: Workplace) -> None:
    sqlite_project.add(*(("r", f"p{index}" + "~until=go" * (index == 2), index, "QUEUED", None) for index in range(5)))
    env = {**sqlite_project.environ(), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    with pane([*INV, "drain-queued", "--run-id=r"], sqlite_project.root, env, (100, 30)) as terminal:
        lines = terminal.until(r"^2/5 · 2 ok · 0 failed · ETA \d+ s")
        assert "[2/5] r / p1" in lines
        (sqlite_project.root / "go").touch()
        assert terminal.end() == 0


def test_the_screen_and_inv_status_show_the_same_counts_and_the_same_eta(sqlite_project: Workplace) -> None:
    sqlite_project.configure(retry=NEVER, lease={"ttl_s": 4, "beat_s": 0.2, "margin_s": 0.5})
    sqlite_project.fail("a/ok", "b/p~fail", "c/p~transient=9")
    with drain(sqlite_project) as terminal:
        terminal.until(r"^3/3 · 1 ok · 2 failed · 1 retry waits · ETA")
        wait_for(lambda: sqlite_project.inv("status", "--format=json").json()[0]["retries"], "a beat")
        [row] = sqlite_project.inv("status", "--format=json").json()
        [total] = [line for line in terminal.lines() if re.search(TOTAL, line)]
        found = re.search(r"ETA (\d+) (s|min)", total)
        assert (row["processed"], row["succeeded"], row["failed"], row["target"]) == (3, 1, 2, 3)
        assert found is not None
        assert row["eta_s"] == pytest.approx(int(found[1]) * (60 if found[2] == "min" else 1), abs=90)
        terminal.type("C-c")
        assert terminal.end() == 130


def test_what_a_policy_prints_stands_above_what_is_painted(sqlite_project: Workplace) -> None:
    policy = "def chatty(lane, now):\n    print('chosen by chatty')\n    return 0\n"
    (sqlite_project.root / "own.py").write_text(policy)
    sqlite_project.fail("a/ok", "b/p~until=go")
    env = {**sqlite_project.environ(), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(sqlite_project.root)}
    with pane([*INV, "drain", "--policy=own:chatty"], sqlite_project.root, env, (100, 40)) as terminal:
        terminal.until(r"^1/2 · 1 ok")
        terminal.until(SLOT)
        (sqlite_project.root / "go").touch()
        assert terminal.end() == 0
        lines = terminal.lines(whole=True)
    assert painted(lines) == []
    assert "chosen by chatty" in lines
