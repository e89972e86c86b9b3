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
    """What the loop asks for its next phase, and tells of each result."""

    skipped: Counter[Skip]  #: by rule and value
    remainder: Remainder  #: what the last reading came to
    seen: SeenKinds  #: at the last reading
    read_s: float  #: what the last reading took

    @property
    def stale(self) -> bool:
        """To be refilled before the next choice."""

    @property
    def total(self) -> int:
        """Rows of the source state at the last reading."""

    @property
    def waiting(self) -> int:
        """Phases that may still be chosen."""

    def ranks(self) -> list[Any]:
        """How the policies ranked what waits, in no order: a tuple each, with a key for each policy in front."""

    def refresh(self, now: datetime) -> None:
        """Look at the database again."""

    def refresh_in_slices(self, now: Callable[[], datetime]) -> Iterator[None]:
        """The same, a little with each step, while phases are chosen: nothing changes before the last one."""

    def refill(self, now: datetime) -> None:
        """Read again what has run out, where it is `stale`."""

    def end(self) -> None:
        """Nothing more is chosen: what is kept for that is let go, and `waiting` stays."""

    def count(self) -> Remainder:
        """Look at the database again, and choose nothing."""

    def why_not(self, run_id: str | None = None) -> Reasons:
        """For each row of the source state, as it stands now, the rule that skips it, or None where it may be drained. `run_id`:
        of this run alone, where only that is wanted."""

    def next(self, now: datetime, busy: Container[str] = frozenset(), full: Container[str] = frozenset()) -> Choice | None:
        """The next phase, of a run that is not `busy` and with a fingerprint that is not `full`; each at most once."""

    def size_of(self, fingerprint: str) -> int:
        """How many phases failed so, at most, in the readings so far; 0 where nobody counts."""

    def touch(self, run_id: str, now: datetime, attempt: Attempt | None = None) -> None:
        """There was a result of this run: `attempt`, where it may teach something."""

    def upcoming(self, most: int, now: datetime) -> list[Phase]:
        """The first phases without a verdict that `next` would come to now, in its order; they stay where they are."""

    def look_ahead(self, most: int, now: datetime) -> Outlook:
        """The first phases that `next` would come to now, in its order, and what is known of such; they stay where they are."""

    def apply(self, verdict: Verdict, now: datetime) -> None:
        """A diagnosis said this of a phase meanwhile."""
