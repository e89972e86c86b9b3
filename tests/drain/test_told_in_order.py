"""What is told of a fact, and in which order: the event, then the file, then the screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.recorder import Recorder
from batchdrain.execution.order import EndedBy
from batchdrain.model.attempt import Finished
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import Skip
from tests.drain.judging import LIMIT, claim_of, ending, judged, settings_of

CLAIM = claim_of()
SCHEDULED = ScheduledAttempt(0.0, 1, Choice(phase=CLAIM.phase, reason="first"))


class Told:
    """Keeps what each of the three was told, in order."""

    def __init__(self) -> None:
        self.order: list[str] = []
        events = SimpleNamespace(write=lambda event, **_: self.order.append(f"event {event.value}"))
        record: Any = SimpleNamespace(events=events, add=self._add, settle=self._settle, spool=Path("spool"))
        self._is_settled = True
        self.recorder = Recorder(record, cast("Any", self))

    def _add(self, result: Any, event: Any) -> None:
        self._is_settled = False
        self.order.append("event phase.finished")

    def _settle(self) -> None:
        if not self._is_settled:
            self.order.append("file")
        self._is_settled = True

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.order.append(f"screen {name}")


@pytest.fixture
def told() -> Told:
    return Told()


def end_of(code: int) -> Finished:
    return Finished(attempt=judged(settings_of(), ending(exit_code=code)))


def test_a_result_is_on_disk_before_it_is_on_the_screen(told: Told) -> None:
    """What was printed is durable."""
    told.recorder.finished(SCHEDULED, end_of(0))
    assert told.order == ["event phase.finished"]
    told.recorder.settle()
    assert told.order == ["event phase.finished", "file", "screen finished"]


def test_a_failure_is_settled_at_once(told: Told) -> None:
    """It may have failed for want of room: then nothing more is to be claimed."""
    told.recorder.finished(SCHEDULED, end_of(1))
    assert told.order == ["event phase.finished", "file", "screen finished"]


def test_a_start_is_told_behind_what_came_before(told: Told) -> None:
    told.recorder.finished(SCHEDULED, end_of(0))
    told.recorder.selected(SCHEDULED)
    told.recorder.claimed(CLAIM)
    told.recorder.started(SCHEDULED, CLAIM, LIMIT)
    told.recorder.settle()
    assert told.order == [
        "event phase.finished", "event phase.selected", "event phase.claimed", "event phase.started", "file",
        "screen finished", "screen selected", "screen started",
    ]  # fmt: skip


def test_a_notice_comes_behind_the_results_before_it(told: Told) -> None:
    told.recorder.finished(SCHEDULED, end_of(0))
    told.recorder.notice("a word")
    assert told.order == ["event phase.finished", "file", "screen finished", "screen notice"]


def test_what_was_given_back_is_told_and_is_no_result(told: Told) -> None:
    end = Finished(attempt=judged(settings_of(), ending(EndedBy.INTERRUPT)))
    told.recorder.released(SCHEDULED, end)
    told.recorder.settle()
    assert told.order == ["event phase.finished", "screen released"]


def test_a_rule_is_told_on_the_screen_where_it_is_new(told: Told) -> None:
    new = iter([True, False])
    told.recorder._record = cast("Any", SimpleNamespace(note_once=lambda *_, **__: next(new), settle=lambda: None))
    skip = Skip("stop.max_repeats", "x")
    assert [told.recorder.skipped(skip, "a line", count=None) for _ in range(2)] == [True, False]
    assert told.order == ["screen notice"]


def test_the_guardians_copy_goes_only_once_the_sessions_file_has_the_result(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchdrain.drain.recorder.discard", lambda *_: told.order.append("spool"))
    told.recorder.discard("t.1")
    told.recorder.finished(SCHEDULED, end_of(1))
    assert told.order == ["event phase.finished", "file", "spool", "screen finished"]


def test_the_header_comes_behind_all_that_was_told_before_it_and_the_screen_may_ask_from_then_on(told: Told) -> None:
    opening: Any = None
    look: Any = None
    told.recorder.finished(SCHEDULED, end_of(0))
    told.recorder.begin(opening)
    told.recorder.watch(look)
    assert told.order == ["event phase.finished", "file", "screen finished", "screen begin", "screen watch"]


@pytest.mark.parametrize(
    ("tell", "event", "shown"),
    [
        (lambda it: it.selected(SCHEDULED), "phase.selected", "selected"),
        (lambda it: it.not_claimed(SCHEDULED, "why"), "claim.lost", "lost"),
        (lambda it: it.retry_scheduled(SCHEDULED, 1.0, "why"), "phase.retry_scheduled", "retry_scheduled"),
        (lambda it: it.recovered(Recovered(key=CLAIM.phase.key, epoch=1, state="FAILED")), "claim.recovered", "notice"),
    ],
    ids=["selected", "not claimed", "a retry", "recovered"],
)
def test_each_event_is_written_before_anybody_sees_it(
    told: Told, tell: Callable[[Recorder], object], event: str, shown: str
) -> None:
    tell(told.recorder)
    told.recorder.settle()
    assert told.order == [f"event {event}", f"screen {shown}"]
