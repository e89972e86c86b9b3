"""Where the drain takes its phases from: the backlog, or a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator
from datetime import datetime
from typing import Any, Protocol

from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice
from batchdrain.model.phase import Phase, Skip
from batchdrain.planning.outlook import Outlook
from batchdrain.planning.reading import Reasons
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.planning.verdicts import Verdict


class Backlog(Protocol):
    """The source of phases for the drain loop: the loop asks it for the next phase and tells it of each result."""

    skipped: Counter[Skip]  #: skipped rows, by rule and value
    remainder: Remainder  #: how the last reading counted its rows
    seen: SeenKinds  #: the kinds of failures in the last reading
    read_s: float  #: how long the last reading took

    @property
    def stale(self) -> bool:
        """Whether the backlog has to be refilled before the next choice."""

    @property
    def total(self) -> int:
        """Rows of the source state at the last reading."""

    @property
    def waiting(self) -> int:
        """How many phases may still be chosen."""

    def ranks(self) -> list[Any]:
        """The ranks that the policies gave to what waits, unordered. Each is a tuple that begins with one key for each
        policy."""

    def refresh(self, now: datetime) -> None:
        """Read the database again."""

    def refresh_in_slices(self, now: Callable[[], datetime]) -> Iterator[None]:
        """Like `refresh`, but a little with each step, while phases are being chosen. Nothing changes before the last
        step."""

    def refill(self, now: datetime) -> None:
        """Read again the part that has run out; called when the backlog is `stale`."""

    def end(self) -> None:
        """Stop choosing: free what is kept for it. `waiting` stays as it is."""

    def count(self) -> Remainder:
        """Read the database again and count its rows, without making anything ready to be chosen."""

    def why_not(self, run_id: str | None = None) -> Reasons:
        """For each row of the source state, as it is now, the rule that skips it; None if it may be drained. `run_id`: look
        at this run only."""

    def next(self, now: datetime, busy: Container[str] = frozenset(), full: Container[str] = frozenset()) -> Choice | None:
        """Take the next phase whose run is not `busy` and whose fingerprint is not `full`. Each phase is given out at most
        once."""

    def size_of(self, fingerprint: str) -> int:
        """The largest number of phases with this fingerprint in any reading so far; 0 if they are not counted."""

    def touch(self, run_id: str, now: datetime, attempt: Attempt | None = None) -> None:
        """Note that this run had a result. `attempt`: the result, if policies may learn from it."""

    def upcoming(self, most: int, now: datetime) -> list[Phase]:
        """The first phases without a verdict that `next` would return now, in its order. They stay in the backlog."""

    def look_ahead(self, most: int, now: datetime) -> Outlook:
        """The first phases that `next` would return now, in its order, and what is known of such phases. They stay in the
        backlog."""

    def apply(self, verdict: Verdict, now: datetime) -> None:
        """Use a diagnosis of a phase that arrived after the reading."""
