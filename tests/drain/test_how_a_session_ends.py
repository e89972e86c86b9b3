"""What a session is called at its end, by what ended it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain import close as room
from batchdrain.drain.close import close_after, close_session
from batchdrain.model.errors import DatabaseUnavailable, FilesUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.remainder import Remainder
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Status
from tests.drain.judging import settings_of
from tests.sessions.files import START, add, on_disk, result

STOP = Skip("stop.max_consecutive_failures", "3 failures in a row")
AWAY = DatabaseUnavailable("away", remedy="wait")


class Ending:
    """A drain that has come to its end, and how."""

    def __init__(self, record: SessionRecord, patch: pytest.MonkeyPatch) -> None:
        self.record, self.heads = record, list[str]()
        patch.setattr(room, "keep_head", lambda _, session: self.heads.append(session.status.value))
        self.stops = SimpleNamespace(failure=None, stopped=None, left=None)
        self.chooser = SimpleNamespace(taken=2)
        self.shutdown: Any = SimpleNamespace(signal=None, name="SIGINT", exit_code=None)
        self.remainder = Remainder()
        self.most: int | None = 5
        self.is_done = False
        self.executed = 0
        self.ended_at: datetime | None = None
        self.put_off = 0

    def close(self) -> tuple[str, str | None]:
        outage = SimpleNamespace(retry=lambda work, meanwhile: work())
        it: Any = SimpleNamespace(
            record=self.record,
            project=None,
            request=SimpleNamespace(settings=settings_of(), flags=frozenset(), most=5, fail_if_nothing=False),
            backlog=SimpleNamespace(count=lambda: self.remainder, waiting=0, skipped=Counter()),
            most=self.most,
            whole=None
            if not self.put_off
            else SimpleNamespace(settings=settings_of(), flags=frozenset(), most=5, fail_if_nothing=False),
            less=SimpleNamespace(may_leave_out=self.put_off > 0),
            put_off=self.put_off,
            ended_at=self.ended_at,
        )
        drain: Any = SimpleNamespace(
            finisher=SimpleNamespace(outage=outage, refused=None), claimer=SimpleNamespace(refused=None),
            stops=self.stops, chooser=self.chooser, executed=self.executed, orphaned=set(),
        )  # fmt: skip
        drain.is_done = lambda waiting: self.is_done
        close_session(it, drain, self.shutdown)
        found = on_disk(self.record)
        assert self.heads == [found["status"]], "the ledger has the session as it ended"
        return found["status"], found["stopped_because"]


@pytest.fixture
def ending(record: SessionRecord, monkeypatch: pytest.MonkeyPatch) -> Ending:
    return Ending(record, monkeypatch)


def test_a_session_that_found_no_more_is_complete(ending: Ending) -> None:
    assert ending.close() == ("complete", None)


@pytest.mark.parametrize(("executed", "stays"), [(0, True), (1, False)])
def test_a_resume_that_executed_nothing_leaves_the_time_at_which_it_had_ended(
    ending: Ending, executed: int, stays: bool
) -> None:
    ending.ended_at, ending.executed = START, executed
    assert ending.close() == ("complete", None)
    assert (ending.record.session.completed_at == START) is stays


def test_a_stop_condition_stops_it(ending: Ending) -> None:
    ending.stops.stopped = STOP
    assert ending.close() == ("stopped", "stop.max_consecutive_failures: 3 failures in a row")


def test_an_error_interrupts_it_whatever_had_stopped_it(ending: Ending) -> None:
    ending.stops.stopped, ending.stops.failure = STOP, AWAY
    assert ending.close()[0] == "interrupted"
    assert "away" in (ending.record.session.stopped_because or "")
    assert on_disk(ending.record)["drain_exit_code"] == 75


def test_a_signal_interrupts_it_whatever_else_came(ending: Ending) -> None:
    ending.stops.stopped, ending.stops.failure = STOP, AWAY
    ending.shutdown.signal, ending.shutdown.exit_code = 2, 130
    assert ending.close() == ("interrupted", "SIGINT")
    assert on_disk(ending.record)["drain_exit_code"] == 130


def test_a_smaller_size_of_one_go_leaves_it_open(ending: Ending) -> None:
    ending.most, ending.chooser.taken = 2, 2
    assert ending.close() == ("interrupted", "--batch-size 2 of this call is reached")


def test_the_time_of_one_go_leaves_it_open(ending: Ending) -> None:
    ending.stops.left = Skip("--max-total-minutes", "5 minutes of this time are over")
    assert ending.close() == ("interrupted", "--max-total-minutes: 5 minutes of this time are over")


@pytest.mark.parametrize(
    "stop",
    [
        Skip("stop.max_total_minutes", "1 minute is over"),
        STOP,
        Skip("--stop-on-first-failure", "r / p4"),
    ],
    ids=lambda stop: stop.rule,
)
def test_what_would_stop_it_with_its_last_phase_leaves_it_complete(ending: Ending, stop: Skip) -> None:
    ending.stops.stopped, ending.is_done = stop, True
    assert ending.close() == ("complete", None)


def test_time_that_is_over_with_the_last_phase_leaves_it_complete(ending: Ending) -> None:
    ending.stops.left, ending.is_done = Skip("--max-total-minutes", "5 minutes of this time are over"), True
    assert ending.close() == ("complete", None)


def test_a_command_that_is_broken_is_told_of_even_where_nothing_is_left(ending: Ending) -> None:
    ending.stops.stopped, ending.is_done = Skip("stop.same_new_failure", "it fails the same way"), True
    assert ending.close() == ("stopped", "stop.same_new_failure: it fails the same way")


def test_the_first_failure_of_a_chain_stops_it_though_its_part_is_done(ending: Ending) -> None:
    ending.record.session.chain_uid = "chain"
    ending.stops.stopped, ending.is_done = Skip("--stop-on-first-failure", "r / p4"), True
    assert ending.close() == ("stopped", "--stop-on-first-failure: r / p4")


def test_its_own_size_completes_it(ending: Ending) -> None:
    for number in range(5):
        add(ending.record, result(number))
    ending.most, ending.chooser.taken = 2, 2
    assert ending.close() == ("complete", None)


def test_a_retry_that_this_call_leaves_out_keeps_a_session_open_whose_batch_is_full(ending: Ending) -> None:
    for number in range(5):
        add(ending.record, result(number))
    ending.put_off = 1
    assert ending.close() == ("interrupted", "the flags of this call exclude the rest")


def test_what_was_left_out_is_counted_but_for_what_was_asked_for(ending: Ending) -> None:
    for number in range(2):
        add(ending.record, result(number, success=False, initial_state="FAILED", final_state="FAILED"))
    skipped = Counter({Skip("accepted", "known"): 2, Skip("--run-id", "not r"): 7, Skip("stop.max_repeats", "x"): 1})
    attempted = frozenset(PhaseKey("r", f"p{number}") for number in range(2))
    ending.remainder = Remainder(total=16, attempted=attempted, skipped=skipped)
    ending.close()
    assert [(one["rule"], one["count"]) for one in on_disk(ending.record)["skipped"]] == [
        ("accepted", 2), ("stop.max_repeats", 1),
    ]  # fmt: skip
    balance = on_disk(ending.record)["balance"]
    assert (balance["accepted"], balance["filtered"], balance["skipped"], balance["waiting"]) == (2, 7, 1, 4)
    assert (balance["still_failing"], balance["not_reached"]) == (2, 12)


def test_what_fails_at_the_end_leaves_it_interrupted_and_changes_no_end_that_is_known(record: SessionRecord) -> None:
    close_after(record, FilesUnavailable("no room", remedy="make some"))
    assert record.session.status is Status.INTERRUPTED
    assert "no room" in (record.session.stopped_because or "")
    close_after(record, KeyError("x"))
    assert "no room" in (record.session.stopped_because or "")


def test_an_error_without_words_is_told_by_its_kind(record: SessionRecord) -> None:
    close_after(record, KeyError())
    assert record.session.stopped_because == "KeyError"


@pytest.mark.parametrize(
    ("whole", "leaves_out", "put_off", "waiting", "is_left"),
    [
        (True, True, 1, 0, True), (True, True, 0, 1, True), (True, True, 0, 0, False), (True, False, 1, 1, False), (False, True, 1, 1, False),
    ],
)  # fmt: skip
def test_what_a_narrower_go_leaves_out_keeps_its_session_open(
    monkeypatch: pytest.MonkeyPatch, whole: bool, leaves_out: bool, put_off: int, waiting: int, is_left: bool
) -> None:
    rest = SimpleNamespace(refresh=lambda _: None, waiting=waiting)
    monkeypatch.setattr(room, "backlog_for", lambda *_: rest)
    it: Any = SimpleNamespace(
        whole="whole" if whole else None, less=SimpleNamespace(may_leave_out=leaves_out), put_off=put_off, project=None,
        record=SimpleNamespace(counts=None),
    )  # fmt: skip
    assert room._is_left_out(it) is is_left
