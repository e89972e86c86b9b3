"""Orders of an engine that is not ours: what proves that one is over, what stays held, and when the engine is given up."""

from __future__ import annotations

import json
from concurrent.futures import Future
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain.engine import ticketed_orders
from batchdrain.drain.engine.errors import MOST
from batchdrain.drain.engine.orders import Left
from batchdrain.drain.engine.ticketed_orders import Patience, TicketedOrders
from batchdrain.execution import lost_executions
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.model.errors import EngineUnavailable
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime import clock

BEGINS_S, GRACE_S, LEASE_MS = 10.0, 2.0, 60_000


class World:
    """An engine, its tickets and a clock, as far as orders look at them."""

    def __init__(self, patch: pytest.MonkeyPatch, *, finish_current: bool = False, told: Any = None) -> None:
        self.now_ms = 1_000
        self.drawn: set[str] = set()  #: by a delivery
        self.withdrawn: list[str] = []
        self.ends: dict[str, Ending] = {}  #: what is found out of executions that are lost
        self.signals: tuple[int, int | None] = (0, None)
        self.failures: list[EngineUnavailable] = []
        self.notices: list[str] = []
        patch.setattr(ticketed_orders, "boottime_ms", lambda: self.now_ms)
        patch.setattr(lost_executions, "find_end", lambda folder, order, what: self.ends.get(order.token))
        patience = Patience(begins_s=BEGINS_S, grace_s=GRACE_S, finish_current=finish_current)
        stops = cast("Any", self)
        self.orders = TicketedOrders(cast("Any", None), cast("Any", self), patience, stops, self.notices.append, told)
        self.folder = ""

    def fail(self, failure: EngineUnavailable) -> None:
        self.failures.append(failure)

    def withdraw(self, token: str) -> bool:
        if token in self.drawn or token in self.withdrawn:
            return False
        self.withdrawn.append(token)
        return True

    def may_have_begun(self, token: str) -> bool:
        return token in self.drawn or token in self.withdrawn

    def running(self, token: str) -> Any:
        claim = SimpleNamespace(phase=SimpleNamespace(key=PhaseKey("r", token)))
        return SimpleNamespace(
            order=SimpleNamespace(token=token, files=None), claim=claim, claimed_ms=self.now_ms,
            held_until_ms=self.now_ms + LEASE_MS,
        )  # fmt: skip

    def look(self, *found: Any) -> list[Ending | Left]:
        return [end for _, end in self.orders.look({Future(): one for one in found})]


def answered(kind: str, message: str = "why") -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(json.dumps({"v": 1, "kind": kind, "message": message}).encode())
    return future


def failed(error: Exception) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def by(found: Ending | Left | None) -> EndedBy | None:
    assert isinstance(found, Ending)
    return found.by


def test_an_order_that_nobody_has_begun_in_time_is_withdrawn_and_costs_nothing(world: World) -> None:
    one = world.running("a")
    world.now_ms += 9_999
    assert world.look(one) == []
    world.now_ms += 1
    [found] = world.look(one)
    assert (by(found), world.withdrawn) == (EndedBy.NOT_TAKEN, ["a"])


def test_an_engine_that_begins_nothing_is_given_up_and_one_that_is_busy_is_not(world: World) -> None:
    busy = world.running("busy")
    busy.held_until_ms = 1_000_000
    world.drawn.add("busy")
    for number in range(2 * MOST):
        late = world.running(f"late{number}")
        world.now_ms += 10_000
        assert [by(end) for end in world.look(busy, late)] == [EndedBy.NOT_TAKEN]
    assert world.failures == []
    for number in range(MOST):
        assert world.failures == []
        late = world.running(f"idle{number}")
        world.now_ms += 10_000
        world.look(late)
    assert "nothing of it began within 10 s: does it have workers?" in str(world.failures[0])


def test_an_order_that_was_begun_is_waited_for_until_its_lease_is_over(world: World) -> None:
    one = world.running("a")
    world.drawn.add("a")
    world.now_ms += LEASE_MS - 1
    assert world.look(one) == []
    world.now_ms += 1
    assert world.look(one) == [Left(why="nothing was heard of its end, and its lease is over")]
    world.ends["a"] = Ending(by=EndedBy.EXIT, exit_code=0)
    assert world.look(one) == [world.ends["a"]], "its guardian kept it"


def test_what_is_left_behind_says_until_when_its_claim_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 1, 1, 12, tzinfo=UTC))
    one = world.running("a")
    world.drawn.add("a")
    world.orders.leave()
    assert world.look(one) == []
    world.now_ms += 30_000
    assert world.look(one) == [Left(why="its command may run on", until="2026-01-01T12:00:30Z")]


def test_a_future_that_failed_proves_nothing_and_its_order_is_looked_for(world: World) -> None:
    one = world.running("a")
    world.drawn.add("a")
    assert world.orders.ended(failed(OSError("gone")), one) is None
    assert (world.orders.lost, world.look()) == ([one], [])
    assert "the end of its command is waited for" in world.notices[0]
    world.ends["a"] = Ending(by=EndedBy.EXIT, exit_code=3)
    assert (world.look(), world.orders.lost) == ([world.ends["a"]], [])


def test_what_failed_before_it_began_goes_back(world: World) -> None:
    assert by(world.orders.ended(failed(OSError("gone")), world.running("a"))) is EndedBy.NOT_TAKEN
    assert (world.withdrawn, world.orders.lost) == (["a"], [])


def test_a_second_delivery_is_no_error_of_the_engine_and_equal_errors_in_a_row_are(world: World) -> None:
    for number in range(2 * MOST):
        one = world.running(f"twice{number}")
        world.drawn.add(one.order.token)
        assert world.orders.ended(answered("twice"), one) is None
    assert world.failures == []
    for number in range(MOST):
        assert world.failures == []
        world.orders.ended(answered("not_taken", "no folder"), world.running(f"refused{number}"))
    assert "3 orders in a row did not start, the last with: no folder" in str(world.failures[0])


def test_an_engine_that_executes_between_is_not_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Ending(by=EndedBy.EXIT, exit_code=1)
    for number in range(2 * MOST):
        world.orders.ended(failed(OSError("gone")), world.running(f"a{number}"))
        if number % 2:
            with monkeypatch.context() as patch:
                patch.setattr(ticketed_orders, "read_answer", lambda *_: done)
                assert world.orders.ended(answered("ended"), world.running(f"b{number}")) is done
    assert world.failures == []


@pytest.mark.parametrize(("drawn", "found"), [(False, Ending), (True, type(None))])
def test_an_order_that_the_engine_refused_may_be_executed_all_the_same(world: World, drawn: bool, found: type) -> None:
    one = world.running("a")
    world.drawn |= {"a"} if drawn else set()
    assert isinstance(world.orders.refused(one, "full"), found)
    assert world.orders.lost == ([one] if drawn else [])


def test_where_nobody_can_tell_whether_it_began_a_refused_order_stays_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "withdraw", lambda token: False)
    assert isinstance(world.orders.refused(world.running("a"), "full"), Left)


def test_what_a_signal_ended_is_given_back_on_purpose_with_what_it_left(world: World) -> None:
    one = world.running("a")
    world.drawn.add("a")
    world.orders.ended(failed(OSError("gone")), one)
    world.signals, world.ends["a"] = (1, 2), Ending(by=EndedBy.LOST, left_over=4)
    assert world.look() == [Ending(by=EndedBy.INTERRUPT, left_over=4)]


@pytest.mark.parametrize(
    ("finish_current", "signals", "leaves_after_ms"),
    [(False, 1, 3_500), (False, 2, 1_500), (True, 1, None), (True, 2, 1_500)],
)
def test_an_interrupted_drain_waits_for_the_grace_time_and_after_a_second_signal_hardly(
    monkeypatch: pytest.MonkeyPatch, finish_current: bool, signals: int, leaves_after_ms: int | None
) -> None:
    world = World(monkeypatch, finish_current=finish_current)
    one = world.running("a")
    world.drawn.add("a")
    world.signals = (signals, 2)
    assert world.look(one) == []
    world.now_ms += (leaves_after_ms or 30_000) - 1
    assert world.look(one) == []
    world.now_ms += 1
    assert [type(end) for end in world.look(one)] == ([] if leaves_after_ms is None else [Left])


def test_what_has_not_begun_when_a_signal_comes_is_given_back_at_once(world: World) -> None:
    one = world.running("a")
    world.signals = (1, 2)
    assert [by(end) for end in world.look(one)] == [EndedBy.INTERRUPT]


def test_where_workers_are_told_a_lease_that_is_over_is_proof_of_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, starved, given_up = list[str](), set[str](), list[str]()
    told = SimpleNamespace(
        note_begun=begun.append, answer_of=lambda token: None, is_starved=starved.__contains__, give_up=given_up.append,
        until_ms=lambda token: 0,
    )  # fmt: skip
    world = World(monkeypatch, told=told)
    one = world.running("a")
    world.drawn.add("a")
    world.now_ms += 2 * LEASE_MS
    assert (world.look(one), begun) == ([], ["a"]), "its lease is renewed: the claim's first one says nothing"
    starved.add("a")
    assert [by(end) for end in world.look(one)] == [EndedBy.LOST]
    starved.clear()
    world.orders.leave()
    world.now_ms += 3_500
    assert [type(end) for end in world.look(one)] == [Left]
    assert given_up == ["a"]


def test_what_no_future_tells_is_looked_for_more_often(world: World) -> None:
    one = world.running("a")
    world.drawn.add("a")
    idle = world.orders.poll_s
    world.orders.ended(failed(OSError("gone")), one)
    lost = world.orders.poll_s
    world.ends["a"] = Ending(by=EndedBy.EXIT, exit_code=0)
    world.look()
    assert (lost < idle, world.orders.poll_s) == (True, idle)
    world.orders.leave()
    assert world.orders.poll_s == lost
