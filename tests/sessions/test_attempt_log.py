"""The attempts of a session, out of its event log; and out of its results where there is no log that tells of any."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batchdrain.sessions import attempt_log
from batchdrain.sessions.attempt_log import AttemptSpan, read_attempts
from batchdrain.sessions.session import Session
from tests.sessions.files import START, result

AT_S = START.timestamp()
SESSION = Session(session_id="s", started_at=START)


def line(event: str, **fields: Any) -> str:
    return json.dumps({"event": event, "timestamp": "2025-12-28T12:00:00Z", "run_id": "r", "phase_id": "p", **fields})


def finished(**fields: Any) -> str:
    return line("phase.finished", **{"outcome": "failed", "category": "other", "duration_s": 2.5, **fields})


def span(**fields: Any) -> AttemptSpan:
    base: dict[str, Any] = {
        "run_id": "r", "phase_id": "p", "started_s": AT_S - 2.5, "duration_s": 2.5, "outcome": "failed", "category": "other",
        "limit_s": None, "host": "",
    }  # fmt: skip
    return AttemptSpan(**{**base, **fields})


@pytest.mark.parametrize(
    ("lines", "spans"),
    [
        ([finished()], [span()]),
        ([finished(outcome="complete", category=None)], [span(outcome="complete", category="")]),
        ([finished(duration_s=-3)], [span(started_s=AT_S, duration_s=0.0)]),
        ([line("session.started", host="h"), finished()], [span(host="h")]),
        ([line("session.started", host="h"), finished(), line("session.resumed", host="i"), finished()], [span(host="h"), span(host="i")]),
        ([line("session.started", host="h"), line("session.resumed"), finished()], [span()]),
        ([line("phase.started", timeout_s=60), finished()], [span(limit_s=60.0)]),
        ([line("phase.started", timeout_s=60, phase_id="q"), finished()], [span()]),
        ([line("phase.started", timeout_s=60, run_id="s"), finished()], [span()]),
        ([line("phase.started", timeout_s=60), finished(), line("phase.started", timeout_s=90), finished()], [span(limit_s=60.0), span(limit_s=90.0)]),
        ([line("phase.claimed", duration_s=9, outcome="x"), finished(phase_id="q")], [span(phase_id="q")]),
    ],
)  # fmt: skip
def test_each_attempt_that_ended_is_told_with_its_own_limit_and_the_host_that_drained_then(
    tmp_path: Path, lines: list[str], spans: list[AttemptSpan]
) -> None:
    path = tmp_path / "s.events.jsonl"
    path.write_text("".join(f"{one}\n" for one in lines))
    assert read_attempts(path, SESSION) == spans


def test_a_line_that_is_no_event_of_ours_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "s.events.jsonl"
    broken = [
        "torn", "[]", "5", "null", "[" * 100_000, finished(duration_s="long"), finished(duration_s=None), finished(timestamp="x"),
        finished(timestamp=5), json.dumps({"event": "phase.finished"}), line("phase.started", timeout_s="x"), finished(duration_s=1e400), finished(duration_s=float("nan")), line("phase.started", timeout_s=1e400),
    ]  # fmt: skip
    path.write_text("\n".join([finished(), *broken, finished(phase_id="q")]))
    assert read_attempts(path, SESSION) == [span(), span(phase_id="q")]


def test_without_a_log_the_results_tell_of_each_phase_s_last_attempt(tmp_path: Path) -> None:
    session = Session(session_id="s", started_at=START)
    session.results = [
        result(0, success=True, duration_s=2.5, category="other", run_id="r"),
        result(1, success=False, duration_s=2.5),
        result(2, success=False, duration_s=2.5, timed_out=True, category="timeout"),
        result(3, success=False),
        result(4, success=True, duration_s=1.0, timestamp=None),
        result(5, success=True, duration_s=0.0, timestamp=datetime(2025, 12, 28, 12, tzinfo=UTC)),
    ]
    expected = [
        span(phase_id="p0", outcome="complete"),
        span(phase_id="p1", category=""),
        span(phase_id="p2", outcome="timeout", category="timeout"),
        span(phase_id="p5", outcome="complete", category="", started_s=AT_S, duration_s=0.0),
    ]
    path = tmp_path / "s.events.jsonl"
    assert read_attempts(path, session) == expected
    path.write_text(line("session.started") + "\n")
    assert read_attempts(path, session) == expected
    path.unlink()
    path.symlink_to("elsewhere")
    assert read_attempts(path, session) == expected


def test_of_a_log_without_end_the_beginning_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.events.jsonl"
    path.write_text(f"{finished()}\n{finished()}\n")
    monkeypatch.setattr(attempt_log, "LARGEST", len(finished()) + 20)
    assert read_attempts(path, SESSION) == [span()]
