"""What an engine of ours does with an order, and what is known of a command whose engine broke."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain.engine import at_work
from batchdrain.drain.engine import orders as room
from batchdrain.drain.engine.orders import GuardedOrders, Left
from batchdrain.execution.engines.local import LocalEngine
from batchdrain.execution.guardian_pool import execute
from batchdrain.execution.order import EndedBy, Ending
from tests.drain.judging import ending

RUNNING: Any = SimpleNamespace(order="order", guardian="guardian")
ORDERS = GuardedOrders(None)


def done(result: Any = None, error: BaseException | None = None) -> Future[Any]:
    found: Future[Any] = Future()
    if error is None:
        found.set_result(result)
    else:
        found.set_exception(error)
    return found


@pytest.mark.parametrize("is_withdrawn", [True, False])
def test_what_an_engine_refuses_is_given_back_only_where_it_can_never_begin(
    monkeypatch: pytest.MonkeyPatch, is_withdrawn: bool
) -> None:
    monkeypatch.setattr(room, "withdraw", lambda order: (order == "order") and is_withdrawn)
    found = ORDERS.refused(RUNNING, "it is full")
    if is_withdrawn:
        assert found == Ending(by=EndedBy.NOT_TAKEN, message="it is full")
    else:
        assert found == Left(why="it may have started, or may start later")


def test_an_ending_is_what_the_engine_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    came = ending(exit_code=3)
    assert ORDERS.ended(done(came), RUNNING) == came
    found = ORDERS.ended(done(error=CancelledError()), RUNNING)
    assert isinstance(found, Ending)
    assert (found.by, found.message) == (EndedBy.INTERRUPT, "the engine cancelled it")


def test_only_what_our_own_engine_brings_is_taken_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class of a user's that has our guardians is anybody's code."""

    class Theirs(LocalEngine):
        pass

    settled = Ending(by=EndedBy.LOST, message="settled")
    monkeypatch.setattr(room, "settle_order", lambda *_: settled)
    for make, is_foreign in ((LocalEngine, False), (Theirs, True)):
        engine = make(1)
        orders, rubbish = GuardedOrders(engine), SimpleNamespace(by="exit")
        found = orders.ended(done(rubbish), RUNNING)
        engine.shutdown()
        assert (orders.is_foreign, found is settled) == (is_foreign, is_foreign)


@pytest.mark.parametrize("settled", [Ending(by=EndedBy.LOST, message="x"), None])
def test_what_a_broken_engine_left_is_ended_and_stays_held_where_that_can_not_be(
    monkeypatch: pytest.MonkeyPatch, settled: Ending | None
) -> None:
    asked: list[tuple[Any, ...]] = []

    def settle(*given: Any) -> Ending | None:
        asked.append(given)
        return settled

    monkeypatch.setattr(room, "settle_order", settle)
    broken = OSError("the pool is gone")
    found = ORDERS.ended(done(error=broken), RUNNING)
    assert asked == [("order", "guardian", broken)]
    if settled is None:
        assert found == Left(why="processes of it can't be ended (OSError: the pool is gone)")
    else:
        assert found is settled


def test_an_order_is_given_to_be_executed_without_a_ticket_and_only_its_future_tells_of_it() -> None:
    given: list[tuple[Any, ...]] = []

    def submit(*what: Any) -> Future[Any]:
        given.append(what)
        return future

    future = done()
    orders = GuardedOrders(SimpleNamespace(submit=submit))
    assert orders.submit(RUNNING) is future
    assert given == [(execute, "order")]
    assert (orders.look({future: RUNNING}), orders.poll_s, list(orders.lost)) == ([], None, [])


@pytest.mark.parametrize("delivery", [None, "what the probe made"])
def test_an_engine_works_as_it_was_opened_and_probed(monkeypatch: pytest.MonkeyPatch, delivery: Any) -> None:
    """And it is left when the drain ends."""
    told: list[Any] = []

    @contextmanager
    def open_engine(*given: Any) -> Iterator[tuple[str, str]]:
        told.append(given)
        yield "engine", "capabilities"
        told.append("left")

    def probe(*given: Any) -> Any:
        told.append(given)
        return SimpleNamespace(delivery=lambda: delivery)

    monkeypatch.setattr(at_work, "open_engine", open_engine)
    monkeypatch.setattr(at_work, "Probe", probe)
    it: Any = SimpleNamespace(request=SimpleNamespace(settings="settings"))
    shutdown, notice = cast("Any", "shutdown"), cast("Any", "notice")
    with at_work.open_probed(it, shutdown, notice) as found:
        assert found == at_work.EngineAtWork(
            engine=cast("Any", "engine"), capabilities=cast("Any", "capabilities"), delivery=delivery
        )
        assert told == [("settings", "shutdown"), (it, "engine", "capabilities", "shutdown", "notice")]
    assert told[2:] == ["left"]
