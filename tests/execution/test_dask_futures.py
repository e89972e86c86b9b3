"""What becomes of the future of an order on a dask cluster: it has one end, and the word of a later delivery is no hurry."""

from __future__ import annotations

import asyncio
import itertools
import weakref
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution.engines.dask import engine as module
from batchdrain.execution.engines.dask.engine import DaskEngine

LINGERS_S = 10.0


class Task:
    """A future of dask's."""

    def __init__(self, status: str = "pending", error: BaseException | None = None) -> None:
        self.status, self._error = status, error

    def result(self) -> bytes:
        if self._error is not None:
            raise self._error
        return b"said by a later one"


class World:
    """An engine without a cluster, on a clock of its own."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        self.tasks: list[Task] = []
        self.error: BaseException | None = None
        patch.setattr(module, "monotonic", lambda: self.now_s)
        self.engine = engine = object.__new__(DaskEngine)
        engine.session, engine._lingers_s, engine._numbers = "s", LINGERS_S, itertools.count(1)
        engine._pending, engine._tasks, engine._lingering, engine._deliver = {}, {}, {}, "deliver"
        engine._over = []
        engine._brought = bytes, "bytes"
        engine.client = SimpleNamespace(scheduler_comm=self, submit=self.take, gather=self.gather)
        engine._connection = self

    def take(self, *_: Any, **__: Any) -> Task:
        if self.error is not None:
            raise self.error
        self.tasks.append(Task())
        return self.tasks[-1]

    async def gather(self, task: Task, *, asynchronous: bool) -> bytes:
        return task.result()

    def submit(self) -> Any:
        return self.engine.submit(bytes, b"")

    def end(self, at: int, status: str, error: BaseException | None = None) -> None:
        self.tasks[at].status, self.tasks[at]._error = status, error
        asyncio.run(self.engine._note_end(at + 1, self.tasks[at]))

    def look(self) -> None:
        asyncio.run(self.engine._look())

    def hand_on(self) -> None:
        asyncio.run(self.engine._hand_on())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def kept(engine: DaskEngine) -> tuple[int, int, int]:
    return len(engine._pending), len(engine._tasks), len(engine._lingering)


def test_over_another_connection_than_our_tickets_nothing_is_submitted(world: World) -> None:
    world.engine.client.scheduler_comm = "a new one"
    with pytest.raises(ConnectionError, match="was lost"):
        world.submit()
    assert (world.tasks, kept(world.engine)) == ([], (0, 0, 0))


def test_of_an_order_that_was_not_taken_nothing_is_kept(world: World) -> None:
    world.error = RuntimeError("no")
    with pytest.raises(RuntimeError, match="no"):
        world.submit()
    assert kept(world.engine) == (0, 0, 0)


def test_the_first_answer_is_the_end_and_whatever_comes_later_is_nothing(world: World) -> None:
    future = world.submit()
    world.engine._answer(1, b"first")
    world.engine._answer(1, b"second")
    world.end(0, "error", OSError("late"))
    assert (future.result(0), kept(world.engine)) == (b"first", (0, 0, 0))


def test_what_a_later_delivery_said_waits_for_the_answer_of_the_first_one(world: World) -> None:
    future = world.submit()
    world.end(0, "finished")
    world.now_s += LINGERS_S
    world.hand_on()
    assert not future.done()
    world.now_s += 0.1
    world.hand_on()
    assert (future.result(0), kept(world.engine)) == (b"said by a later one", (0, 0, 0))


def test_the_answer_of_the_first_one_counts_though_a_later_delivery_ended_before(world: World) -> None:
    future = world.submit()
    world.end(0, "finished")
    world.engine._answer(1, b"first")
    world.now_s += 2 * LINGERS_S
    world.hand_on()
    assert future.result(0) == b"first"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("error", OSError("broken")),
        ("error", asyncio.CancelledError("broken")),
        ("lost", None),
        ("cancelled", None),
    ],
)
def test_a_task_that_failed_or_was_lost_is_an_error_of_its_future_alone(
    world: World, status: str, error: BaseException | None
) -> None:
    failed, other = world.submit(), world.submit()
    world.end(0, status, error)
    with pytest.raises(OSError, match="broken" if error else "was lost"):
        failed.result(0)
    assert (other.done(), kept(world.engine)) == (False, (1, 1, 0))
    world.engine._lose_all()
    with pytest.raises(ConnectionError):
        other.result(0)


def test_dask_hears_that_an_order_is_over_at_the_next_look_and_not_between_two_orders(world: World) -> None:
    """It sends nothing else for 10 ms after each word, so the next order would wait."""
    world.submit()
    task = weakref.ref(world.tasks.pop())
    world.engine._answer(1, b"")
    assert task() is not None
    world.look()
    assert task() is None
