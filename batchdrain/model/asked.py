"""Requests to a running session from another shell or another host."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Ask(StrEnum):
    """What a session can be asked to do. The values are stored in the ledger, in events and in session files."""

    STOP = "stop"  #: begin nothing more; running commands may end
    STOP_NOW = "stop-now"  #: begin nothing more; running commands are ended and their phases given back
    PAUSE = "pause"  #: claim nothing until `continue`
    CONTINUE = "continue"

    @property
    def effect(self) -> str:
        """What happens to the session, for people."""
        return _EFFECTS[self]

    @property
    def ends(self) -> bool:
        """Whether the session will end because of it. Such a request cannot be taken back."""
        return self in {Ask.STOP, Ask.STOP_NOW}


_EFFECTS: Final = {
    Ask.STOP: "Nothing more is started",
    Ask.STOP_NOW: "Running commands are ended, and their phases released",
    Ask.PAUSE: "Paused: nothing is claimed until `inv continue`",
    Ask.CONTINUE: "The drain continues",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request to a session."""

    number: int  #: counts the requests to the session, from 1
    ask: Ask
    by: str  #: user@host
    reason: str  #: in the words of the person who asked; '' if none was given
    at_ms: int  #: milliseconds since 1970 by the database's clock

    def __str__(self) -> str:
        return f"asked by {self.by}" + (f": {self.reason}" if self.reason else "")
