"""A database that is silent while a command begins: what is waited for is said once, and how long that lasts at most.

A thread beside us says it, as the one that waits is held by its driver. Nothing is said by a drain that is under way: its
screen tells of outages.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime.threads import begin, require_room

SILENT_S: Final = 3.0
"""Seconds. Who waits for longer wants to know for what."""
_LOOK_S: Final = 0.25


class _Wait(NamedTuple):
    """Somebody waits for the database."""

    sentence: str
    since: float  #: monotonic


class SilenceNotice:
    """Says each sentence once. `tell`: gets it, in another thread, and raises nothing; None where nobody is to be told."""

    def __init__(self, name: str, tell: Callable[[str], None] | None) -> None:
        """`name`: the database as people see it, its secrets masked."""
        self._name = name
        self._tell = tell
        self._waits: dict[int, _Wait] = {}  # by the thread that waits
        self._told: set[str] = set()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._listeners: list[tuple[sa.Engine, str, Callable[..., None]]] = []

    def listen(self, engine: sa.Engine, operation_s: float) -> None:
        """Watch each statement. `operation_s`: so many seconds may one take."""
        if self._tell is None:
            return

        sentence = self._answer(operation_s)  # made once: every statement comes by here

        def answer_awaited(*_: Any) -> None:
            self._begin(sentence)

        def answer_came(*_: Any) -> None:
            self.end()

        self._listen(engine, answer_awaited, "before_cursor_execute")
        if engine.dialect.name == "sqlite":
            # A locked file is waited for while a connection is set up; a server's login is told apart.
            self._listen(engine, answer_awaited, "do_connect")
        self._listen(engine, answer_came, "after_cursor_execute", "handle_error", "checkout")

    def _listen(self, engine: sa.Engine, listener: Callable[..., None], *events: str) -> None:
        for event in events:
            sa.event.listen(engine, event, listener)
            self._listeners.append((engine, event, listener))

    def await_login(self, most_s: float) -> None:
        """From now on a login is waited for, `most_s` seconds at most. Raises FilesUnavailable where no thread can begin."""
        self._begin(f"waiting for database {self._name} to finish the login, for {most_s:g} s at most")

    def await_answer(self, most_s: float) -> None:
        """The same of an answer."""
        self._begin(self._answer(most_s))

    def end(self) -> None:
        """This thread waits no longer."""
        self._waits.pop(threading.get_ident(), None)

    def close(self) -> None:
        """From now on nothing is said, and no statement is watched. Not while another thread uses the engine."""
        self._over.set()
        while self._listeners:
            sa.event.remove(*self._listeners.pop())

    def _answer(self, most_s: float) -> str:
        return f"waiting for database {self._name} to answer, for {most_s:g} s at most (patience.operation_s)"

    def _say(self, sentence: str) -> None:
        if self._tell is not None and sentence not in self._told:
            self._told.add(sentence)
            self._tell(sentence)

    def _begin(self, sentence: str) -> None:
        if self._tell is None or self._over.is_set():
            return
        self._waits[threading.get_ident()] = _Wait(sentence=sentence, since=monotonic())
        if self._thread is None:
            try:
                require_room(1)
                self._thread = begin(self._watch, "silence")
            except FilesUnavailable:  # the work itself needs no such thread: then nothing is told, and it goes on
                self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            now = monotonic()
            for wait in list(self._waits.values()):
                if now - wait.since >= SILENT_S:
                    self._say(wait.sentence)
