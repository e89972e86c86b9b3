"""How often the file of a session is written: after each result, unless that takes too much of the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime import files
from batchdrain.sessions import late_saver
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Status
from tests.sessions.files import START, add, on_disk, result


def test_the_file_rests_for_as_long_as_its_last_replacement_demands(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, took_s = [1_000.0], [0.0]

    def slow(*_: Any) -> None:
        now[0] += took_s[0]

    monkeypatch.setattr(late_saver.time, "monotonic", lambda: now[0])  # type: ignore[attr-defined]
    monkeypatch.setattr(files, "replace", slow)
    add(record, result())
    for took_s[0], rests_s in ((0.001, 0.02), (0.02, 0.4), (5.0, 0.8)):
        record.save()
        assert record._saver._rests_until - now[0] == pytest.approx(rests_s)


def test_each_result_is_in_the_file_at_once_if_that_was_written_a_while_ago(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_saver, "LAG_S", 0.0)
    for number in range(3):
        add(record, result(number, success=number != 1, fingerprint="boom", metrics={"tokens": 2}))
        found = on_disk(record)
        assert (len(found["results"]), found["total_processed"]) == (number + 1, number + 1)
    assert (found["total_success"], found["total_failed"], found["fingerprint_counts"]) == (2, 1, {"boom": 1})
    assert found["metrics"] == {"tokens": 6.0}
    assert found["started_at"] == "2025-12-28T12:00:00Z"


def test_a_file_that_was_just_written_may_lag_but_is_exact_at_the_end(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_saver, "LAG_S", 3_600.0)
    monkeypatch.setattr(late_saver, "REST", 10**9)
    for number in range(20):
        add(record, result(number))
        events = record.path.with_suffix(".events.jsonl").read_text().splitlines()
        assert (len(events), len(on_disk(record)["results"])) == (number + 1, 1)
    record.end(Status.COMPLETE, START)
    assert on_disk(record)["total_processed"] == len(on_disk(record)["results"]) == 20


def test_the_saver_is_woken_once_for_all_results_that_it_will_save(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_saver, "LAG_S", 3_600.0)
    monkeypatch.setattr(late_saver, "REST", 10**9)
    woken, late = list[int](), record._saver._late
    for number in range(5):
        add(record, result(number))
    notify = late.notify

    def wake(count: int = 1) -> None:
        woken.append(count)
        notify(count)

    monkeypatch.setattr(late, "notify", wake)
    for number in range(5, 10):
        add(record, result(number))
    assert (woken, record._saver._is_due) == ([], True)
    record.save()
    add(record, result(10))
    assert len(woken) == 1


def test_the_saver_catches_up_by_itself(record: SessionRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_saver, "REST", 10**9)
    for number in range(2):
        add(record, result(number))
    saved = threading.Event()
    original = files.replace

    def watched(path: Path, parts: Any, mode: int = 0o600) -> None:
        original(path, parts, mode)
        saved.set()

    files.replace = watched
    try:
        add(record, result(2))
        assert saved.wait(60)
    finally:
        files.replace = original
    assert len(on_disk(record)["results"]) >= 2


def test_a_failure_is_told_once_with_the_next_result_and_then_the_saver_continues(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told although that result could be written: nobody else would write the session before its end."""
    monkeypatch.setattr(late_saver, "REST", 10**9)
    add(record, result(0))
    record.path.unlink()
    record.path.mkdir()
    add(record, result(1))
    assert record._saver._thread is not None
    record._saver._thread.join(60)
    record.path.rmdir()
    with pytest.raises(FilesUnavailable, match="Is a directory"):
        add(record, result(2))
    assert len(on_disk(record)["results"]) == 3
    add(record, result(3))
    assert record._saver._thread is not None
    record.end(Status.INTERRUPTED, START, "a full disk")
    assert (len(on_disk(record)["results"]), on_disk(record)["status"]) == (4, "interrupted")


def test_the_saver_writes_nothing_that_another_save_has_written_meanwhile(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_saver, "LAG_S", 3_600.0)
    monkeypatch.setattr(late_saver, "REST", 10**9)
    for number in range(2):
        add(record, result(number))
    assert record._saver._is_due, "the second result waits for the saver"
    assert len(on_disk(record)["results"]) == 1
    record.save()
    before = record.path.stat().st_ino
    assert (record._saver._is_due, record._saver._save_if_due(), record.path.stat().st_ino) == (False, True, before)
    add(record, result(2))
    assert record._saver._save_if_due()
    assert (record.path.stat().st_ino != before, len(on_disk(record)["results"])) == (True, 3)


@pytest.mark.parametrize(("bytes_each", "at_once"), [(1_500_000, False), (1_200_000, True)])
def test_a_small_session_that_has_rested_is_on_disk_at_once_and_a_large_one_lags(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch, bytes_each: int, at_once: bool
) -> None:
    monkeypatch.setattr(record._saver, "ask", lambda: None)
    monkeypatch.setattr(late_saver, "LAG_S", 0.0)
    for number in range(2):
        record.add(result(number, success=False, error_message="x" * bytes_each), {})
    record.save()
    add(record, result(2, success=False, error_message="x" * bytes_each))
    assert (len(on_disk(record)["results"]) == 3) is at_once


def test_where_no_thread_can_be_started_each_result_is_saved_at_once(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(work: Callable[[], None], name: str) -> threading.Thread:
        raise FilesUnavailable("no thread")

    monkeypatch.setattr(late_saver, "begin", refuse)
    monkeypatch.setattr(late_saver, "REST", 10**9)
    for number in range(3):
        add(record, result(number))
        assert len(on_disk(record)["results"]) == number + 1


def test_the_saver_waits_until_the_file_has_rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock of the test's own."""
    saver, now = late_saver.LateSaver(lambda: None), 100.0
    waited: list[float | None] = []
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def wait(condition: Callable[[], bool], timeout: float | None = None) -> bool:
        waited.append(timeout)
        saver._is_closed = len(waited) == 5
        return condition()

    monkeypatch.setattr(saver._late, "wait_for", wait)
    saver._rests_until = 100.3
    saver._save = lambda: setattr(saver, "_rests_until", 90.0)
    saver._is_due = True
    saver._run()
    assert waited == [None, pytest.approx(0.3), None, 0.0, None]
