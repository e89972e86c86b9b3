"""What is said of a session that runs elsewhere: as of now, not as of its last beat, and nothing that somebody made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from batchdrain.cli.commands.sessions_elsewhere import _row_of
from batchdrain.database.ledger.session_counts import SessionCounts
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.asked import Ask, Asked
from batchdrain.reports.eta_words import to_span
from batchdrain.reports.status_view import ALIVE, DIED, PAUSED, SILENT, render_status, state_of, to_fields

NOW = datetime(2026, 11, 29, 9, 27, tzinfo=UTC)
SLOT = {"run_id": "r", "phase_id": "p", "attempt": 2, "for_s": 10.0}
PROGRESS: dict[str, Any] = {
    "processed": 6, "succeeded": 4, "failed": 2, "before": 2, "target": 10, "elapsed_s": 120.0, "paused": False, "waits": "",
    "slots": [SLOT],
}  # fmt: skip


def row(*, progress: dict[str, Any] | None = None, **more: Any) -> SessionRow:
    fields: dict[str, Any] = {
        "uid": "u" * 32, "session_id": "s", "chain_uid": None, "epoch": 1, "controller": ProcessIdentity("another host", 7, 9),
        "host": "there", "wanted": {"kind": "failed", "workers": 2, "group": "g", "folder": "/x"}, "asked": None,
        "progress": {**PROGRESS, **(progress or {})}, "begun_ms": 0, "beat_age_ms": 5_000, "ttl_ms": 60_000, "ended_ms": None,
        "status": None, **more,
    }  # fmt: skip
    return SessionRow(**fields)


@pytest.mark.parametrize(
    ("alive", "age_ms", "paused", "state"),
    [
        (True, 5_000, False, ALIVE), (None, 5_000, False, ALIVE), (True, 90_000, False, ALIVE), (True, 5_000, True, PAUSED),
        (None, 60_001, False, SILENT), (None, 60_000, False, ALIVE), (None, 90_000, True, SILENT), (False, 5_000, False, DIED),
        (False, 90_000, True, DIED),
    ],
)  # fmt: skip
def test_a_session_is_dead_or_silent_before_it_is_paused(alive: bool | None, age_ms: int, paused: bool, state: str) -> None:
    assert state_of(row(beat_age_ms=age_ms, progress={"paused": paused}), alive) == state


def test_rates_are_of_this_go_and_times_as_of_now() -> None:
    found = to_fields(row(), True)
    assert (found["per_minute"], found["eta_s"]) == (2.0, 115.0), (
        "four of this go in two minutes; four are left, less the beat's age"
    )
    assert found["slots"] == [{**SLOT, "for_s": 15.0}]
    assert (found["beat_age_s"], found["processed"], found["target"]) == (5.0, 6, 10)
    odd = to_fields(row(progress={"processed": 3, "elapsed_s": 70.0}, beat_age_ms=1_234), True)
    assert (odd["per_minute"], odd["beat_age_s"]) == (0.857, 1.234)


@pytest.mark.parametrize(
    ("given", "alive"),
    [
        ({"progress": {"processed": 2}}, True),
        ({"progress": {"elapsed_s": 0.0}}, True),
        ({"progress": {"paused": True}}, True),
        ({"beat_age_ms": 90_000}, None),
        ({}, False),
    ],
    ids=["nothing done", "no time", "paused", "silent", "died"],
)
def test_nothing_is_foreseen_of_a_session_that_does_not_go_on(given: dict[str, Any], alive: bool | None) -> None:
    assert to_fields(row(**given), alive)["eta_s"] is None


def test_of_a_dead_process_nothing_runs_and_its_figures_are_those_that_it_told_last() -> None:
    found = to_fields(row(), False)
    assert found["slots"] == []
    lines = list(render_status([found], NOW))
    assert lines[1] == "  6/10 · 4 ok · 2 failed · last sign of life 5 s ago"
    assert not any(line.startswith("  runs ") for line in lines)
    assert "`inv resume` continues it, `inv resume --close` ends it" in lines[-1]


def test_of_a_dead_process_the_results_are_those_of_the_ledger() -> None:
    counted = SessionCounts(processed=9, succeeded=7)
    found = to_fields(row(progress={"retries": 1}), False, counted)
    assert [found[name] for name in ("processed", "succeeded", "failed", "retries", "target")] == [9, 7, 2, 0, 10]
    assert list(render_status([found], NOW))[1] == "  9/10 · 7 ok · 2 failed · last sign of life 5 s ago"
    pruned = to_fields(row(), False, SessionCounts(processed=1, succeeded=1))
    assert (pruned["processed"], pruned["succeeded"]) == (6, 4), "`inv prune` removed attempts since"


@pytest.mark.parametrize(
    ("processed", "succeeded", "counts"), [(6, 4, (4, 2, 1)), (6, 5, (5, 1, 0)), (7, 4, (4, 3, 1))],
    ids=["nothing came", "it succeeded", "another failed"],
)  # fmt: skip
def test_a_retry_that_a_dead_process_left_is_still_to_come_unless_the_ledger_has_its_success(
    processed: int, succeeded: int, counts: tuple[int, ...]
) -> None:
    told = row(progress={"processed": 6, "succeeded": 4, "failed": 1, "retries": 1})
    found = to_fields(told, False, SessionCounts(processed=processed, succeeded=succeeded))
    assert tuple(found[name] for name in ("succeeded", "failed", "retries")) == counts


def test_what_a_late_sign_of_life_told_is_told_as_past() -> None:
    wanted = {"kind": "failed", "beat_s": 15.0}
    heard, late = (to_fields(row(wanted=wanted, beat_age_ms=age_ms), True) for age_ms in (30_000, 30_001))
    assert (heard["is_overdue"], late["is_overdue"], late["eta_s"]) == (False, True, None)
    assert list(render_status([late], NOW))[1:] == [
        "  6/10 · 4 ok · 2 failed · 2.0 phases per minute · last sign of life 30 s ago",
        "  It should give one every 15 s: it may be suspended, or can't reach the database",
        "  ran r / p 30 s ago, for 10 s by then, attempt 2",
    ]
    now = to_fields(row(wanted=wanted, beat_age_ms=100), True)
    assert list(render_status([now], NOW))[2:] == ["  runs r / p for 10 s, attempt 2"]


@pytest.mark.parametrize("odd", ["x", None, [1], float("nan"), 1e300, {"a": 1}])
def test_what_somebody_wrote_into_the_row_counts_as_nothing(odd: object) -> None:
    found = to_fields(
        row(progress=dict.fromkeys(PROGRESS, odd), wanted=dict.fromkeys(("kind", "workers", "group"), odd)), True
    )
    assert (found["processed"], found["per_minute"], found["slots"], found["workers"]) == (0, None, [], 0)
    assert "\n".join(render_status([found], NOW))


def test_people_read_who_asked_for_what_and_where_it_waits() -> None:
    asked = Asked(number=1, ask=Ask.STOP, by="me@\x1b[2Jhere", reason="", at_ms=0)
    found = to_fields(row(asked=asked, progress={"waits": "command.runs_per_minute (6)", "slots": [SLOT] * 26}), True)
    lines = list(render_status([found], NOW))
    assert lines[:3] == [
        "s  running on there, process 7, group g",
        "  6/10 · 4 ok · 2 failed · 2.0 phases per minute · ETA 2 min (09:28) · as of 5 s ago",
        "  Waits: command.runs_per_minute (6)",
    ]
    assert lines[3] == "  ran r / p 5 s ago, for 10 s by then, attempt 2"
    assert lines[-2:] == ["  and 2 more", "  stop asked by me@\\x1b[2Jhere"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (99.4, "99 s"), (100, "2 min"), (5_969, "99 min"), (6_000, "1 h 40 min"), (7_500, "2 h 05 min")],
)
def test_a_span_is_said_in_the_unit_that_it_is_long_in(seconds: float, said: str) -> None:
    assert to_span(seconds) == said


def test_a_session_of_another_host_lives_in_the_list_only_while_it_gives_signs_of_life() -> None:
    silent, heard = row(beat_age_ms=90_000), row()
    ended = replace(heard, status="complete", ended_ms=86_400_000)
    left, stopped = replace(ended, status="interrupted"), replace(ended, status="stopped")
    found = [_row_of(one, []) for one in (silent, heard, ended, left, stopped)]
    assert [(one["status"], one["alive"]) for one in found] == [
        ("running", False), ("running", True), ("complete", False), ("interrupted", False),
        ("stopped", False),
    ]  # fmt: skip
    assert [one["completed_at"] for one in found] == [None, None, "1970-01-02T00:00:00Z", None, "1970-01-02T00:00:00Z"]
    assert {one["success_rate"] for one in found} == {4 / 6}
