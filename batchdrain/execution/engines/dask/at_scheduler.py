"""What dask's scheduler keeps for controllers: what their orders execute, tickets and answers. It travels as text: distributed alone, from Python 3.9 on.

open --its controller goes, or its connection breaks--> closed --after a while--> forgotten
A ticket is drawn in an open session only, so that an order which is delivered late finds none. Of a closed one its controller
alone draws: it learns which orders were never begun. Nothing is left here of a session that has ended.
"""

from __future__ import annotations

import asyncio
from typing import Any

from distributed.diagnostics.plugin import SchedulerPlugin

_NAME = "batchdrain-desk-2"  # of another number whenever it changes: desks of several versions stand side by side
_FORGETS_AFTER_S = 900


class Session:
    """Of one controller."""

    def __init__(self, client: str) -> None:
        self.client = client  #: the name of its connection
        self.is_open = True
        self.calls: dict[str, bytes] = {}  #: what its orders execute, pickled, by name: each worker asks for it once
        self.drawn: set[str] = set()
        self.answers: dict[int, bytes] = {}  #: by the order's number, until the controller has them
        self.news = asyncio.Event()


class Desk(SchedulerPlugin):  # type: ignore[misc] # distributed has no types
    """One a scheduler."""

    name = _NAME

    def __init__(self, scheduler: Any) -> None:
        self._loop = scheduler.loop
        self.sessions: dict[str, Session] = {}
        scheduler.handlers[f"{_NAME}/bring"] = self.bring
        scheduler.handlers[f"{_NAME}/call"] = self.call_of
        scheduler.handlers[f"{_NAME}/draw"] = self.draw
        scheduler.handlers[f"{_NAME}/post"] = self.post
        scheduler.handlers[f"{_NAME}/take"] = self.take
        scheduler.handlers[f"{_NAME}/close"] = self.close_session

    def bring(self, session: str, name: str, pickled: bytes) -> bool:
        """By its controller, before any order names it. Whether there is such a session."""
        found = self.sessions.get(session)
        if found is None:
            return False
        found.calls[name] = pickled
        return True

    def call_of(self, session: str, name: str) -> bytes | None:
        """None: its controller is gone, and nothing of it is to be executed any more."""
        found = self.sessions.get(session)
        return found.calls.get(name) if found is not None and found.is_open else None

    def draw(self, session: str, token: str, by_controller: bool = False) -> bool:
        """Whether nobody has drawn it before, and it may be drawn."""
        found = self.sessions.get(session)
        if found is None or token in found.drawn or not (found.is_open or by_controller):
            return False
        found.drawn.add(token)
        return True

    def post(self, session: str, number: int, answer: bytes) -> None:
        """The answer to an order; kept until it is taken."""
        found = self.sessions.get(session)
        if found is not None:
            found.answers.setdefault(number, answer)
            found.news.set()

    async def take(self, session: str, taken: list[int], wait_s: float) -> list[tuple[int, bytes]] | None:
        """What was posted, once there is something or the time is over. `taken`: what came with the last reply. None: there is
        no such session, as the scheduler was started anew."""
        found = self.sessions.get(session)
        if found is None:
            return None
        for number in taken:
            found.answers.pop(number, None)
        if not found.answers:
            found.news.clear()
            try:
                await asyncio.wait_for(found.news.wait(), wait_s)
            except asyncio.TimeoutError:  # noqa: UP041 - another one before Python 3.11
                return []
        return list(found.answers.items())

    def close_session(self, session: str) -> None:
        """Its controller has ended: nothing is kept."""
        self.sessions.pop(session, None)

    def remove_client(self, scheduler: Any, client: str) -> None:  # noqa: ARG002 - as of the plugin
        """Its controller is gone, or cut off."""
        for name, found in list(self.sessions.items()):
            if found.client == client:
                found.is_open = False
                self._loop.call_later(_FORGETS_AFTER_S, self.sessions.pop, name, None)


def open_session(session: str, client: str, dask_scheduler: Any = None) -> None:
    """For a controller that has just connected as `client`."""
    desk = dask_scheduler.plugins.get(_NAME)
    if desk is None:
        desk = Desk(dask_scheduler)
        dask_scheduler.add_plugin(desk, name=_NAME)
    desk.sessions[session] = Session(client)
