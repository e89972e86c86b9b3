"""What an engine of ours does with an order, and what is known of a command whose engine broke."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.engine import orders as room
from batchdrain.drain.engine.orders import GuardedOrders, Left
from batchdrain.execution.engines.local import LocalEngine
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
        assert isinstance(found, Left)


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
        assert isinstance(found, Left)
        assert "OSError: the pool is gone" in found.why
    else:
        assert found is settled
