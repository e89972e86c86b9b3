"""What people read has times in whole seconds, and no rate where there is nothing to take one of. What scripts read is exact."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from batchdrain.model.phase import PhaseKey
from batchdrain.planning.acceptances import Acceptance, Subject
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.reports import formats
from batchdrain.runtime import clock
from batchdrain.sessions.parse import parse
from batchdrain.sessions.session import Session
from tests.sessions.files import HEAD, put
from tests.support.workplace import Workplace

LATE = datetime(2025, 12, 28, 12, 0, 0, 987_654, UTC)
FIELDS = {"started_at": clock.to_iso(LATE), "completed_at": clock.to_iso(LATE + timedelta(hours=1))}
MICROSECONDS = re.compile(r"\d\.\d+Z")


def session(**fields: object) -> Session:
    return parse(json.dumps({**HEAD, **FIELDS, **fields}).encode(), "s")


def test_a_time_for_people_has_whole_seconds_and_is_utc() -> None:
    assert clock.to_shown(LATE) == "2025-12-28T12:00:00Z"
    assert clock.to_shown(LATE.astimezone(timezone(timedelta(hours=2)))) == "2025-12-28T12:00:00Z"


@pytest.mark.parametrize("shape", ["text", "markdown"])
def test_a_summary_has_whole_seconds_and_an_empty_session_no_rate(shape: str) -> None:
    said = formats.render_summary(session(), "sessions/s.json", shape)
    assert "2025-12-28T12:00:00Z" in said
    assert "2025-12-28T13:00:00Z" in said
    assert not MICROSECONDS.search(said)
    assert ("Success Rate: -\n" in said) is (shape == "text")
    assert ("| Success rate | - |\n" in said) is (shape == "markdown")
    assert "%" not in said


def test_the_saved_path_is_indented_by_two_whatever_its_length() -> None:
    for path in ("sessions/s.json", f"{'folder/' * 500}s.json"):
        assert formats.render_summary(session(), path, "text").splitlines()[-3:] == [
            "Session saved to:",
            f"  {path}",
            "=" * 80,
        ]


def test_json_is_exact_as_ever() -> None:
    found = json.loads(formats.render_summary(session(), "s.json", "json"))
    assert (found["started_at"], found["completed_at"]) == ("2025-12-28T12:00:00.987654Z", "2025-12-28T13:00:00.987654Z")
    assert (found["success_rate"], found["saved_to"]) == (None, "s.json")


def test_a_metric_has_no_rate_where_nobody_knows_how_long_it_took() -> None:
    result = {"run_id": "r", "phase_id": "p", "success": True, "metrics": {"tokens": 5}}
    said = formats.render_summary(session(results=[result], metrics={"tokens": 5}), "s", "text")
    assert "Metric tokens: 5 (- per minute of execution)\n" in said
    said = formats.render_summary(session(results=[{**result, "duration_s": 30}], metrics={"tokens": 5}), "s", "text")
    assert "Metric tokens: 5 (10.0 per minute of execution)\n" in said


def test_why_a_phase_is_left_out_until_a_time_is_told_in_whole_seconds() -> None:
    acceptance = Acceptance(subject=Subject(run_id="r"), reason="known", by="ann", until=LATE)
    assert str(acceptance.skip).endswith("known (ann, until 2025-12-28T12:00:00Z)")
    assert acceptance.to_note["until"] == "2025-12-28T12:00:00.987654Z"
    verdict = Verdict(key=PhaseKey("r", "p"), kind=VerdictKind.WAIT, reason="closed", until=LATE, fingerprint="", attempts=0)
    assert str(verdict) == "wait until 2025-12-28T12:00:00Z: closed"
    assert verdict.to_note["until"] == "2025-12-28T12:00:00.987654Z"


def test_the_list_of_sessions_has_no_microseconds_and_its_json_the_exact_time(sqlite_project: Workplace) -> None:
    put(sqlite_project, **FIELDS)
    listed = sqlite_project.inv("sessions")
    assert (listed.code, MICROSECONDS.search(listed.out)) == (0, None)
    assert sqlite_project.inv("sessions", "--format=json").json()[0]["started_at"] == FIELDS["started_at"]


def test_a_cluster_of_timeouts_that_was_accepted_before_stays_accepted(sqlite_project: Workplace) -> None:
    """Then the limit stood in its fingerprint."""
    sqlite_project.fail("r/p", reason="Timed out after 600 s (limit: timeout.default_s) [killed by signal 15; log: a/b]")
    cluster = sqlite_project.inv("clusters", "--format=json").json()["clusters"][0]["cluster"]
    sqlite_project.inv("accept", f"--cluster={cluster}", "--reason=known")
    [(name, value)] = sqlite_project.sql("SELECT name, value FROM batchdrain_meta WHERE name LIKE 'accepted/%'")
    note = json.loads(value)
    del note["said"]["version"], note["said"]["example"]
    note["said"] |= {"fingerprint": "timed out after * limit timeout.default_s", "cluster": "0000000000"}
    sqlite_project.sql(
        "UPDATE batchdrain_meta SET value = :value WHERE name = :name", [{"name": name, "value": json.dumps(note)}]
    )
    assert "skipped by accepted: known" in sqlite_project.inv("dry-run", "--explain").out
