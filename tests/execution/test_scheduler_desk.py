"""What the scheduler of a dask cluster keeps: each ticket is drawn once, and by nobody but the controller once that is cut off."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution.engines.dask import at_scheduler, at_worker
from batchdrain.execution.engines.dask.at_scheduler import Desk, open_session
from batchdrain.execution.engines.dask.by_source import AT_SCHEDULER, DESK


@pytest.fixture
def scheduler() -> Any:
    plugins: dict[str, Any] = {}
    later: list[tuple[Any, ...]] = []
    return SimpleNamespace(
        loop=SimpleNamespace(call_later=lambda *call: later.append(call)),
        later=later,
        handlers={},
        plugins=plugins,
        add_plugin=lambda plugin, name: plugins.setdefault(name, plugin),
    )


def desk_of(scheduler: Any, *sessions: str) -> Desk:
    for session in sessions:
        open_session(session, f"client of {session}", dask_scheduler=scheduler)
    [desk] = scheduler.plugins.values()
    assert isinstance(desk, Desk)
    return desk


def test_a_ticket_is_drawn_once_in_each_session_that_is_open(scheduler: Any) -> None:
    desk = desk_of(scheduler, "s", "t")
    assert [desk.draw("s", "a"), desk.draw("s", "a"), desk.draw("t", "a"), desk.draw("s", "a", by_controller=True)] == [
        True, False, True, False,
    ]  # fmt: skip
    assert desk.draw("unknown", "a") is desk.draw("unknown", "a", by_controller=True) is False


def test_of_a_session_whose_controller_is_cut_off_that_alone_draws(scheduler: Any) -> None:
    """An order that comes to a worker then is executed by nobody; its controller learns that it never began."""
    desk = desk_of(scheduler, "s", "other")
    desk.remove_client(None, "client of s")
    assert (desk.draw("s", "a"), desk.draw("s", "a", by_controller=True), desk.draw("s", "a", by_controller=True)) == (
        False, True, False,
    )  # fmt: skip
    assert desk.draw("other", "a"), "another controller's session stays open"
    [(after_s, forget, *arguments)] = scheduler.later
    forget(*arguments)
    assert (after_s, sorted(desk.sessions)) == (900, ["other"])


def test_desks_of_two_versions_stand_side_by_side_at_one_scheduler(scheduler: Any) -> None:
    """A controller of tomorrow begins while one of today drains, and the other way round."""
    assert DESK == at_scheduler._NAME == at_worker._DESK
    other: dict[str, Any] = {}
    exec(AT_SCHEDULER.read_text().replace(DESK, "batchdrain-desk-0"), other)
    desk_of(scheduler, "ours")
    other["open_session"]("theirs", "client of theirs", dask_scheduler=scheduler)
    handlers = scheduler.handlers
    for name, session in ((DESK, "ours"), ("batchdrain-desk-0", "theirs")):
        assert handlers[f"{name}/draw"](session, "a"), f"the ticket of {session} is there"
    assert len(handlers) == 12


def test_what_orders_execute_is_there_for_workers_as_long_as_its_controller_is(scheduler: Any) -> None:
    desk = desk_of(scheduler, "s", "t")
    assert (desk.bring("s", "name", b"call"), desk.bring("unknown", "name", b"call")) == (True, False)
    assert (desk.call_of("s", "name"), desk.call_of("t", "name"), desk.call_of("s", "other")) == (b"call", None, None)
    desk.remove_client(None, "client of s")
    assert (desk.call_of("s", "name"), desk.call_of("unknown", "name")) == (None, None)


def test_an_answer_is_kept_until_it_was_taken_and_the_first_one_counts(scheduler: Any) -> None:
    async def tell() -> list[object]:
        desk = desk_of(scheduler, "s")
        desk.post("s", 1, b"first")
        desk.post("s", 1, b"second")
        desk.post("gone", 1, b"nobody's")
        told = [await desk.take("s", [], 0), await desk.take("s", [], 0), await desk.take("s", [1], 0)]
        waiting = asyncio.ensure_future(desk.take("s", [], 60))
        await asyncio.sleep(0)
        desk.post("s", 2, b"late")
        return [*told, await waiting, await desk.take("gone", [], 0)]

    assert asyncio.run(tell()) == [[(1, b"first")], [(1, b"first")], [], [(2, b"late")], None]


def test_nothing_is_kept_of_a_session_that_ended(scheduler: Any) -> None:
    desk = desk_of(scheduler, "s")
    desk.close_session("s")
    desk.close_session("s")
    assert (desk.sessions, desk.draw("s", "a")) == ({}, False)
