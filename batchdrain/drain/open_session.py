"""A session that is begun, or goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    """Its file is locked by us, and its backlog was read just now. What it is to do, and where it is told."""

    project: Project
    request: DrainRequest
    record: SessionRecord
    backlog: Backlog
    screen: Screen
    most: int | None  #: phases to take at most now; None: all there are
    recovered: Sequence[Recovered] = ()  #: what was settled before it
    less: Narrowing = AS_ASKED
    whole: DrainRequest | None = None  #: as it was asked for, where `request` has less of it for this time
    put_off: int = 0  #: phases to be tried again that are not of this time's filters
    retries: Sequence[ScheduledAttempt] = ()  #: phases that were left to be tried again when it was left
    asked: Asked | None = None  #: of the part before it in its chain, from elsewhere: a pause
    former: FormerPart | None = None  #: the row of that part
