"""What a controller holds while it is not yet concluded: its runs are busy, and nothing of it is lost at the end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain import workers as room
from batchdrain.drain.in_flight import Claimed, Ended, Running
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.workers import Workers
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.errors import DatabaseUnavailable
from batchdrain.model.phase import RowState
from batchdrain.planning.filters import Filters
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Kind
from tests.drain.judging import LIMIT, claim_of, ending, row, settings_of


class Held:
    """Workers whose engine, table and clock are ours."""

    def __init__(self, record: SessionRecord, patch: pytest.MonkeyPatch) -> None:
        self.now, self.settles, self.futures, self.interrupts = 1_000.0, False, list[Future[Ending]](), 0
        patch.setattr(room, "monotonic", lambda: self.now)
        request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=settings_of(result_from="database"))
        it: Any = SimpleNamespace(record=record, request=request, project=SimpleNamespace(root=record.logs))
        capabilities = SimpleNamespace(pool=None, interrupt=self._interrupt)
        executing = SimpleNamespace(engine=self, capabilities=capabilities, delivery=None)
        services: Any = SimpleNamespace(executing=executing, remote=None)
        self.unread = set[str]()
        states: Any = SimpleNamespace(read=self._read, settle_s=5.0, may_change=lambda *_: self.settles)
        recorder: Any = SimpleNamespace(
            claimed=lambda *_: None, started=lambda *_: None, notice=lambda *_: None, settle=lambda: None
        )
        self.failures: list[Any] = []
        stops: Any = SimpleNamespace(
            wait=lambda _: None,
            has_news=False,
            fail=self.failures.append,
            signals=(0, None),
            asked=None,
            stopped=None,
            is_interrupted=False,
        )
        self.workers = Workers(it, services, states, recorder, stops)

    def _read(self, running: Running) -> RowState:
        if running.scheduled.run_id in self.unread:
            raise DatabaseUnavailable("away", remedy="wait")
        return row("EXECUTING")

    def _interrupt(self) -> None:
        self.interrupts += 1
        for future in self.futures:
            if not future.done():
                future.set_result(ending(EndedBy.INTERRUPT, signal=15))

    def submit(self, call: Callable[..., Any], order: Any) -> Future[Ending]:
        self.futures.append(Future())
        return self.futures[-1]

    def begin(self, run_id: str = "r") -> None:
        phase = claim_of().phase
        claim = claim_of(phase=phase.__class__(run_id=run_id, phase_id="p", phase_index=0, state=phase.state))
        scheduled = ScheduledAttempt(0.0, 1, Choice(phase=claim.phase, reason=""))
        self.workers.execute(Claimed(scheduled=scheduled, claim=claim, limit=LIMIT, guardian=None, deadline_ms=None))

    def ended(self) -> list[Ended]:
        return list(self.workers.ended(0.0))


@pytest.fixture
def held(record: SessionRecord, monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(record, monkeypatch)


def test_a_run_is_busy_until_its_phase_is_concluded(held: Held) -> None:
    """Its command may have handed its work on: another phase of the run must not begin beside it."""
    held.begin()
    assert (held.ended(), held.workers.busy_runs, len(held.workers)) == ([], {"r"}, 1)
    held.settles = True
    held.futures[0].set_result(ending(exit_code=0))
    assert (held.ended(), held.workers.busy_runs, len(held.workers)) == ([], {"r"}, 1)
    held.settles = False
    [found] = held.ended()
    assert (held.workers.busy_runs, len(held.workers)) == (set(), 0)
    held.workers.postpone(found)
    assert (held.workers.busy_runs, len(held.workers)) == ({"r"}, 1)
    assert held.ended() == [found]


def test_a_phase_settles_for_so_long_and_no_longer(held: Held) -> None:
    held.begin()
    held.settles = True
    held.futures[0].set_result(ending(exit_code=0))
    assert held.ended() == []
    held.now += 4.9
    assert held.ended() == []
    held.now += 0.1
    assert len(held.ended()) == 1


def test_all_that_is_held_is_given_at_the_end(held: Held) -> None:
    """What runs is ended, what settles has its ending, and what is locked keeps the judgement that it has."""
    for run in "abc":
        held.begin(run)
    held.settles = True
    held.futures[0].set_result(ending(exit_code=0))
    held.futures[1].set_result(ending(exit_code=1))
    assert held.ended() == []
    held.settles = False
    first, second = held.ended()
    held.workers.postpone(first)
    held.settles = True
    held.workers._settling.append(room._Settling(second, held.now + 60))

    found = {one.running.scheduled.run_id: one.ending.by for one in held.workers.end_all()}

    assert found == {"a": EndedBy.EXIT, "b": EndedBy.EXIT, "c": EndedBy.INTERRUPT}
    assert (held.interrupts, len(held.workers), held.workers.busy_runs) == (1, 0, set())


def test_an_ending_that_raises_takes_no_other_with_it(held: Held) -> None:
    """A pool that breaks fails all its futures at once."""
    for run in "abc":
        held.begin(run)
    held.futures[0].set_result(ending(exit_code=0))
    held.futures[1].set_exception(SystemExit("no"))
    held.futures[2].set_result(ending(exit_code=1))
    with pytest.raises(SystemExit):
        held.ended()
    assert held.workers.busy_runs == {"a", "c"}

    found = {one.running.scheduled.run_id: one.ending.exit_code for one in held.workers.end_all()}

    assert found == {"a": 0, "c": 1}
    assert (len(held.workers), held.workers.busy_runs) == (0, set())


def test_what_ended_beside_an_ending_whose_conclusion_raises_is_concluded_later(held: Held) -> None:
    for run in "ab":
        held.begin(run)
    for future in held.futures:
        future.set_result(ending(exit_code=0))
    first = next(held.workers.ended(0.0)).running.scheduled.run_id
    assert (first, held.workers.busy_runs, len(held.workers)) == ("a", {"b"}, 1)
    assert [one.running.scheduled.run_id for one in held.ended()] == ["b"]


def test_what_an_engine_raises_ends_the_drain_and_not_the_controller(held: Held) -> None:
    held.begin()
    held.futures[0].set_exception(RuntimeError("the worker is gone"))
    [found] = held.ended()
    assert (found.ending.by, found.ending.message) == (EndedBy.LOST, "RuntimeError: the worker is gone")


def test_canaries_are_counted_among_what_runs(held: Held) -> None:
    held.begin("a")
    held.begin("b")
    assert cast("Any", held.workers.side_by_side()) == {"": 2}


@pytest.mark.parametrize("how", ["locked", "settling"])
def test_what_waits_beside_one_whose_conclusion_raises_is_held_still(held: Held, how: str) -> None:
    for run in "abc":
        held.begin(run)
    held.settles = how == "settling"
    for future in held.futures:
        future.set_result(ending(exit_code=0))
    for found in held.ended():
        held.workers.postpone(found)
    held.settles = False

    first = next(held.workers.ended(0.0)).running.scheduled.run_id

    assert (first, held.workers.busy_runs) == ("a", {"b", "c"})
    assert [one.running.scheduled.run_id for one in held.ended()] == ["b", "c"]


def test_what_is_postponed_again_is_given_once_a_look(held: Held) -> None:
    held.begin()
    held.futures[0].set_result(ending(exit_code=0))
    [found] = held.ended()
    held.workers.postpone(found)
    looked = 0
    for found in held.workers.ended(0.0):
        held.workers.postpone(found)
        looked += 1
    assert (looked, len(held.workers)) == (1, 1)


@pytest.mark.parametrize("unread", ["a", "b", "ab"])
def test_a_row_that_can_not_be_read_at_the_end_leaves_its_phase_to_recovery_and_keeps_no_other_from_its_end(
    held: Held, unread: str
) -> None:
    for run in "abc":
        held.begin(run)
    held.unread = set(unread)
    found = [one.running.scheduled.run_id for one in held.workers.end_all()]
    assert (found, len(held.workers)) == (sorted(set("abc") - held.unread), 0)
