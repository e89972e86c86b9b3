"""What a session came to, for whoever drained it and for its chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from batchdrain.model.asked import Asked
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import Skip
from batchdrain.sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOutcome:
    """How a session ended, or was left."""

    session: Session | None  #: None: nothing was selected, and no session was written
    exit_code: int
    skipped: Counter[Skip] = field(default_factory=Counter)
    total: int = 0  #: phases in the source state when it began
    failure: BatchDrainError | None = None  #: what ended it early, to be told after the summary
    took: int = 0  #: commands that were started; 0: nothing was left for it
    phases: int = 0  #: new phases that were taken
    orphaned: bool = False  #: some phase was given back, and nobody knows what became of it
    was_signalled: bool = False
    because: str | None = None  #: why nothing was taken of what waits, where there is no session to say it
    asked: Asked | None = None  #: what holds for the next part of its chain: a stop, though it came late, or a pause
    without_effect: Sequence[str] = ()  #: what was asked for and changed nothing, where there is no session to say it
    gone_by: float | None = None  #: as of Shutdown
