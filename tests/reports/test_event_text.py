"""Each event of the log is one line for people: when, what, of which phase, and what is to be known of it."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.reports.event_text import to_line
from batchdrain.sessions.events import Event

COUNTS = {"total_processed": 4, "total_success": 3, "total_failed": 1}
DONE = "4 processed, 3 succeeded, 1 failed"
TOLD: list[tuple[str, dict[str, Any], str]] = [
    (Event.SESSION_STARTED, {"kind": "failed", "batch_size": 4, "host": "h"}, "up to 4 failed phases, on h"),
    (Event.SESSION_STARTED, {"kind": "queued", "batch_size": 1}, "up to 1 queued phase"),
    (Event.SESSION_STARTED, {"kind": "queued", "batch_size": None, "host": ""}, "all queued phases"),
    (Event.SESSION_RESUMED, {"done": 2, "batch_size": 5, "host": "h"}, "2 done of 5, on h"),
    (Event.SESSION_RESUMED, {"done": 0, "batch_size": None}, "0 done"),
    (Event.SESSION_PAUSED, {"wait_s": 2.5, "reason": "the database"}, "for 2.5 s: the database"),
    (Event.SESSION_PAUSED, {"wait_s": 2.5}, "for 2.5 s"),
    (Event.SESSION_ASKED, {"ask": "pause", "by": "ann@h", "reason": "deploy"}, "pause by ann@h: deploy"),
    (Event.SESSION_ASKED, {"ask": "stop"}, "stop"),
    (Event.SESSION_STOPPED, {"status": "interrupted", "because": "SIGINT", **COUNTS}, f"interrupted, SIGINT: {DONE}"),
    (Event.SESSION_STOPPED, {"status": "stopped", **COUNTS}, f"stopped: {DONE}"),
    (Event.SESSION_COMPLETED, COUNTS, DONE),
    (Event.PHASE_SELECTED, {"reason": "oldest"}, "oldest"),
    (Event.PHASE_SKIPPED, {"rule": "accepted", "value": "known", "count": 2}, "accepted: known (2 phases)"),
    (Event.PHASE_SKIPPED, {"rule": "claimed", "count": 1}, "claimed (1 phase)"),
    (Event.PHASE_SKIPPED, {"rule": "claimed", "value": "by h"}, "claimed: by h"),
    (Event.PHASE_DIAGNOSED, {"verdict": "wait", "reason": "a disk", "log_path": "l"}, "wait: a disk (log: l)"),
    (Event.PHASE_DIAGNOSED, {"verdict": None, "reason": "it died"}, "no verdict: it died"),
    (Event.PHASE_CLAIMED, {"attempt": 3}, "attempt 3"),
    (Event.PHASE_STARTED, {"timeout_s": 60, "limit": "timeout.default_s"}, "at most 60 s (timeout.default_s)"),
    (Event.PHASE_STARTED, {"timeout_s": 60}, "at most 60 s"),
    (Event.PHASE_RETRY_SCHEDULED, {"wait_s": 4, "reason": "503"}, "in 4 s: 503"),
    (Event.PHASE_FINISHED, {"final_state": "FAILED", "duration_s": 3.2, "exit_code": 4, "signal": None, "reason": "no",
                            "log_path": "l"}, "FAILED in 3.2 s, exit 4: no (log: l)"),
    (Event.PHASE_FINISHED, {"final_state": "FAILED", "duration_s": 3.2, "exit_code": 4, "reason": "no [exit 4]"},
     "FAILED in 3.2 s: no [exit 4]"),
    (Event.PHASE_FINISHED, {"final_state": "FAILED", "duration_s": 0, "exit_code": None, "signal": 9}, "FAILED in 0 s, signal 9"),
    (Event.PHASE_FINISHED, {"final_state": "COMPLETE", "exit_code": 0}, "COMPLETE, exit 0"),
    (Event.CLAIM_LOST, {"epoch": 7}, ""),
    (Event.CLAIM_RECOVERED, {"state": "FAILED", "recorded": "complete"}, "FAILED, recorded as complete"),
    (Event.CLAIM_RECOVERED, {"state": "FAILED"}, "FAILED"),
    (Event.RUN_STOPPED, {"rule": "stop.max_timeouts_per_run", "value": "2 of r"}, "stop.max_timeouts_per_run: 2 of r"),
    (Event.DATABASE_RETRIED, {"tries": 2, "error": "gone"}, "try 2: gone"),
    ("phase.mended", {"how": "so", "none": None, "at": 3, "list": [1]}, "how=so at=3 list=[1]"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "fields", "told"), TOLD)
def test_each_event_is_told_with_its_facts_and_nothing_where_it_has_none(
    event: str, fields: dict[str, Any], told: str
) -> None:
    found = {"timestamp": "2025-12-28T12:00:00.123456Z", "event": event, "session_id": "s", "session_uid": "u", **fields}
    assert to_line(found) == f"2025-12-28T12:00:00Z {event:<21}  {told}".rstrip()
    named = to_line({**found, "run_id": "r", "phase_id": "p"})
    assert named == f"2025-12-28T12:00:00Z {event:<21}  r / p{told and f': {told}'}"


def test_every_event_of_the_catalogue_has_its_words() -> None:
    assert {event for event, _, _ in TOLD} >= set(Event)
    assert len(max(Event, key=len)) == 21


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2025-12-28T12:00:00Z", "2025-12-28T12:00:00Z"),
        ("2025-12-28T12:00:59.999999Z", "2025-12-28T12:00:59Z"),
        ("2025-12-28T12:00:00", "2025-12-28T12:00:00"),
        ("soon", "soon"),
        (7, "7"),
        (None, ""),
    ],
)
def test_a_time_is_cut_to_whole_seconds_and_what_is_none_is_shown_as_it_is(at: object, shown: str) -> None:
    assert to_line({"timestamp": at, "event": "claim.lost"}) == f"{shown} claim.lost"


def test_what_is_long_is_cut_and_what_is_no_count_is_none() -> None:
    assert to_line({"event": "x" * 99}) == f" {'x' * 39}…"
    assert len(to_line({"event": "phase.selected", "reason": "y" * 999}).split()[-1]) == 500
    assert len(to_line({"event": "phase.claimed", "run_id": "r" * 999, "attempt": 1}).split()[1]) == 201
    assert to_line({"event": "session.started", "kind": "failed", "batch_size": "9"}).endswith("  all failed phases")
