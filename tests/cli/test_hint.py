"""inv hint: what people want first is drained first, and they are told who wanted it."""

from __future__ import annotations

import json
import re

import pytest

from batchdrain.database.ledger.notes import Note
from batchdrain.planning.hints import Hints
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def note(glob: str, priority: object) -> Note:
    return Note(subject=glob, by="ann@host", at="2026-01-01T00:00:00Z", content={"priority": priority})


def test_the_highest_matching_priority_wins() -> None:
    hints = Hints([note("build-*", 1), note("build-1?", 7), note("*", -3), note("Build-*", 9)])
    assert [hints(run) for run in ("build-7", "build-12", "other", "")] == [1, 7, -3, -3]


def test_a_run_whose_id_looks_like_a_glob_is_meant_by_its_own_id() -> None:
    assert Hints([note("a[1]", 5)])("a[1]") == 5


@pytest.mark.parametrize("priority", [None, "5", True, 1.5, [], {}])
def test_what_is_no_priority_is_no_hint(priority: object) -> None:
    assert Hints([note("*", priority)])("r") == 0


def test_each_run_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def matches(run_id: str) -> bool:
        asked.append(run_id)
        return True

    monkeypatch.setattr("batchdrain.planning.hints.matcher", lambda glob: matches)
    hints = Hints([note("*", 2)])
    assert ([hints("r") for _ in range(5)], asked) == ([2] * 5, ["r"])


def test_a_hinted_run_is_drained_first_and_the_reason_says_so(project: Workplace) -> None:
    project.fail("a/p", "build-1/p", "build-2/p", "late/p")
    kept = project.inv("hint", "--run-id=build-*", "--priority=5", "--reason=release\ntonight")
    assert (kept.code, kept.out) == (0, "Kept: runs that match build-* have priority +5 (2 runs now)\n")
    project.inv("hint", "--run-id=build-2", "--priority=9")
    project.inv("hint", "--run-id=late", "--priority=-1")

    planned = project.inv("dry-run")
    assert re.findall(r"^\[\d/4\] (\S+)", planned.out, re.MULTILINE) == ["build-2", "build-1", "a", "late"]
    assert re.findall(r"Why: (hint \S+)?", planned.out) == ["hint +9,", "hint +5,", "", "hint -1,"]
    assert project.inv("pick-next-run").out == "build-2\tdefault\n"
    project.inv("drain")
    assert project.taken() == ["build-2/p", "build-1/p", "a/p", "late/p"]
    assert project.sql("SELECT DISTINCT note FROM phases") == [("untouched",)]


@pytest.mark.everyday("sqlite", "postgresql")
def test_hints_are_listed_with_who_and_why_and_taken_back(project: Workplace) -> None:
    assert re.match(r"No hints in (sqlite|postgresql|mysql)", project.inv("hint").out)
    project.fail("a/p")
    project.inv("hint", "--run-id=a", "--priority=3", "--reason=for \x1b[31mann")
    project.inv("hint", "--run-id=a", "--priority=4", "--reason=for \x1b[31mann")
    project.inv("hint", "--run-id=zz*", "--priority=-2")

    lines = project.inv("hint").lines
    assert [lines[1], lines[3]] == ["  +4  a (1 run now)", "  -2  zz* (no run now)"]
    assert re.fullmatch(r" +for \\x1b\[31mann \(\S+@\S+, \d{4}-\d\d-\d\d\)", lines[2])
    assert project.inv("hint", "--run-id=a", "--clear").out == "Removed: the hint of a\n"
    assert len(project.inv("hint").lines) == 3
    gone = project.inv("hint", "--run-id=a", "--clear")
    assert (gone.code, "there is no hint of 'a'" in gone.err) == (2, True)


def test_a_dry_hint_writes_nothing(project: Workplace) -> None:
    project.fail("a/p")
    assert project.inv("--dry", "hint", "--run-id=a", "--priority=3").out.startswith("Would keep: runs that match a ")
    assert "No hints" in project.inv("hint").out
    project.inv("hint", "--run-id=a", "--priority=3")
    assert project.inv("--dry", "hint", "--run-id=a", "--clear").out == "Would remove: the hint of a\n"
    assert "+3  a" in project.inv("hint").out


def test_a_policy_without_hints_is_told_of(sqlite_project: Workplace) -> None:
    sqlite_project.configure(policy=["smart"])
    said = sqlite_project.inv("hint", "--run-id=a", "--priority=3").lines[-1]
    assert said == "The configured policy (smart) ignores hints: put hints first."


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--run-id="], "--run-id: is empty"),
        (["--run-id=a"], "--priority: is required"),
        (["--priority=3"], "--run-id: is required"),
        (["--clear"], "--run-id: is required"),
        (["--reason=x"], "--run-id: is required"),
        (["--run-id=a", "--priority=3", "--clear"], "is combined only with --run-id"),
        (["--run-id=a", "--priority=x"], "--priority: expected a whole number from -1000000 to 1000000"),
        (["--run-id=a", "--priority=1000001"], "--priority: expected a whole number"),
        (["--run-id=a", "--priority=1", "--reason= "], "--reason: is empty"),
        (["--run-id=" + "a" * 501, "--priority=1"], "--run-id: expected at most 500 characters"),
        (["--run-id=a\udcff", "--priority=1"], "--run-id: expected at most 500 characters of valid text"),
    ],
)
def test_a_hint_that_says_nothing_clear_is_refused(sqlite_project: Workplace, argv: list[str], said: str) -> None:
    ran = sqlite_project.inv("hint", *argv)
    assert (ran.code, said in ran.err) == (2, True), ran
    assert sqlite_project.sql("SELECT name FROM sqlite_master WHERE name LIKE 'batchdrain%'") == []


def test_a_note_that_somebody_spoiled_does_not_stop_a_drain(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/p")
    sqlite_project.inv("hint", "--run-id=a", "--priority=3")
    for spoiled in ("no json", "[]", json.dumps({"subject": "a", "by": "x", "at": "y", "said": {"priority": {}}})):
        sqlite_project.sql("UPDATE batchdrain_meta SET value = :v WHERE name LIKE 'hint/%'", [{"v": spoiled}])
        assert sqlite_project.inv("dry-run").code == sqlite_project.inv("hint").code == 0
