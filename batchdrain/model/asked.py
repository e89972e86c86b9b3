"""What a running session is asked to do, from another shell or another host."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Ask(StrEnum):
    """The words stand in the ledger, in events and in session files."""

    STOP = "stop"  #: begin nothing more; what runs may end
    STOP_NOW = "stop-now"  #: the same, and what runs is ended and given back
    PAUSE = "pause"  #: claim nothing until `continue`
    CONTINUE = "continue"

    @property
    def effect(self) -> str:
        """What becomes of the session, for people."""
        return _EFFECTS[self]

    @property
    def ends(self) -> bool:
        """Whether the session is to end by it: nothing takes that back."""
        return self in {Ask.STOP, Ask.STOP_NOW}


_EFFECTS: Final = {
    Ask.STOP: "Nothing more is begun",
    Ask.STOP_NOW: "What runs is ended and given back",
    Ask.PAUSE: "Paused: nothing is claimed until `inv continue`",
    Ask.CONTINUE: "It goes on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    number: int  #: of the session's, from 1 on
    ask: Ask
    by: str  #: user@host
    reason: str  #: in the words of who asked; '' where none was given
    at_ms: int  #: by the database's clock

    def __str__(self) -> str:
        return f"asked by {self.by}" + (f": {self.reason}" if self.reason else "")
