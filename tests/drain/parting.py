"""A chain whose parts come out as a test says: nothing is drained, and no ledger is needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.chains import ChainRow
from batchdrain.drain.chain import chain as chain_room
from batchdrain.drain.chain import run as room
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.outcome import ChainOutcome
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.model.errors import BatchDrainError, DatabaseUnavailable
from batchdrain.planning.filters import Filters
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Kind, Session, Status

START = datetime(2026, 1, 1, tzinfo=UTC)
AWAY = DatabaseUnavailable("away", remedy="wait")
NOTHING: Any = None


def part(kind: Kind, status: Status = Status.COMPLETE, *results: bool, **fields: Any) -> Session:
    made = [Result(run_id="r", phase_id=f"{kind.value}{place}", success=ok) for place, ok in enumerate(results)]
    over = START + timedelta(minutes=1) if status in {Status.COMPLETE, Status.STOPPED} else None
    found = Session(
        session_id=kind.value, started_at=START, kind=kind, status=status, completed_at=over, results=made, **fields
    )
    found.recount()
    return found


def outcome(session: Session | None, **facts: Any) -> SessionOutcome:
    took = 0 if session is None else len(session.results)
    return SessionOutcome(**{"session": session, "exit_code": 0, "took": took, "phases": took, **facts})


class Parts:
    """A chain whose parts come out as a test says."""

    def __init__(self, patch: pytest.MonkeyPatch, stop: dict[str, Any] | None = None) -> None:
        settings = Settings.model_validate({"stop": stop or {}})
        requests = {
            kind: DrainRequest(kind=kind, filters=Filters(), settings=settings) for kind in (Kind.QUEUED, Kind.FAILED)
        }
        self.chain = Chain.of("drain-all", requests)
        self.comes: dict[Kind, SessionOutcome | BaseException] = {
            kind: outcome(part(kind, Status.COMPLETE, True)) for kind in requests
        }
        self.asked: list[str] = []
        self.told: list[BatchDrainError] = []
        self.rows: list[ChainRow] = []
        self.sizes: list[int | None] = []
        self.given: list[Narrowing] = []  #: what each part was narrowed by
        self.empty: set[Kind] = set()  #: parts for which nothing waits
        self.steps: list[str] = []  #: what was locked, drained, read again and let go, in order
        patch.setattr(room, "begin", lambda _, request, __, less, ___: self._come("begin", request.kind, less))
        patch.setattr(room, "resume", lambda _, name, __, less, ___: self._come("resume", Kind(name), less))
        patch.setattr(room, "has_nothing", lambda project, chain, kind: self._has(project, chain) and kind in self.empty)
        patch.setattr(room, "read_sessions_again", lambda project, chain: self._step("read again", project, chain))
        patch.setattr(chain_room, "Chains", lambda *_: self)
        patch.setattr(Chain, "hold", lambda chain, project: self._step("hold", project, chain))
        patch.setattr(Chain, "let_go", lambda _: self.steps.append("let go"))

    def _step(self, step: str, project: object, chain: object) -> None:
        assert self._has(project, chain)
        self.steps.append(step)

    def _has(self, project: object, chain: object) -> bool:
        assert project is self
        assert chain is self.chain
        return True

    def write(self, row: ChainRow) -> None:  # as the ledger
        self.rows.append(row)

    @property
    def store(self) -> Any:  # as a project, and its store
        return self

    database = ledger = None

    def _come(self, how: str, kind: Kind, less: Narrowing) -> SessionOutcome:
        self.asked.append(f"{how} {kind.value}")
        self.steps.append(kind.value)
        self.sizes.append(less.batch_size)
        self.given.append(less)
        came = self.comes[kind]
        if isinstance(came, BaseException):
            raise came
        if came.session is not None:
            self.chain.ids[kind] = came.session.session_id
        return came

    def knows(self, *sessions: Session) -> None:
        for session in sessions:
            self.chain.ids[session.kind] = session.session_id
            self.chain.sessions[session.kind] = session

    def run(self, less: Narrowing | None = None) -> ChainOutcome:
        project: Any = self
        return room.run_chain(project, self.chain, lambda: NOTHING, self.told.append, less or Narrowing())

    @property
    def stands(self) -> tuple[Status | None, str | None]:
        """As the ledger has it last."""
        assert not self.rows or self.rows[-1].status == (None if self.chain.ended is None else self.chain.ended.value)
        return self.chain.ended, self.chain.because
