"""Who waits for the database is told so, but not of every moment."""

from __future__ import annotations

import pytest

from batchdrain.database import silence_notice
from batchdrain.database.silence_notice import SILENT_S, SilenceNotice
from tests.support.workplace import wait_for


def test_a_wait_is_told_once_it_lasts_for_seconds_and_no_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 1.0, SILENT_S - 0.1, SILENT_S])
    told, told_by_then = list[str](), list[int]()

    def clock() -> float:
        told_by_then.append(len(told))
        return next(times, SILENT_S)

    monkeypatch.setattr(silence_notice, "monotonic", clock)
    notice = SilenceNotice("sqlite:///x.db", told.append)
    notice.await_answer(600)
    wait_for(lambda: len(told_by_then) > 4, "a look at it after it was told")
    notice.close()
    assert told_by_then[:5] == [0, 0, 0, 0, 1]
    assert told == ["waiting for database sqlite:///x.db to answer, for 600 s at most (patience.operation_s)"]
