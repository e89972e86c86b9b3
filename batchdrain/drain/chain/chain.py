"""A chain: one request to drain first the queued phases and then the failed ones, in at most one session each.

Its request is written to the ledger before its first session begins, so that `resume` can go on with the whole chain, whatever
ended it. Its limits count the results and the time of all its sessions; time in which nobody drained is not counted. Whoever drains
it holds the lock of its first session until the end.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.database.ledger.requests import FormerPart
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest, request_of, require_same_source
from batchdrain.model.asked import Asked
from batchdrain.model.errors import BadData
from batchdrain.model.phase import Skip
from batchdrain.planning.failure_row import FailureRow
from batchdrain.planning.stop import session_stop
from batchdrain.runtime import clock
from batchdrain.sessions import lock
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.session import Kind, Session, Status

_FREE_S: Final = "free_s"
_BECAUSE: Final = "stopped_because"


@dataclass(slots=True, kw_only=True)
class Chain:
    """A chain: its requests, and its sessions so far."""

    uid: str
    task: str  #: the task that was typed: drain-all
    requests: Mapping[Kind, DrainRequest]  #: one for each part, in their order
    started_at: datetime
    ids: dict[Kind, str] = field(default_factory=dict)  #: the ids of the sessions that were begun
    sessions: dict[Kind, Session] = field(default_factory=dict)  #: the sessions in their present state
    free_s: float = 0.0  #: active seconds before a stop condition ended it; a resume counts max_total_minutes from there
    ended: Status | None = None
    because: str | None = None  #: the stop condition that ended it, or what interrupted it
    idle: Sequence[str] = ()  #: requested options that change nothing in either part, a line each
    known: Mapping[Kind, int] = field(default_factory=dict)  #: how many results its sessions had when it was resumed
    is_tried_again: bool = False  #: a session that is over had a transient failure
    row: FailureRow = field(default_factory=FailureRow)  #: the present failures in a row; a resume starts anew
    asked: Asked | None = None  #: a request from elsewhere that reached its last part; it holds for the next part too
    former: FormerPart | None = None  #: the row of its last part
    anew: bool = False  #: it was complete, and somebody resumes it all the same
    _held: tuple[str, int] | None = None

    @classmethod
    def of(cls, task: str, requests: Mapping[Kind, DrainRequest]) -> Chain:
        """A new chain. Nothing is written yet."""
        return cls(uid=uuid.uuid4().hex, task=task, requests=requests, started_at=clock.now())

    @classmethod
    def of_row(cls, project: Project, row: ChainRow) -> Chain:
        """The chain that the ledger's row describes. Raises BadData, ConfigError."""
        return cls(
            uid=row.uid,
            task=row.task,
            requests={kind: _request_of(project, row, kind) for kind in (Kind.QUEUED, Kind.FAILED) if kind in row.asked},
            started_at=row.started_at,
            ids={Kind(kind): name for kind, name in row.sessions.items() if kind in set(Kind)},
            because=row.because,
            free_s=_number(row.asked.get(_FREE_S)),
            ended=Status(row.status) if row.ended_at is not None and row.status in set(Status) else None,
        )

    @property
    def active_s(self) -> float:
        """For how many seconds the chain was drained so far."""
        return sum(session.active_s for session in self.sessions.values())

    def others(self, kind: Kind) -> Iterator[Session]:
        """The sessions of the chain except the one of this kind."""
        return (session for of, session in self.sessions.items() if of is not kind)

    def counts_for(self, kind: Kind) -> ResultCounts:
        """The counts that a new session of this kind begins with: the results of the other sessions."""
        return self._count(ResultCounts(metric=self.requests[kind].settings.stop.metric), self.others(kind))

    def _count(self, counts: ResultCounts, sessions: Iterable[Session]) -> ResultCounts:
        for session in sessions:
            counts.follow(session, self.known.get(session.kind, 0))
        counts.row, counts.is_tried_again = self.row, self.is_tried_again
        counts.earlier_s -= self.free_s
        return counts

    def find_stop(self) -> Skip | None:
        """The stop condition that keeps anything more of the chain from beginning now; None if there is none."""
        stop = next(iter(self.requests.values())).settings.stop
        return session_stop(self._count(ResultCounts(metric=stop.metric), self.sessions.values()).progress(), stop)

    def lock(self, project: Project, session_id: str) -> int:
        """Lock a session of the chain, and keep the first lock until `let_go`. Raises SessionInUse, FilesUnavailable."""
        if self._held is not None and self._held[0] == session_id:
            return lock.share(self._held[1])
        held = project.folder.lock(session_id)
        if self._held is None:
            self._held = (session_id, lock.share(held))
        return held

    def hold(self, project: Project) -> None:
        """Take the lock of its first session, if there is one. Raises SessionInUse, FilesUnavailable."""
        for session_id in list(self.ids.values())[:1]:
            project.folder.prepare()
            os.close(self.lock(project, session_id))

    def let_go(self) -> None:
        """Release the lock: nobody drains the chain any more."""
        if self._held is not None:
            os.close(self._held[1])
            self._held = None

    def join(self, project: Project, session: Session) -> None:
        """Add a session that is about to be written. Raises DatabaseUnavailable."""
        self.ids[session.kind] = session.session_id
        self.write(project)

    def begin_anew(self, project: Project) -> None:
        """Reopen a chain that has ended. If a stop condition ended it, its minutes are counted anew. Raises DatabaseUnavailable."""
        if self.ended is Status.STOPPED:
            self.free_s = self.active_s
        self.anew = self.ended is Status.COMPLETE
        self.ended = self.because = None
        self.write(project)

    def end(self, project: Project, status: Status, because: str | None = None) -> None:
        """End the chain, because nothing is left of it or because a stop condition applies. Raises DatabaseUnavailable."""
        self.ended, self.because = status, because
        if self.ids:
            try:
                self.write(project)
            except BaseException:  # the ledger still has it as not ended
                self.ended = self.because = None
                raise

    def write(self, project: Project) -> None:
        """Write the chain to the ledger. Raises DatabaseUnavailable."""
        asked: dict[str, Any] = {kind.value: request.as_fields() for kind, request in self.requests.items()}
        row = ChainRow(
            uid=self.uid,
            task=self.task,
            started_at=self.started_at,
            asked={**asked, _FREE_S: round(self.free_s, 3), _BECAUSE: self.because},
            sessions={kind.value: name for kind, name in self.ids.items()},
            ended_at=None if self.ended is None else clock.now(),
            status=None if self.ended is None else self.ended.value,
        )
        Chains(project.store.database, project.store.ledger).write(row)


def _request_of(project: Project, row: ChainRow, kind: Kind) -> DrainRequest:
    """The request of one part, read from the ledger. Raises BadData, ConfigError."""
    place = f"of chain {row.uid}"
    try:
        session = Session.model_validate({**row.asked[kind], "session_id": place, "started_at": row.started_at})
    except (ValidationError, TypeError):
        raise BadData(
            f"ledger: chain {row.uid}: what it was asked to do can't be read", remedy="start a new one with `inv drain-all`"
        ) from None
    require_same_source(session, project.settings)
    return replace(request_of(session, project.settings), kind=kind)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
