"""Tells once, while a command begins, that the database is silent: what the command waits for, and how long at most.

Another thread tells it, since the waiting one is blocked in its driver. A running drain tells nothing here: its screen
reports outages.
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
"""Seconds. After this long people want to know what the command waits for."""
_LOOK_S: Final = 0.25


class _Wait(NamedTuple):
    """One thread's wait for the database."""

    sentence: str
    since: float  #: monotonic time


class SilenceNotice:
    """Tells each sentence once. `tell`: called with it in another thread, must not raise; None if nobody is to be told."""

    def __init__(self, name: str, tell: Callable[[str], None] | None) -> None:
        """`name`: the database's name as people see it, its secrets masked."""
        self._name = name
        self._tell = tell
        self._waits: dict[int, _Wait] = {}  # by the id of the thread that waits
        self._told: set[str] = set()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._listeners: list[tuple[sa.Engine, str, Callable[..., None]]] = []

    def listen(self, engine: sa.Engine, operation_s: float) -> None:
        """Watch each statement. `operation_s`: how many seconds a statement may take."""
        if self._tell is None:
            return

        sentence = self._answer(operation_s)  # made once, since every statement passes here

        def answer_awaited(*_: Any) -> None:
            self._begin(sentence)

        def answer_came(*_: Any) -> None:
            self.end()

        self._listen(engine, answer_awaited, "before_cursor_execute")
        if engine.dialect.name == "sqlite":
            # On SQLite a locked file is waited for while a connection is set up; the login to a server has its own sentence.
            self._listen(engine, answer_awaited, "do_connect")
        self._listen(engine, answer_came, "after_cursor_execute", "handle_error", "checkout")

    def _listen(self, engine: sa.Engine, listener: Callable[..., None], *events: str) -> None:
        for event in events:
            sa.event.listen(engine, event, listener)
            self._listeners.append((engine, event, listener))

    def await_login(self, most_s: float) -> None:
        """Begin to wait for a login, for at most `most_s` seconds. If no thread can begin, nothing is told."""
        self._begin(f"waiting for database {self._name} to finish the login, for {most_s:g} s at most")

    def await_answer(self, most_s: float) -> None:
        """Begin to wait for an answer, for at most `most_s` seconds."""
        self._begin(self._answer(most_s))

    def end(self) -> None:
        """Note that this thread no longer waits."""
        self._waits.pop(threading.get_ident(), None)

    def close(self) -> None:
        """Tell nothing more, and watch no more statements. Do not call it while another thread uses the engine."""
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
            except FilesUnavailable:  # the work itself does not need this thread: it goes on, and nothing is told
                self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            now = monotonic()
            for wait in list(self._waits.values()):
                if now - wait.since >= SILENT_S:
                    self._say(wait.sentence)
