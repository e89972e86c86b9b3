"""The pace of a drain: how soon the next command may begin. `command.runs_per_minute` spares what all commands use.

For a group the ledger keeps the pace, with each claim; a session without a group keeps its own. Commands are spread evenly: with
six a minute, one begins every ten seconds, counting retries and all workers. After a resume, or in the next part of a chain, one
interval passes before the first command.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.presence import Presence
from batchdrain.model.claim import Group, Turn

_SETTING: Final = "command.runs_per_minute"


class Pace:
    """Is asked before each claim, and told of each claim."""

    def __init__(self, it: OpenSession, presence: Presence, notice: Callable[[str], None]) -> None:
        """`notice`: tells people."""
        per_minute, group = it.request.settings.command.runs_per_minute, it.request.group
        self._per_minute = per_minute
        self._interval_s = 60 / per_minute if per_minute else 0.0
        self._presence = presence
        self._notice = notice
        self._has_told = False
        self.turn = (
            None if group is None or not per_minute else Turn(group=Group(group), interval_ms=round(self._interval_s * 1000))
        )
        went_before = bool(it.record.session.results or it.record.counts.in_chain)
        self.due = monotonic() + self._interval_s if went_before and self.turn is None else 0.0  #: monotonic, in seconds

    def permits(self) -> bool:
        """Whether a command may begin now."""
        is_due = not self._interval_s or self.due <= monotonic()
        if is_due:
            self._presence.waits = ""
        return is_due

    def tell_wait(self) -> None:
        """Note that a free worker waits for its turn. People are told once in a session. Does nothing if the turn has come."""
        left_s = self.due - monotonic()
        if not self._interval_s or left_s <= 0:
            return
        self._presence.waits = f"{_SETTING} ({self._per_minute:g})"
        if not self._has_told:
            self._has_told = True
            self._notice(f"{_SETTING}: {self._per_minute:g} executions start per minute: the next one in {left_s:.1f} s")

    def note_begun(self) -> None:
        """Note that a phase was claimed."""
        if self._interval_s:
            self.due = monotonic() + self._interval_s

    def put_off(self, wait_s: float) -> None:
        """Wait this many seconds, because another drain of the group was faster."""
        self.due = monotonic() + wait_s
