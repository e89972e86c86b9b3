"""What is printed at the end of a drain, and by tasks that only look, uses the width of the terminal that it stands in."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from tests.support.aging import age
from tests.support.tmux import MISSING, find_tmux, pane
from tests.support.workplace import INV, Workplace

pytestmark = pytest.mark.skipif(find_tmux() is None, reason=MISSING)
LONG = "a-run-with-a-rather-long-name/a-phase-whose-name-is-long-too~fail"


def shown(place: Workplace, columns: int, *argv: str) -> list[str]:
    """All lines that the terminal has then, as wide as they are."""
    env = {**place.environ(), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    with pane([*INV, *argv], place.root, env, (columns, 200)) as terminal:
        terminal.end()
        return terminal.lines(whole=True)


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_the_summary_has_rules_as_wide_as_the_terminal_and_breaks_no_word(sqlite_project: Workplace, columns: int) -> None:
    sqlite_project.fail("b/ok", LONG, "c/p~fail")
    lines = shown(sqlite_project, columns, "drain", "--policy=run-order")
    rules = [line for line in lines if re.fullmatch(r"[=-]{10,}", line)]
    assert [len(line) for line in rules] == [columns] * 4, rules
    assert all(cell_len(line) <= columns for line in lines)
    plain = sqlite_project.inv("summary").out.split()
    names = {
        word for word in " ".join(lines[lines.index("BATCH DRAIN SUMMARY") :]).split() if not re.fullmatch(r"[=-]+", word)
    }
    paths = {word for word in plain if "/" in word and len(word) > 30}
    cut = [word for word in plain if word not in names and word not in paths and not re.fullmatch(r"[=-]+", word)]
    assert cut == [], "broken within a word"


@pytest.mark.parametrize("argv", [["dry-run"], ["sessions"], ["doctor"]], ids=lambda argv: argv[0])
def test_a_task_that_only_looks_breaks_its_lines_between_words(sqlite_project: Workplace, argv: list[str]) -> None:
    sqlite_project.add(("a-run-with-a-rather-long-name", "p", 0, "FAILED", "no route to host: " + "one two three " * 8))
    lines = shown(sqlite_project, 60, *argv)
    assert all(cell_len(line) <= 60 for line in lines)
    names = set(" ".join(lines).split())
    cut = [word for word in sqlite_project.inv(*argv).out.split() if word not in names and "/" not in word and len(word) < 40]
    assert cut == [], "broken within a word"


def test_json_and_markdown_are_no_wider_or_narrower_for_a_terminal(sqlite_project: Workplace) -> None:
    """Programs read them."""
    sqlite_project.fail("b/ok")
    sqlite_project.inv("drain", "--quiet")
    for shape in ("json", "markdown"):
        lines = "".join(shown(sqlite_project, 60, "summary", f"--format={shape}"))
        whole = "".join(sqlite_project.inv("summary", f"--format={shape}").out.splitlines())
        assert lines.partition("(ended)")[0].replace(" ", "") == whole.replace(" ", "")


HEADS = {
    "sessions": ("KIND STATUS DONE OK FAILED RATE", r" *failed +complete +2 +1 +1 +50.0%"),
    "clusters": ("COUNT RUNS CATEGORY TRIED FIXED SCOPE", r" +1 +1 +\w+ +\d+ +\d+ +(run-specific|systemic)"),
    "list-run-counts --format=text": ("QUEUED FAILED COMPLETE OTHER RUN", r" +0 +1 +1 +0 +b"),
    "prune --older-than=30d": ("", r" +session folders +1 +[0-9.]+ k?B"),
}


@pytest.mark.parametrize("columns", [60, 80])
def test_no_row_of_a_table_is_broken_within_its_columns(sqlite_project: Workplace, columns: int) -> None:
    sqlite_project.add(("b", "q~fail", 0, "FAILED", "no route to host"), ("b", "p", 1, "FAILED", "no route to host"))
    sqlite_project.inv("drain")
    age(sqlite_project, 40)
    for task, (head, row) in HEADS.items():
        lines = shown(sqlite_project, columns, *task.split())
        heads = [line for line in lines if head and set(head.split()) <= set(line.split())]
        assert len(heads) == bool(head), (task, lines)
        assert any(re.search(row, line) for line in lines), (task, lines)
        assert all(cell_len(line) <= columns for line in lines), (task, lines)
