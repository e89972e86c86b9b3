"""A session that is begun or resumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.requests import FormerPart
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.screen import Screen
from batchdrain.model.asked import Asked
from batchdrain.model.claim import ScheduledAttempt
from batchdrain.planning.backlog import Backlog
from batchdrain.sessions.record import SessionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session whose file this controller has locked and whose backlog was just read, with what it is to do and where it
    reports."""

    project: Project
    request: DrainRequest
    record: SessionRecord
    backlog: Backlog
    screen: Screen
    most: int | None  #: the most phases to take now; None: all there are
    recovered: Sequence[Recovered] = ()  #: what was settled before it
    less: Narrowing = AS_ASKED
    whole: DrainRequest | None = None  #: its whole request, if `request` is narrowed for this call
    put_off: int = 0  #: phases to be tried again that this call's filters leave out
    retries: Sequence[ScheduledAttempt] = ()  #: phases that waited to be tried again when the session was left
    ended_at: datetime | None = None  #: when it had ended before it was resumed; None: it had not
    asked: Asked | None = None  #: a pause from elsewhere that reached the part before it in its chain
    former: FormerPart | None = None  #: the row of that part
