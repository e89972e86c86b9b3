"""Under GitHub Actions: the step's page, and annotations that no id and no text can add to."""

from __future__ import annotations

import re
import sys

import pytest

from batchdrain.cli.commands.github import cut_lines
from tests.support.hostile import COMMANDS, UNSEEN, obeyed
from tests.support.workplace import Workplace

OURS = re.compile(r"::(error|warning) title=[^:,\r\n]*::[^\r\n]*")
WORK = """
import os, sys
print(os.environ["BATCHDRAIN_PHASE_ID"], "%0A::set-env name=a::b", file=sys.stderr)
sys.exit(4)
"""


@pytest.fixture
def attacked(sqlite_project: Workplace) -> Workplace:
    (sqlite_project.root / "work.py").write_text(WORK)
    sqlite_project.configure(
        command={"argv": [sys.executable, "-S", "work.py"]},
        stop={"max_repeats": 0, "same_new_failure": 0},
        retry={"max_attempts": 1},
    )
    for number, attack in enumerate((*COMMANDS, *UNSEEN)):
        sqlite_project.add((f"{attack}", f"{attack}fail", number, "FAILED", attack))
    return sqlite_project


@pytest.mark.parametrize("shape", ["text", "json", "markdown"])
def test_only_our_annotations_begin_as_commands_and_there_are_ten_at_most(attacked: Workplace, shape: str) -> None:
    ran = attacked.inv("drain", "--batch-size=99", f"--format={shape}", env={"GITHUB_ACTIONS": "true"})
    assert ran.code == 1, ran
    commands = [line for line in (ran.out + ran.err).splitlines() if re.match(r"\s*::", line)]
    assert len(commands) == 10
    assert all(OURS.fullmatch(line) for line in commands), commands
    assert obeyed(ran.out) == []
    assert obeyed("\n".join(line for line in ran.err.splitlines() if line not in commands)) == []
    assert any("%250A" in line for line in commands)


def test_elsewhere_nobody_is_annotated(attacked: Workplace) -> None:
    ran = attacked.inv("drain", "--batch-size=9")
    assert obeyed(ran.out + ran.err) == []


def test_the_page_of_the_step_gets_the_summary_behind_what_is_there(sqlite_project: Workplace) -> None:
    page = sqlite_project.root / "step.md"
    page.write_text("before\n")
    sqlite_project.fail("r/a~fail", "r/b")
    env = {"GITHUB_STEP_SUMMARY": str(page)}
    assert sqlite_project.inv("drain", env=env).code == 1
    text = page.read_text()
    assert text.startswith("before\n# Batch drain ")
    assert "1 of 2 phases failed" in text
    sqlite_project.add(("q", "a", 1, "QUEUED", None))
    assert sqlite_project.inv("drain-all", env=env).code == 1
    assert page.read_text().count("# Batch drain ") == 2


def test_a_page_that_can_not_be_written_is_told_and_changes_no_code(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    ran = sqlite_project.inv("drain", env={"GITHUB_STEP_SUMMARY": str(sqlite_project.root)})
    assert (ran.code, "batchdrain: GITHUB_STEP_SUMMARY: " in ran.err) == (0, True), ran


def test_a_page_too_large_is_cut_at_a_line() -> None:
    found = cut_lines(b"0123456789\n" * 100, 200)
    assert len(found) <= 200
    assert found.endswith(b"0123456789\n\nThe rest is left out: `inv summary` has all of it.\n")
    assert cut_lines(b"short\n", 200) == b"short\n"


@pytest.mark.parametrize(("wanted", "code", "level"), [("1.0", 1, "error"), ("0.5", 0, "warning")])
def test_a_failure_that_the_step_passes_with_is_a_warning(
    sqlite_project: Workplace, wanted: str, code: int, level: str
) -> None:
    sqlite_project.fail("r/a~fail", "r/b")
    ran = sqlite_project.inv("drain", f"--min-success-rate={wanted}", env={"GITHUB_ACTIONS": "true"})
    found = [OURS.fullmatch(line) for line in ran.err.splitlines()]
    assert (ran.code, [one and one[1] for one in found]) == (code, [level]), ran
