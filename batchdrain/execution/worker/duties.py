"""What one process of a worker executes, by session: what runs, what has ended, and until when it may run."""

from __future__ import annotations

import threading
import time
from typing import Any

from ..guardian import wire
from ..guardian.watched_order import WatchedOrder

_FORGOTTEN_AFTER_S = 3600.0


class Session:
    """What a controller told this process, and what the controller has not heard yet."""

    def __init__(self) -> None:
        self.deadline_ms = 0  #: boot time of this machine; what runs must be ending by then
        self.starve: frozenset[str] = frozenset()  #: tokens whose leases are no longer renewed
        self.say = ""  #: T: everything ends; K: at once
        self.running: dict[str, WatchedOrder] = {}
        self.waiting: set[str] = set()
        self.ended: dict[str, dict[str, Any]] = {}  #: by token, until the controller has heard of it
        self.heard_at = time.monotonic()

    def is_forgotten(self) -> bool:
        """Whether its controller is long gone, and nothing of it runs or waits here."""
        return not self.running and not self.waiting and time.monotonic() - self.heard_at > _FORGOTTEN_AFTER_S


class Duties:
    """The duties of one process. Each order belongs to one session."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sessions: dict[str, Session] = {}
        self._all_end = ""  # what a signal told this process, also for what begins later

    def await_grant(self, name: str, token: str, within_s: float) -> str:
        """Wait until this process may begin commands of the session. Returns '' then, else why it may not."""
        with self._changed:
            session = self._session_of(name)
            session.waiting.add(token)
            try:
                self._changed.wait_for(lambda: self._may_begin(session) or token in session.starve or session.say, within_s)
                if session.say or token in session.starve:
                    return "the drain has withdrawn it"
                return "" if self._may_begin(session) else f"its controller was not heard of for {within_s:g} s"
            finally:
                session.waiting.discard(token)

    def begin(self, name: str, token: str, watched: WatchedOrder, *, leased: bool) -> int | None:
        """From now on, move the deadline of this order and end it with the others. Returns its first deadline (boot time); None if
        it has no lease."""
        with self._changed:
            session = self._session_of(name)
            session.running[token] = watched
            say = self._all_end or session.say
            if say:
                watched.end(kill=say == "K")
            if not leased:
                return None
            return 0 if token in session.starve else session.deadline_ms

    def end(self, name: str, token: str, answer: dict[str, Any] | None) -> None:
        """Note that an order has ended. `answer`: it is kept until the controller has heard it; None if only its future tells."""
        with self._changed:
            session = self._session_of(name)
            if answer is not None:
                session.ended[token] = answer
            session.running.pop(token, None)

    def heed(self, message: dict[str, Any], instance: str) -> dict[str, Any]:
        """Handle a beat: obey what it tells, and return what there is to tell."""
        with self._changed:
            now = wire.boottime_ms()
            session = self._session_of(message["session"])
            session.heard_at = time.monotonic()
            session.starve = frozenset(message["starve"])
            for token in message["heard"]:
                session.ended.pop(token, None)
            deadline_ms = message["grants"].get(instance)
            if deadline_ms is not None and deadline_ms > session.deadline_ms:
                session.deadline_ms = deadline_ms
                for token, watched in session.running.items():
                    if token not in session.starve:
                        watched.extend(deadline_ms)
            for token in message["kill"]:
                if token in session.running:
                    session.running[token].end(kill=True)
            if message["say"] not in {"", session.say} and session.say != "K":  # a late T does not replace a K
                session.say = message["say"]
                for watched in session.running.values():
                    watched.end(kill=session.say == "K")
            self._changed.notify_all()
            found = {
                "boot_ms": now,
                "runs": sorted(session.running),
                "over": sorted(session.ended),
                "ended": {token: session.ended[token] for token in message["wants"] if token in session.ended},
            }
            self._sessions = {name: one for name, one in self._sessions.items() if not one.is_forgotten()}
            return found

    def interrupt(self, *, kill: bool) -> None:
        """End whatever runs in this process. Takes no lock, as it is called in signal handlers."""
        self._all_end = "K" if kill else self._all_end or "T"
        for session in list(self._sessions.values()):
            for watched in list(session.running.values()):
                watched.end(kill=self._all_end == "K")

    def _session_of(self, name: str) -> Session:
        return self._sessions.setdefault(name, Session())

    @staticmethod
    def _may_begin(session: Session) -> bool:
        return wire.boottime_ms() < session.deadline_ms
