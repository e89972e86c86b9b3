"""What an open session keeps of readings, requests, skips and logs, and what fails with it."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from batchdrain.database.ledger.history import History
from batchdrain.model.asked import Ask, Asked
from batchdrain.model.errors import BadData, FilesUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.remainder import Remainder
from batchdrain.runtime import clock
from batchdrain.sessions import old_files
from batchdrain.sessions.events import Event, EventLog
from batchdrain.sessions.parse import CorruptSession, parse
from batchdrain.sessions.progress import ResultCounts, counts_of
from batchdrain.sessions.rebuild import UnknownSession, rebuilt
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import AskedOf, Session, Status
from tests.sessions.files import HEAD, START, add, on_disk, result
from tests.sessions.test_rebuild import row

READ = Remainder(
    total=6, skipped=Counter({Skip("accepted", "x"): 1, Skip("stop.max_repeats", "v" * 3_000): 2}), attempted=frozenset()
)


def told(record: SessionRecord) -> list[dict[str, Any]]:
    place = record.path.with_suffix(".events.jsonl")
    return [json.loads(line) for line in place.read_text().splitlines()]


def test_a_reading_is_kept_as_skips_and_only_the_last_one_weighs_the_backlog(record: SessionRecord) -> None:
    record.note_reading(READ)
    assert [(one.rule, len(one.value), one.count) for one in record.session.skipped] == [
        ("stop.max_repeats", 2_000, 2), ("accepted", 1, 1),
    ]  # fmt: skip
    assert record.balance_count.balance() is None, "nothing was counted when this session began"
    record.note_reading(READ, is_last=True)
    balance = record.balance_count.balance()
    assert balance is not None
    assert (balance.failed_before, balance.accepted, balance.skipped, balance.waiting) == (6, 1, 2, 3)


def test_a_skip_is_told_once_and_its_latest_count_is_kept(record: SessionRecord) -> None:
    news = [
        record.note_once(Event.PHASE_SKIPPED, Skip("a", "v" * 3_000), count=1),
        record.note_once(Event.PHASE_SKIPPED, Skip("a", "v" * 3_000), count=2),
        record.note_once(Event.RUN_STOPPED, Skip("a", "v" * 3_000)),
        record.note_once(Event.PHASE_SKIPPED, Skip("b", ""), keep=False, count=5),
    ]
    assert news == [True, False, True, True]
    assert [(one.rule, len(one.value), one.count) for one in record.session.skipped] == [("a", 2_000, 2)]
    events = [(one["event"], one["rule"], len(one["value"]), one.get("count")) for one in told(record)]
    assert events == [
        ("phase.skipped", "a", 2_000, 1), ("run.stopped", "a", 2_000, None), ("phase.skipped", "b", 0, 5),
    ]  # fmt: skip


def test_of_very_many_requests_only_the_latest_are_kept_and_each_is_told(record: SessionRecord) -> None:
    for number in range(52):
        record.note_asked(AskedOf(ask="pause", by=f"ann{number}", reason="deploy"))
    assert [one.by for one in record.session.asked] == [f"ann{number}" for number in range(2, 52)]
    assert len(told(record)) == 52
    assert {key: told(record)[0][key] for key in ("event", "ask", "by", "reason")} == {
        "event": "session.asked", "ask": "pause", "by": "ann0", "reason": "deploy",
    }  # fmt: skip


def test_a_request_of_the_ledger_is_kept_with_its_words_and_its_time() -> None:
    kept = [
        AskedOf.of(Asked(number=1, ask=Ask.STOP_NOW, by="ann", reason=reason, at_ms=clock.to_ms(START)))
        for reason in ("", "deploy")
    ]
    assert [str(one) for one in kept] == ["stop-now by ann", "stop-now by ann: deploy"]
    assert (kept[0].at, kept[1].reason) == (START, "deploy")


def test_logs_are_told_of_the_phases_that_have_one_by_the_folder_of_their_run(record: SessionRecord) -> None:
    add(record, result(0, stderr_path="logs/a.stderr.txt"))
    add(record, result(1))
    assert record.recorded_logs() == [(PhaseKey("r", "p0"), "logs/a.stderr.txt")]
    assert record.shorten("/elsewhere/run/a.stderr.txt") == f"{record.logs}/run/a.stderr.txt"


def test_the_end_of_a_session_is_one_event_by_how_it_ended(record: SessionRecord) -> None:
    add(record, result(0))
    add(record, result(1, success=False))
    record.end(Status.STOPPED, START, "w" * 3_000, 1)
    record.end(Status.COMPLETE, START, None, 0)
    stopped, complete = told(record)[-2:]
    counts = {"total_processed": 2, "total_success": 1, "total_failed": 1}
    assert (
        stopped.items() >= {"event": "session.stopped", "status": "stopped", "because": "w" * 1_999 + "…", **counts}.items()
    )
    assert complete.items() >= {"event": "session.completed", "status": "complete", **counts}.items()
    assert "because" not in complete
    assert (on_disk(record)["drain_exit_code"], on_disk(record)["stopped_because"]) == (0, None)


def test_hosts_of_workers_are_counted_and_the_controller_s_own_is_not() -> None:
    results = [result(0, host="a"), result(1, success=False, host="a"), result(2), result(3, run_id="s", host="b")]
    session = Session(session_id="s", started_at=START, results=results)
    assert session.by_host() == {"a": (1, 2), "b": (1, 1)}
    assert session.by_run() == {"r": (2, 3), "s": (1, 1)}


@pytest.mark.parametrize(
    ("status", "completed", "current"),
    [
        (None, False, Status.INTERRUPTED),
        (None, True, Status.COMPLETE),
        (Status.RUNNING, False, Status.RUNNING),
        (Status.STOPPED, True, Status.STOPPED),
    ],
)
def test_a_file_without_a_status_has_the_one_that_follows_from_its_end(
    status: Status | None, current: Status, *, completed: bool
) -> None:
    session = Session(session_id="s", started_at=START, status=status, completed_at=START if completed else None)
    assert (session.current_status, session.is_incomplete) == (current, not completed)


def test_more_skips_than_are_kept_are_counted_together_by_their_rules(record: SessionRecord) -> None:
    session = record.session
    session.take_skips({Skip("a", f"{number:02}"): 2 for number in range(50)} | {Skip("b", "x"): 1, Skip("b", "y"): 1})
    assert len(session.skipped) == 51
    assert (session.skipped[-1].rule, session.skipped[-1].value, session.skipped[-1].count) == ("b", "", 2)
    session.note(Skip("a", "00"), None)
    session.note(Skip("a", "01"), 7)
    session.note(Skip("c", ""), 7)
    assert [one.count for one in session.skipped[:2]] == [2, 7]
    assert len(session.skipped) == 51, "no more are begun"


def test_what_another_session_of_the_chain_did_counts_for_the_limits_and_is_no_result_of_this_one() -> None:
    before = Session(session_id="a", started_at=START, active_s=30.0)
    before.results = [
        result(0, success=False, timed_out=True, fingerprint="boom", metrics={"t": 2.0}, duration_s=5.0), result(1, metrics={"t": 1.0}),
    ]  # fmt: skip
    counts = ResultCounts("t")
    counts.follow(before)
    counts = counts_of(
        Session(session_id="b", started_at=START, results=[result(2, success=False, fingerprint="boom")]), counts
    )
    progress = counts.progress()
    assert (dict(counts.places), set(counts.attempted)) == (
        {PhaseKey("r", "p2"): 0}, {PhaseKey("r", f"p{number}") for number in range(3)},
    )  # fmt: skip
    assert (progress.results, progress.successes, dict(progress.repeats), dict(progress.timeouts)) == (
        3,
        1,
        {"boom": 2},
        {"r": 1},
    )
    assert (dict(progress.spent), counts.attempts, counts.earlier_s) == ({"t": 3.0}, 0, 30.0)
    assert (progress.consecutive_failures, progress.without_metric) == (0, 0), "a resume counts rows afresh"
    assert progress.elapsed_s >= 30.0


def test_a_look_ahead_takes_a_phase_once() -> None:
    counts = ResultCounts()
    for number in (5, 6, 5):
        counts.take(PhaseKey("r", f"p{number}"))
    assert dict(counts.places) == {PhaseKey("r", "p5"): 0, PhaseKey("r", "p6"): 1}


def test_a_log_of_events_that_cannot_be_written_or_synced_names_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    log = EventLog(tmp_path / "a.jsonl", "s", None)
    calls: list[tuple[Callable[[], None], str]] = [
        (lambda: log.append(Event.PHASE_CLAIMED), "write"),
        (log.sync, "fdatasync"),
    ]
    for call, name in calls:
        with monkeypatch.context() as patched:
            patched.setattr(os, name, full)
            with pytest.raises(FilesUnavailable, match=r"a\.jsonl: No space left on device; .*results are in the ledger"):
                call()
    log.close()
    (tmp_path / "b").mkdir()
    with pytest.raises(FilesUnavailable, match="b: Is a directory"):
        EventLog(tmp_path / "b", "s", None)


def test_a_session_that_nobody_knows_says_why_its_file_was_not_enough() -> None:
    class Empty:
        def read_session_heads(self, session_id: str) -> list[str]:
            return []

    with pytest.raises(UnknownSession, match=r"s\.json: torn; the ledger does not know session s either; start a new one"):
        rebuilt(cast("History", Empty()), "s", CorruptSession("s.json: torn"), frozenset())


def test_a_session_is_rebuilt_of_its_latest_head_with_the_results_and_balance_of_the_ledger() -> None:
    """Two hosts may give the same id."""
    asked = list[str]()

    class Known:
        def read_session_heads(self, session_id: str) -> list[str]:
            head = {**HEAD, "session_id": session_id}
            balance = {"failed_before": 4, "not_reached": 4, "waiting": 4}
            late = {**head, "started_at": "2026-01-02T00:00:00Z", "session_uid": "late", "balance": balance}
            return [json.dumps(late), json.dumps({**head, "session_uid": "early"})]

        def read_session_rows(self, session_uid: str) -> list[dict[str, Any]]:
            asked.append(session_uid)
            return [row("p0", final_state="BROKEN")]

    found = rebuilt(cast("History", Known()), "s", CorruptSession("torn"), frozenset({"BROKEN"}))
    assert (found.session_uid, asked, found.total_failed) == ("late", ["late"], 1)
    assert found.balance is not None
    assert (found.balance.still_failing, found.balance.waiting, found.balance.adds_up) == (1, 3, True)


@pytest.mark.parametrize("version", ['"1"', "true", "1.0", "null"])
def test_a_version_that_is_no_number_is_not_replaced_by_ours(version: str) -> None:
    with pytest.raises(BadData, match=r"schema_version .* is no whole number"):
        parse(json.dumps(HEAD).replace("{", f'{{"schema_version": {version}, ', 1).encode(), "place")


def test_a_folder_in_which_others_make_a_lock_anew_is_theirs_and_one_that_fills_is_emptied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fd, name, rmdir = os.open(tmp_path, os.O_RDONLY), "batch-drain-20200102-030405", os.rmdir
    arrives = ["logs", "lock"]

    def race(place: str, *, dir_fd: int) -> None:
        if place == name and arrives:
            made = arrives.pop(0)
            (tmp_path / name / made).mkdir() if made == "logs" else (tmp_path / name / made).touch()
        rmdir(place, dir_fd=dir_fd)

    (tmp_path / name).mkdir()
    monkeypatch.setattr(os, "rmdir", race)
    old_files.remove_session(fd, old_files.SessionFiles(name, folder=name))
    assert (os.listdir(tmp_path / name), arrives) == (["lock"], [])
    old_files.remove_session(fd, old_files.SessionFiles(name, folder=name))
    assert os.listdir(tmp_path) == []
    os.close(fd)


def test_what_an_attempt_reported_is_spent_once_and_stays_spent(record: SessionRecord) -> None:
    add(record, result(0, success=False, metrics={"t": 2.0}, duration_s=3.0))
    add(record, result(0, metrics={"t": 5.0}, duration_s=4.0))
    assert dict(record.progress().spent) == {"t": 7.0}
    assert (record.counts.attempts, record.counts.attempts_s) == (2, 7.0)
    record.save()
    assert [(one["success"], one["duration_s"]) for one in on_disk(record)["results"]] == [(True, 4.0)]


def test_results_of_phases_that_are_tried_again_wait_until_they_are(record: SessionRecord) -> None:
    seen = [record.counts.waiting]
    for again in (START, START, None):
        add(record, result(0, success=False, retry_at=again))
        seen.append(record.counts.waiting)
    assert (seen, dict(record.counts.fixed)) == ([0, 1, 1, 0], {})


def test_each_event_carries_both_ids_of_its_session(record: SessionRecord) -> None:
    record.events.write(Event.SESSION_STARTED, kind="failed")
    [found] = told(record)
    assert (found["session_id"], found["session_uid"]) == (record.session.session_id, "u" * 32)
    assert (found["event"], found["kind"]) == ("session.started", "failed")
