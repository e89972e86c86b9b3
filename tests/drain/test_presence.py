"""What a session tells the ledger of itself while it runs, and what it hears."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.presence import Presence
from batchdrain.model.asked import Ask, Asked
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Status
from tests.drain.judging import claim_of, settings_of
from tests.sessions.files import add, result

AWAY = DatabaseUnavailable("away", remedy="wait")


class Told:
    """A presence, and a ledger that says what a test wants."""

    def __init__(self, record: SessionRecord, most: int | None = None) -> None:
        self.beats: list[Any] = []
        self.ends: list[Any] = []
        self.killed: list[str] = []
        self.answer: Asked | BatchDrainError | None = None
        rows = SimpleNamespace(begin=self._begin, beat=self._beat, end=lambda *what: self.ends.append(what))
        self.backlog = SimpleNamespace(waiting=4)
        filters = SimpleNamespace(run_id="r")
        request = SimpleNamespace(settings=settings_of(), filters=filters, group=None)
        project = SimpleNamespace(session_rows=rows)
        it: Any = SimpleNamespace(record=record, request=request, project=project, backlog=self.backlog, most=most)
        shutdown: Any = SimpleNamespace(ask_now=self.killed.append)
        self.presence = Presence(it, shutdown)

    def _begin(self, *what: Any) -> int:
        self.begun = what
        return 7

    def _beat(self, *what: Any) -> Asked | None:
        self.beats.append(what)
        if isinstance(self.answer, BatchDrainError):
            raise self.answer
        return self.answer

    def hears(self, number: int, ask: Ask) -> None:
        self.answer = Asked(number=number, ask=ask, by="me", reason="", at_ms=1)
        self.presence.beat(())

    def taken(self) -> list[Ask]:
        found = []
        while (asked := self.presence.take()) is not None:
            found.append(asked.ask)
        return found


def test_nothing_is_written_before_it_began_and_then_with_its_epoch(record: SessionRecord) -> None:
    told = Told(record)
    told.presence.beat(())
    told.presence.end()
    assert (told.beats, told.ends) == ([], [])
    told.presence.begin()
    told.presence.beat([claim_of()])
    record.session.status = Status.STOPPED
    told.presence.end()
    uid, values, wanted, _ = told.begun
    assert (uid, values["session_id"], wanted["run_id"]) == ("u" * 32, record.session.session_id, "r")
    assert values["ttl_ms"] == settings_of().lease.ttl_s * 1000
    assert told.beats[0][:2] == ("u" * 32, 7)
    assert [slot["phase_id"] for slot in told.beats[0][2]["slots"]] == ["p"]
    assert told.ends[0][:3] == ("u" * 32, 7, "stopped")


def test_each_request_is_heard_once_and_what_is_urgent_at_once(record: SessionRecord) -> None:
    told = Told(record)
    told.presence.begin()
    told.hears(1, Ask.PAUSE)
    told.hears(1, Ask.PAUSE)
    told.hears(2, Ask.CONTINUE)
    assert (told.presence.has_news, told.taken(), told.presence.has_news) == (True, [Ask.PAUSE, Ask.CONTINUE], False)
    assert told.killed == []
    told.hears(3, Ask.STOP_NOW)
    told.hears(3, Ask.STOP_NOW)
    assert ([line.split(",")[0] for line in told.killed], told.taken()) == (["`inv stop --now`"], [Ask.STOP_NOW])


def test_a_beat_that_fails_is_tried_again_with_the_next_and_ends_nothing(record: SessionRecord) -> None:
    told = Told(record)
    told.presence.begin()
    for error in (AWAY, ConfigError("no", remedy="yes")):
        told.answer = error
        told.presence.beat(())
    told.hears(1, Ask.STOP)
    assert told.taken() == [Ask.STOP]


@pytest.mark.parametrize(("error", "ends"), [(AWAY, 0), (ConfigError("no", remedy="yes"), 1), (KeyboardInterrupt(), 1)])
def test_a_database_that_is_away_is_not_waited_for_at_the_end(record: SessionRecord, error: BaseException, ends: int) -> None:
    told = Told(record)
    told.presence.begin()
    told.presence.end_after(error)
    assert len(told.ends) == ends


@pytest.mark.parametrize(("most", "target"), [(None, 7), (2, 3), (9, 7)])
def test_the_target_is_what_was_done_before_and_what_this_time_takes(
    record: SessionRecord, most: int | None, target: int
) -> None:
    add(record, result(0))
    told = Told(record, most)
    told.presence.begin()
    add(record, result(1, success=False))
    told.presence.beat([claim_of()])
    said = told.beats[0][2]
    assert (said["target"], said["before"], said["processed"], said["failed"]) == (target, 1, 2, 1)
