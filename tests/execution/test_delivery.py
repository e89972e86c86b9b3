"""Who may begin an order that went to an engine, and what an engine offers besides `submit`."""

from __future__ import annotations

import json
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution import tickets
from batchdrain.execution.delivery import Delivery
from batchdrain.execution.engines.own_threads import interrupt_own
from batchdrain.execution.engines.protocol import capabilities_of
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.messages import Terms
from batchdrain.execution.process_identity import identify_self
from tests.execution.orders import Make

TOKEN = "a.b.1"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    found = str(tmp_path / "tickets-a")
    tickets.make_folder(found)
    return found


def delivery_of(folder: str, first: Any = None, lease_s: float | None = None) -> Delivery:
    terms = Terms(session="s", tickets=folder, landmark="", shares_files=True, back_bytes=1, lease_s=lease_s)
    return Delivery(folder=folder, first=first, call=lambda message: message, terms=terms)


def test_an_order_is_withdrawn_once_and_not_after_somebody_began_it(folder: str) -> None:
    delivery = delivery_of(folder)
    delivery.prepare(TOKEN)
    assert not delivery.may_have_begun(TOKEN)
    assert [delivery.withdraw(TOKEN), delivery.withdraw(TOKEN)] == [True, False]
    assert delivery.may_have_begun(TOKEN)
    other = "a.c.1"
    assert tickets.draw(folder, other, identify_self())
    assert not delivery.withdraw(other)
    assert tickets.draw(folder, "a.d.1", None)
    assert delivery.may_have_begun("a.d.1"), "who drew it is not asked"
    (Path(folder) / "a.e.1").touch()
    assert delivery.may_have_begun("a.e.1"), "whoever drew it died over it"


def test_the_message_of_an_order_has_the_terms_of_its_session(folder: str, order: Make) -> None:
    message = json.loads(delivery_of(folder, lease_s=5.0).message_of(order("pass")))
    assert (message["session"], message["tickets"], message["lease_s"]) == ("s", folder, 5.0)


def test_where_an_engine_has_tickets_of_its_own_an_empty_one_is_laid_before_and_says_nothing(folder: str) -> None:
    asked: list[str] = []

    def first(token: str) -> bool:
        asked.append(token)
        return len(asked) == 1

    delivery = delivery_of(folder, first)
    delivery.prepare(TOKEN)
    assert tickets.is_drawn(folder, TOKEN)
    assert not delivery.may_have_begun(TOKEN), "it was only laid"
    assert [delivery.withdraw(TOKEN), delivery.withdraw(TOKEN)] == [True, False]
    assert asked == [TOKEN, TOKEN]
    tickets.note(folder, TOKEN, identify_self())
    assert delivery.may_have_begun(TOKEN)


@pytest.mark.parametrize("error", [OSError("away"), RuntimeError("anything"), KeyError()])
def test_what_can_not_be_told_may_have_begun(folder: str, error: Exception) -> None:
    def first(_: str) -> bool:
        raise error

    assert not delivery_of(folder, first).withdraw(TOKEN)
    assert not delivery_of(f"{folder}/none").withdraw(TOKEN)


@pytest.mark.parametrize(("lease_s", "is_told"), [(None, False), (5.0, True)])
def test_workers_hear_of_a_controller_where_they_have_a_lease(folder: str, lease_s: float | None, is_told: bool) -> None:
    assert delivery_of(folder, lease_s=lease_s).is_told is is_told


class Whole(Executor):
    shares_files = 1

    def __init__(self) -> None:
        self.pool = GuardianPool()

    def interrupt(self, *, kill: bool = False) -> None: ...

    def first(self, token: str) -> bool:
        return bool(token)

    def tell(self, call: Any, message: bytes) -> list[bytes]:
        return [call(message)]

    def capacity(self) -> int:
        return 3


def test_what_an_engine_has_is_used_and_what_it_lacks_is_known_to_lack() -> None:
    engine = Whole()
    found = capabilities_of(engine)
    assert (found.interrupt, found.first, found.tell, found.capacity) == (
        engine.interrupt,
        engine.first,
        engine.tell,
        engine.capacity,
    )
    assert (found.shares_files, found.pool) == (True, engine.pool)
    with ThreadPoolExecutor(1) as bare:
        none = capabilities_of(bare)
    assert (none.interrupt, none.first, none.tell, none.capacity) == (interrupt_own, None, None, None)
    assert (none.shares_files, none.pool) == (None, None)


def test_a_pool_of_another_kind_is_no_pool_of_guardians_and_no_files_are_none() -> None:
    engine = Whole()
    engine.pool = object()  # type: ignore[assignment]
    engine.shares_files = 0
    found = capabilities_of(engine)
    assert (found.pool, found.shares_files) == (None, False)
