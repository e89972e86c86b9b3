"""Session files that anything may have happened to: told with their place, never overwritten, never followed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.telling import refused, snapshot, told
from tests.sessions.files import HEAD, put
from tests.support.soaking import soak
from tests.support.workplace import Workplace

WHOLE = json.dumps(HEAD).encode()
BROKEN: dict[str, bytes] = {
    "empty": b"",
    "truncated": WHOLE[:-20],
    "list": b"[]",
    "null": b"null",
    "nan": WHOLE.replace(b"null", b"NaN"),
    "deep": b"[" * 100_000,
    "digits": WHOLE.replace(b'"batch_size": 3', b'"batch_size": ' + b"9" * 5_000),
    "twice": WHOLE.replace(b"{", b'{"results": [],', 1),
    "utf16": WHOLE.decode().encode("utf-16"),
    "bom": b"\xef\xbb\xbf" + WHOLE,
    "latin1": WHOLE.replace(b'"s"', b'"\xe9"'),
    "newer": WHOLE.replace(b"{", b'{"schema_version": 99,', 1),
}


def _huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 65 * 1024 * 1024)


ODD: dict[str, Callable[[Path], None]] = {
    "link": lambda path: path.symlink_to("../../../secret.json"),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "fifo": os.mkfifo,
    "folder": Path.mkdir,
    "huge": _huge,
}


@pytest.fixture
def broken(sqlite_project: Workplace, tmp_path: Path) -> Workplace:
    """A folder with a good session between all kinds of bad ones."""
    sqlite_project.fail("r/a")
    put(sqlite_project, "good")
    (tmp_path / "secret.json").write_bytes(WHOLE)
    for name, content in BROKEN.items():
        (sqlite_project.sessions / f"{name}.json").write_bytes(content)
    for name, make in ODD.items():
        make(sqlite_project.sessions / f"{name}.json")
    return sqlite_project


def test_sessions_that_can_not_be_read_are_listed_with_why(broken: Workplace) -> None:
    before = snapshot(broken)

    ran = broken.inv("sessions")
    as_json = broken.inv("sessions", "--format=json")

    assert (ran.code, ran.err, as_json.code) == (0, "", 0)
    assert snapshot(broken) == before
    rows = {row["session_id"]: row.get("error", "") for row in as_json.json()}
    assert {name for name, error in rows.items() if error} == {*BROKEN, *ODD}
    assert all(f"{name}.json: " in error for name, error in rows.items() if name != "good")
    listed = [line for line in ran.lines if line.endswith(" unreadable")]
    assert len(listed) == len(BROKEN) + len(ODD)
    assert "schema_version 99 is newer" in rows["newer"]


@pytest.mark.parametrize("name", ["truncated", "deep", "digits", "newer", "link", "fifo", "folder", "huge"])
def test_a_session_that_can_not_be_read_and_is_not_in_the_ledger_is_refused(broken: Workplace, name: str) -> None:
    refused(broken, ["resume", f"--session-id={name}"], 65, f"{name}.json: ")


def test_the_good_session_is_found_between_the_bad_ones(broken: Workplace) -> None:
    assert "Session ID: good" in broken.inv("summary", "--session-id=good").lines
    assert broken.inv("resume", "--session-id=good").code == 0
    assert broken.states() == {"r/a": "COMPLETE"}


def test_a_torn_session_is_not_passed_over_in_silence(sqlite_project: Workplace) -> None:
    """`inv resume` without a name must not say that nothing is to be resumed, nor take an older one unasked."""
    sqlite_project.fail("r/a")
    put(sqlite_project, "batch-drain-20251228-120000").write_bytes(BROKEN["truncated"])
    for task in ("resume", "summary"):
        refused(sqlite_project, [task], 65, "batch-drain-20251228-120000.json")


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "queued", "filters": {"max_batches": "x"}},
        {"kind": "queued", "filters": {"max_batches": [1]}},
        {"kind": "queued", "filters": {"max_batches": -1}},
        {"filters": {"exclude_runs": 5}},
        {"filters": {"categories": ["nope"]}},
        {"filters": {"plan": [{"run_id": 1}]}},
        {"settings": {"timeout": 5}},
        {"session_uid": "x\0y"},
        {"batch_size": 10**30},
    ],
    ids=str,
)
def test_an_intent_that_makes_no_sense_is_bad_data(sqlite_project: Workplace, fields: dict[str, Any]) -> None:
    sqlite_project.fail("r/a")
    path = put(sqlite_project, **fields)
    before = path.read_bytes()
    told(sqlite_project.inv("resume"), 65)
    assert path.read_bytes() == before
    assert sqlite_project.states() == {"r/a": "FAILED"}


def test_a_uid_that_the_ledger_can_not_keep_is_bad_data(project: Workplace) -> None:
    project.fail("r/a")
    put(project, session_uid="x" * 100)
    told(project.inv("resume"), 65, "s.json")
    assert project.states() == {"r/a": "FAILED"}


@pytest.mark.parametrize("started", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_date_beyond_the_calendar_does_not_break_the_list(sqlite_project: Workplace, started: str) -> None:
    put(sqlite_project, "good")
    put(sqlite_project, "odd", started_at=started)
    ran = sqlite_project.inv("sessions")
    assert (ran.code, ran.err) == (0, "")
    assert {"good", "odd"} <= {line.split()[0] for line in ran.lines if line}


def test_times_without_a_zone_are_utc_wherever_we_are(sqlite_project: Workplace) -> None:
    """As the earlier program wrote them: else the wrong session is the newest, and is resumed."""
    put(sqlite_project, "older", started_at="2025-12-28T12:00:00")
    put(sqlite_project, "newer", started_at="2025-12-28T13:00:00Z")
    ran = sqlite_project.inv("sessions", env={"TZ": "America/New_York"})
    assert [line.split()[0] for line in ran.lines[1:3]] == ["newer", "older"]
    assert sqlite_project.inv("sessions", "--format=json").json()[1]["started_at"] == "2025-12-28T12:00:00Z"


def test_a_retry_time_without_a_zone_does_not_break_a_resume(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    put(sqlite_project, results=[{"run_id": "r", "phase_id": "a", "retry_at": "2025-12-28T12:00:00"}])
    ran = sqlite_project.inv("resume")
    assert "Traceback" not in ran.err
    assert ran.code in {0, 65}


@pytest.mark.parametrize("other", ["../../../pwned", "other", "\x1b]0;title\x07"], ids=["outside", "another", "escape"])
def test_a_file_that_names_another_session_is_no_session(sqlite_project: Workplace, other: str) -> None:
    """The id in a file names folders and locks, and is shown: it must be the file's own."""
    sqlite_project.fail("r/a")
    put(sqlite_project, session_id=other)
    before = snapshot(sqlite_project)

    ran = sqlite_project.inv("resume", "--session-id=s")
    looks = [sqlite_project.inv("sessions"), sqlite_project.inv("summary", "--session-id=s")]

    told(ran, 65, "s.json")
    assert not any("\x1b" in look.out + look.err for look in looks)
    assert set(snapshot(sqlite_project)) == set(before)
    assert sqlite_project.states() == {"r/a": "FAILED"}
    assert (sqlite_project.sessions / "s.json").read_bytes() == before[str(sqlite_project.sessions / "s.json")]


def test_numbers_beyond_all_bounds_can_be_read_again_after_a_resume(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    path = put(sqlite_project)
    path.write_bytes(WHOLE.replace(b"[]", b'[{"run_id": "r", "phase_id": "b", "phase_index": 9%s, "metrics": {"x": 1e999}}]'
                                   % (b"9" * 400)))  # fmt: skip
    before = path.read_bytes()
    ran = sqlite_project.inv("resume")
    if ran.code == 65:
        assert path.read_bytes() == before
        return
    assert "Traceback" not in ran.err
    told(sqlite_project.inv("summary", "--session-id=s", "--format=json"), 0)


@pytest.mark.parametrize("version", ["99", 99.0, 1.0, True, None, [1]], ids=repr)
def test_a_schema_version_that_is_no_whole_number_is_refused_and_left_alone(
    sqlite_project: Workplace, version: object
) -> None:
    """We do not know what such a file means, and would write it back as one of ours."""
    sqlite_project.fail("r/a")
    path = put(sqlite_project, schema_version=version)
    before = path.read_bytes()
    for task in ("resume", "summary"):
        told(sqlite_project.inv(task), 65, "s.json", "schema_version")
    assert path.read_bytes() == before
    assert sqlite_project.states() == {"r/a": "FAILED"}


@pytest.mark.parametrize(
    "fields",
    [
        {"total_success": 10**400, "total_processed": 10**400},
        {"total_failed": -1},
        pytest.param({"total_success": "9" * 400}, marks=soak),
        {"unknown": 10**30},
        pytest.param({"balance": {"new": 10**30}}, marks=soak),
        pytest.param({"fingerprint_counts": {"x": 10**30}}, marks=soak),
        {"results": [{"run_id": "r", "phase_id": "a", "exit_code": 10**30}]},
        {"filters": {"x": json.loads('{"a":' * 600 + "1" + "}" * 600)}},
        pytest.param({"filters": {"x": json.loads("[" * 600 + "]" * 600)}}, marks=soak),
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_one_odd_session_hides_no_other_and_breaks_no_report(sqlite_project: Workplace, fields: dict[str, Any]) -> None:
    sqlite_project.fail("r/a")
    put(sqlite_project, "good")
    path = put(sqlite_project, "odd", **fields)
    before = path.read_bytes()
    listed = sqlite_project.inv("sessions")
    assert (listed.code, listed.err) == (0, "")
    assert {"good", "odd"} <= {line.split()[0] for line in listed.lines if line}
    for argv in (["summary"], ["summary", "--format=json"], ["summary", "--format=markdown"], ["resume"]):
        told(sqlite_project.inv(argv[0], "--session-id=odd", *argv[1:]), 65, "odd.json")
    assert path.read_bytes() == before
    assert sqlite_project.inv("summary", "--session-id=good").code == 0


def test_a_retry_that_a_session_puts_off_for_ever_waits_no_longer_than_the_settings_say(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a~fail", "r/b~fail")
    sqlite_project.inv("drain", "--batch-size=1")
    path = sqlite_project.session_files()[-1]
    session = json.loads(path.read_text())
    session["results"][0].update(retry_at="9999-01-01T00:00:00Z", success=False)
    path.write_text(json.dumps({**session, "status": "interrupted", "completed_at": None, "batch_size": 2}))
    ran = sqlite_project.inv("resume")
    assert ran.code == 1, ran.err
    assert sqlite_project.session()["status"] == "complete"


@pytest.mark.parametrize("ids", [("r", "a\x00b"), ("r", "x" * 200_000), ("", "x")], ids=["nul", "long", "empty"])
def test_a_retry_of_what_can_be_no_phase_is_skipped(project: Workplace, ids: tuple[str, str]) -> None:
    project.fail("r/a")
    waiting = {"run_id": ids[0], "phase_id": ids[1], "retry_at": "2025-12-28T12:00:00Z", "final_state": "FAILED"}
    put(project, results=[waiting])
    ran = project.inv("resume")
    assert "Traceback" not in ran.err
    assert "bad id" in ran.out
    assert "Trying again" not in ran.out
    assert project.states() == {"r/a": "COMPLETE"}
