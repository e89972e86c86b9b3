"""The orders of a drain are followed as its settings say: how long one may take to begin, and how long its end is awaited."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain.engine.choice_of_orders import make_orders
from batchdrain.drain.engine.orders import GuardedOrders, Left
from batchdrain.execution.order import EndedBy, Ending
from tests.drain.test_ticketed_orders import World

LEASE_S, GRACE_S, AFTER_GRACE_S = 45.0, 3.0, 1.5


def chosen(world: World, *, finish_current: bool = False, delivery: Any = None) -> Any:
    """The orders of a drain with these settings; without a `delivery` its guardians are our own."""
    settings = Settings.model_validate(
        {
            "lease": {"ttl_s": LEASE_S},
            "command": {"argv": ["true"], "grace_s": GRACE_S},
            "finish_current": finish_current,
        }
    )
    it = cast("Any", SimpleNamespace(request=SimpleNamespace(settings=settings)))
    used = SimpleNamespace(engine=None, delivery=delivery)
    services = cast("Any", SimpleNamespace(executing=used, remote=None))
    return make_orders(it, services, cast("Any", SimpleNamespace(notice=world.notices.append)), cast("Any", world))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(monkeypatch)
    found.orders = chosen(found, delivery=found)
    return found


def test_only_a_foreign_engine_needs_tickets(world: World) -> None:
    assert world.orders.is_foreign
    assert isinstance(chosen(world), GuardedOrders)


def test_an_order_may_begin_until_the_lease_of_its_claim_would_be_over(world: World) -> None:
    one = world.running("a")
    world.now_ms += round(LEASE_S * 1000) - 1
    assert world.look(one) == []
    world.now_ms += 1
    [found] = world.look(one)
    assert isinstance(found, Ending)
    assert found.by is EndedBy.NOT_TAKEN


@pytest.mark.parametrize("finish_current", [False, True])
def test_after_a_signal_a_command_is_awaited_for_the_grace_time_unless_it_may_finish(
    world: World, finish_current: bool
) -> None:
    world.orders = chosen(world, finish_current=finish_current, delivery=world)
    one = world.running("a")
    world.drawn.add("a")
    world.signals = (1, 2)
    assert world.look(one) == []
    world.now_ms += round((GRACE_S + AFTER_GRACE_S) * 1000) - 1
    assert world.look(one) == []
    world.now_ms += 1
    assert [type(end) for end in world.look(one)] == ([] if finish_current else [Left])
