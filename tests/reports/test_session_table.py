"""The list of sessions: each line holds what its session did, and each state is explained once."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.reports.session_table import render_sessions, status_of

ROW: dict[str, Any] = {
    "session_id": "s1", "kind": "failed", "status": "complete", "alive": False, "held": [], "batch_size": 9, "total_processed": 7,
    "total_success": 5, "total_failed": 2, "success_rate": 5 / 7, "is_paused": False, "is_closed": False, "retries_waiting": 0,
}  # fmt: skip
ENDED = "complete    it has ended"
HEAD = "SESSION                       KIND   STATUS           DONE     OK FAILED   RATE"


def shown(*rows: dict[str, Any], columns: int | None = None) -> list[str]:
    return [*render_sessions(rows, columns)]


def test_a_session_is_a_line_and_its_size_is_told_where_it_means_something() -> None:
    queued = {**ROW, "session_id": "s2", "kind": "queued", "success_rate": None}
    endless = {**ROW, "session_id": "s3", "batch_size": None, "success_rate": 1.0}
    assert shown(ROW, queued, endless) == [
        HEAD,
        "s1                            failed complete            7      5      2  71.4%",
        "s2                            queued complete            7      5      2      -",
        "s3                            failed complete            7      5      2 100.0%",
        "", ENDED,
    ]  # fmt: skip
    assert shown() == [HEAD, ""]


def test_a_name_that_leaves_no_room_has_a_line_of_its_own() -> None:
    facts = "failed complete            7      5      2  71.4%"
    assert shown({**ROW, "session_id": "x" * 31})[1:3] == ["x" * 31, f"  {facts}"]
    assert shown({**ROW, "session_id": "x" * 30})[1] == f"{'x' * 30} {facts}"


@pytest.mark.parametrize(
    ("facts", "done"),
    [({}, "7"), ({"status": "stopped"}, "7/9"), ({"status": "running", "alive": True}, "7/9"), ({"is_closed": True}, "7/9")],
    ids=["nothing more was left", "stopped", "runs", "closed"],
)
def test_of_a_session_that_has_ended_for_good_no_phase_seems_to_be_left(facts: dict[str, Any], done: str) -> None:
    assert shown({**ROW, **facts})[1].split()[3] == done


def test_a_failure_that_waits_for_its_retry_is_one_of_the_failed() -> None:
    one, two = ({**ROW, "status": "interrupted", "retries_waiting": number} for number in (1, 2))
    assert shown(one)[1:3] == [
        "s1                            failed interrupted       7/9      5      2  71.4%",
        "  1 of the failed waits to be tried again",
    ]
    assert shown(two)[2] == "  2 of the failed wait to be tried again"


@pytest.mark.parametrize(
    ("facts", "status", "meaning"),
    [
        ({"status": "running", "alive": True}, "running", "a process drains it now"),
        (
            {"status": "running", "alive": True, "is_paused": True},
            "paused",
            "a process drains it, and claims nothing until `inv continue`",
        ),
        ({"is_closed": True}, "closed", "it was ended by `inv resume --close`, whatever was left of it"),
        ({"status": "running"}, "died", "its process died: `inv resume`, or `inv resume --close` to end it"),
        (
            {"status": "interrupted"},
            "interrupted",
            "it ended early: `inv resume`, or `inv resume --close` to end it",
        ),
        (
            {"status": "interrupted", "alive": True},
            "interrupted",
            "it ended early: `inv resume`, or `inv resume --close` to end it",
        ),
        ({"status": "stopped"}, "stopped", "by a stop condition; `inv summary --session-id=…` says how to go on"),
        ({}, "complete", "it has ended"),
        ({"error": "no", "lost": True}, "lost", "its file is gone; `inv resume --session-id=…` rebuilds it"),
        ({"error": "no", "lost": False}, "unreadable", "its file can't be read; the line below it says why"),
    ],
)
def test_each_state_has_its_word_and_the_word_its_meaning(facts: dict[str, Any], status: str, meaning: str) -> None:
    row = {**ROW, **facts}
    assert status_of(row) == status
    lines = shown(row, row)
    assert lines[-2:] == ["", f"{status:<11} {meaning}"], "once, however many there are"
    assert lines[1].split()[2 if "error" not in row else 1] == status


def test_what_a_session_holds_where_it_runs_and_why_it_is_not_read_stand_below_it() -> None:
    there = {"pid": 7, "host": "h", "folder": "/x"}
    holds = {**ROW, "held": [{"said": "r / a\n, since then"}], "elsewhere": there}
    assert shown(holds)[2:4] == ["  by process 7 on h, in /x", "  holds r / a\\x0a, since then"]
    assert shown({**ROW, "elsewhere": {**there, "folder": None}})[2] == "  by process 7 on h, in a folder there"
    assert shown({**ROW, "elsewhere": None})[2] == ""
    broken = shown({"session_id": "s4", "error": "word " * 30, "lost": False})
    assert broken[1] == f"{'s4':<29}        unreadable"
    assert (broken[2][:7], broken[3][:9], max(map(len, broken[:5])) <= 80) == ("  word ", "    word ", True)


@pytest.mark.parametrize(("columns", "lines"), [(None, 1), (0, 1), (200, 1), (80, 1), (79, 1), (78, 2), (40, 2)])
def test_a_terminal_in_which_a_line_has_no_room_gets_two_and_a_wider_one_no_wider_lines(
    columns: int | None, lines: int
) -> None:
    found = shown(ROW, {**ROW, "held": [{"said": "word " * 40}]}, columns=columns)
    of_head, of_row = found[:lines], found[lines : 2 * lines]
    assert [line.split()[0] for line in (of_head[0], of_row[0])] == ["SESSION", "s1"]
    assert " ".join(of_row).split() == ["s1", "failed", "complete", "7", "5", "2", "71.4%"]
    if lines == 2:
        assert (of_head[1].rindex("RATE") + 4, of_head[1][:6]) == (len(of_row[1]), "  KIND"), "they stand below each other"
    held = found[3 * lines : -2]
    assert (held[0][:12], held[1][:8]) == ("  holds word", "    word")
    widest = max(map(len, held))
    assert min(80, columns or 80) - 5 < widest <= min(80, columns or 80)


def test_a_name_with_hyphens_is_not_broken_and_one_longer_than_a_line_is_whole() -> None:
    name = "a-name-" * 9 + "x"
    assert shown({**ROW, "held": [{"said": f"{name} {name}"}]})[2:4] == [f"  holds {name}", f"    {name}"]
    broken = shown({"session_id": "s", "error": f"no {'long-' * 20} x", "lost": False})
    assert broken[2:5] == ["  no", f"    {'long-' * 20}", "    x"]
