"""What is asked of a chain and changes nothing is told once for the whole, as of a drain."""

from __future__ import annotations

import pytest

from tests.drain.chaining import queue, summary_of
from tests.support.workplace import Ran, Workplace

pytestmark = pytest.mark.everyday("sqlite")


@pytest.fixture
def project(sqlite_project: Workplace) -> Workplace:
    queue(sqlite_project, "a/q", "b/q")
    queue(sqlite_project, "b/again~fail", reason="ImportError: no module named x")
    sqlite_project.fail("c/f~fail", reason="ValueError: bad")
    sqlite_project.add(("done", "p", 0, "COMPLETE", None))
    return sqlite_project


def told(ran: Ran) -> list[str]:
    return [line.removeprefix("  ! ") for line in ran.lines if line.startswith("  ! --")]


IDLE = [
    ("--category=timeout,other", ["--category=timeout: no queued or failed phase has this category; there are collection, other"]),
    ("--category=collection,unknown", ["--category=unknown: no queued or failed phase has this category; there are collection, other"]),
    ("--exclude-run=done", ["--exclude-run=done: is a run without queued or failed phases"]),
    ("--workers=4", ["--workers=4: 2 runs have phases to drain, and those of one run are executed one after the other"]),
    ("--policy=smart,hints", [
        "--policy: hints has no effect here: it ranks all runs equally, or an entry before it has decided",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("flag", "lines"), IDLE, ids=[flag for flag, _ in IDLE])
def test_what_changes_nothing_in_either_part_is_told_once_and_alike_by_drain_and_dry_run(
    project: Workplace, flag: str, lines: list[str]
) -> None:
    if flag.startswith("--policy"):
        project.fail("d/f", reason="ImportError: no module named y")

    dry, ran = project.inv("--dry", "drain-all", flag), project.inv("drain-all", flag)

    assert told(dry) == told(ran) == lines, (dry.out, ran.out)
    summary = ran.lines[ran.lines.index("BATCH DRAIN SUMMARY") :]
    assert [line.strip() for line in summary if line.strip() in lines] == lines
    assert summary_of(project)["without_effect"] == lines


@pytest.mark.parametrize(
    "flag", ["--category=other", "--category=collection", "--workers=2", "--exclude-run=a", "--policy=smart"]
)
def test_what_changes_one_part_is_not_told(project: Workplace, flag: str) -> None:
    project.fail("d/f", reason="ImportError: no module named y")
    dry, ran = project.inv("--dry", "drain-all", flag), project.inv("drain-all", flag)
    assert (told(dry), told(ran)) == ([], [])
    assert "Without effect" not in ran.out


def test_a_number_of_attempts_without_effect_is_told_of_the_chain(project: Workplace) -> None:
    line = "--max-attempts=4: no failure was transient, and only transient failures are tried again"
    ran = project.inv("drain-all", "--max-attempts=4")
    assert ran.out.count(line) == 1
    assert summary_of(project)["without_effect"] == [line]


@pytest.mark.parametrize("part", ["queued", "failed"])
def test_a_number_of_attempts_that_one_part_needed_is_not_told(project: Workplace, part: str) -> None:
    project.configure(retry={"initial_s": 0.01, "max_s": 0.01})
    project.add(("e", "p~transient", 0, part.upper(), None))
    ran = project.inv("drain-all", "--max-attempts=4")
    assert "Trying again" in ran.out
    assert "--max-attempts" not in ran.out
    assert summary_of(project)["without_effect"] == []
