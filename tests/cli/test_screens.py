"""What is seen while a drain runs: plain lines, the live display, or JSON alone."""

from __future__ import annotations

import re

import pexpect
import pytest

from tests.support.soaking import soak
from tests.support.workplace import INV, Workplace


def test_a_terminal_shows_the_live_display(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b~fail", "s/c~until=go")
    child = pexpect.spawn(INV[0], [*INV[1:], "drain", "--policy=run-order"], cwd=str(sqlite_project.root), env={**sqlite_project.environ(), "TERM": "xterm"}, timeout=60,
                          dimensions=(40, 160))  # fmt: skip
    child.expect("failed phases")
    child.expect("1 ok .+ 1 failed")
    (sqlite_project.root / "go").touch()
    child.expect("2 ok .+ 1 failed")
    child.expect("BATCH DRAIN SUMMARY")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1


@pytest.mark.parametrize("columns", [80, pytest.param(120, marks=soak)])
def test_the_live_display_keeps_to_one_line_a_slot_on_a_terminal_of_usual_width(
    sqlite_project: Workplace, columns: int
) -> None:
    long = "a-run-whose-name-is-rather-long-as-they-are/phase-7-with-a-name-that-is-just-as-long~until=go"
    sqlite_project.fail(
        long, "r/b~fail", reason="ConnectionResetError: a reason of which nobody needs to read here, however long"
    )
    child = pexpect.spawn(INV[0], [*INV[1:], "drain", "--workers=2"], cwd=str(sqlite_project.root), timeout=60, dimensions=(40, columns),
                          env={**sqlite_project.environ(), "TERM": "xterm"}, encoding="utf-8")  # fmt: skip
    child.expect(r"a-run-whose-name[^\r\n]*(?:…|until=go)[^\r\n]*?[0-9]+/60 s")
    slot = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", child.after)
    assert "nobody needs to read" not in slot
    child.expect("0 ok · 1 failed")
    (sqlite_project.root / "go").touch()
    child.expect("1 ok .+ 1 failed")
    child.expect("BATCH DRAIN SUMMARY")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1


def test_a_retry_is_no_further_phase_to_the_live_display(sqlite_project: Workplace) -> None:
    """While the other of two phases runs, the time that is left is unknown or more than none."""
    sqlite_project.configure(retry={"initial_s": 0.01, "max_s": 0.01})
    sqlite_project.fail("r/a~transient", "s/b~until=go")
    child = pexpect.spawn(INV[0], [*INV[1:], "drain", "--workers=2"], cwd=str(sqlite_project.root), timeout=60, dimensions=(40, 160),
                          env={**sqlite_project.environ(), "TERM": "xterm"}, encoding="utf-8")  # fmt: skip
    child.expect(r"1/2 · 1 ok · 0 failed · ETA (\d+) s")
    assert int(child.match[1]) > 0
    (sqlite_project.root / "go").touch()
    child.expect("BATCH DRAIN SUMMARY")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_on_a_terminal_success_is_green_and_failure_red_and_nothing_else_is(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b~fail")
    child = pexpect.spawn(INV[0], [*INV[1:], "drain", "--policy=run-order"], cwd=str(sqlite_project.root), timeout=60, dimensions=(40, 160),
                          env={**sqlite_project.environ(), "TERM": "xterm", "NO_COLOR": ""}, encoding="utf-8")  # fmt: skip
    child.expect(pexpect.EOF)
    child.close()
    coloured = re.findall(r"\x1b\[(3[12])m([^\x1b]*)", child.before.partition("BATCH DRAIN SUMMARY")[0])
    assert [(code, "✓" in text, "✗" in text) for code, text in coloured if text.strip("━╸╺ ")] == [
        ("32", True, False),
        ("31", False, True),
    ]


def test_the_target_is_what_there_is_and_grows_with_it(sqlite_project: Workplace) -> None:
    code = f"import sqlalchemy as sa\nwith sa.create_engine({sqlite_project.url!r}).begin() as c:\n"
    code += " c.execute(sa.text(\"UPDATE phases SET state = 'FAILED' WHERE state = 'LATER'\"))"
    sqlite_project.configure(command={"argv": ["{python}", "-c", code]}, refresh_s=0.001)
    sqlite_project.fail("r/a")
    sqlite_project.add(("r", "b", 9, "LATER", None))

    ran = sqlite_project.inv("drain", "--batch-size=50", "--run-id=r")

    assert [line for line in ran.lines if line.startswith(("Target", "Run:", "["))] == [
        "Target: Process 1 failed phase",
        "Run: r",
        "[1/1] Selecting next phase...",
        "[2/2] Selecting next phase...",
    ]
    assert sqlite_project.inv("dry-run").lines[0:1] == ["Dry run: nothing is written"]


def test_a_notice_stands_with_the_phase_that_it_is_about(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"r{number}/p~alike" for number in range(4)))

    ran = sqlite_project.inv("drain", "--max-repeats=2")

    place = next(number for number, line in enumerate(ran.lines) if line.startswith("  ! Parking every phase"))
    assert [line.partition(": ")[0] for line in ran.lines[place - 2 : place]] == ["    Error", "    Log"]
    assert ran.lines[place + 1] == ""


def test_ctrl_c_on_a_terminal_gives_the_phase_back_and_reports(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a~hang", "r/b", reason="before")
    child = pexpect.spawn(INV[0], [*INV[1:], "drain"], cwd=str(sqlite_project.root), env={**sqlite_project.environ(), "TERM": "xterm"}, timeout=60,
                          dimensions=(40, 160))  # fmt: skip
    while not any("hanging" in path.read_text() for path in sqlite_project.sessions.glob("*/logs/*/*.stdout.txt")):
        child.expect([pexpect.TIMEOUT, "failed phases"], timeout=1)
    child.sendintr()
    child.expect("Released: FAILED")
    child.expect("not yet .interrupted.")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert set(sqlite_project.phases().values()) == {("FAILED", "before")}


def test_quiet_prints_the_summary_only(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    assert sqlite_project.inv("drain", "--quiet").lines[:2] == ["=" * 80, "BATCH DRAIN SUMMARY"]


def test_a_drain_can_print_json_alone(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    assert sqlite_project.inv("drain", "--format=json").json()["total_success"] == 1
