"""What dask's scheduler keeps for controllers: the function that their orders execute, tickets and answers. This file travels as
text: it imports only distributed and the standard library, and runs on Python 3.9 or later.

open --its controller goes, or its connection breaks--> closed --after a while--> forgotten

Workers draw tickets only in an open session, so an order that is delivered late finds none. In a closed session only its controller
draws: so it learns which orders never began. Nothing stays here of a session that has ended.
"""

from __future__ import annotations

import asyncio
from typing import Any

from distributed.diagnostics.plugin import SchedulerPlugin

_NAME = "batchdrain-desk-2"  # of another number whenever it changes: desks of several versions stand side by side
_FORGETS_AFTER_S = 900


class Session:
    """The session of one controller."""

    def __init__(self, client: str) -> None:
        self.client = client  #: the name of its connection
        self.is_open = True
        self.calls: dict[str, bytes] = {}  #: by name: what its orders execute, pickled; each worker asks for it once
        self.drawn: set[str] = set()
        self.answers: dict[int, bytes] = {}  #: by the number of the order, until the controller has them
        self.news = asyncio.Event()


class Desk(SchedulerPlugin):  # type: ignore[misc] # distributed has no types
    """Serves the sessions of all controllers; there is one in each scheduler."""

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
        """Called by the controller before any order uses the name. Returns whether the session exists."""
        found = self.sessions.get(session)
        if found is None:
            return False
        found.calls[name] = pickled
        return True

    def call_of(self, session: str, name: str) -> bytes | None:
        """The pickled function. None: its controller is gone, and nothing of it is to be executed any more."""
        found = self.sessions.get(session)
        return found.calls.get(name) if found is not None and found.is_open else None

    def draw(self, session: str, token: str, by_controller: bool = False) -> bool:
        """Draw a ticket. Returns whether nobody has drawn it before and it may be drawn."""
        found = self.sessions.get(session)
        if found is None or token in found.drawn or not (found.is_open or by_controller):
            return False
        found.drawn.add(token)
        return True

    def post(self, session: str, number: int, answer: bytes) -> None:
        """Keep the answer to an order until it is taken."""
        found = self.sessions.get(session)
        if found is not None:
            found.answers.setdefault(number, answer)
            found.news.set()

    async def take(self, session: str, taken: list[int], wait_s: float) -> list[tuple[int, bytes]] | None:
        """The answers that were posted, once there are any or the time is over. `taken`: the numbers that came with the last reply.
        None: there is no such session, because the scheduler was restarted."""
        found = self.sessions.get(session)
        if found is None:
            return None
        for number in taken:
            found.answers.pop(number, None)
        if not found.answers:
            found.news.clear()
            try:
                await asyncio.wait_for(found.news.wait(), wait_s)
            except asyncio.TimeoutError:  # noqa: UP041 - a different class before Python 3.11
                return []
        return list(found.answers.items())

    def close_session(self, session: str) -> None:
        """Forget a session whose controller has ended."""
        self.sessions.pop(session, None)

    def remove_client(self, scheduler: Any, client: str) -> None:  # noqa: ARG002 - a method of dask's plugins
        """Close the sessions of a controller that is gone or cut off."""
        for name, found in list(self.sessions.items()):
            if found.client == client:
                found.is_open = False
                self._loop.call_later(_FORGETS_AFTER_S, self.sessions.pop, name, None)


def open_session(session: str, client: str, dask_scheduler: Any = None) -> None:
    """Open a session for a controller that has just connected as `client`."""
    desk = dask_scheduler.plugins.get(_NAME)
    if desk is None:
        desk = Desk(dask_scheduler)
        dask_scheduler.add_plugin(desk, name=_NAME)
    desk.sessions[session] = Session(client)
