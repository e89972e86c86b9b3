"""The world of the claim machine: a database file whose clock is set by hand, and controllers that die on demand."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Command, Settings, Source
from batchdrain.database.connection import open_database
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.drain.project import Project
from batchdrain.execution import process_identity
from batchdrain.execution.file_names import find_files
from batchdrain.execution.order import EndedBy
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, Claim, TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.runtime import clock
from tests.chaos.expected import AttemptRow, ClaimRow, Row, Standings
from tests.support.workplace import named

T = TypeVar("T")
PHASES: Final = ("r/p", "r/q")
_ENDED: Final = 0
BEGINNING_MS: Final = 1_700_000_000_000
"""By the database's clock. Years before the host's: what looks at the wrong clock is seen at once."""
NOW: Final = clock.from_ms(BEGINNING_MS)
_NAMES: Final = {PhaseKey(*named(name)).digest: name for name in PHASES}
_TABLE: Final = (
    "CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, last_failure_reason TEXT, "
    "PRIMARY KEY (run_id, phase_id))"
)


@dataclass
class Controller:
    """One process that drains, until it crashes."""

    claims: Claims
    is_near: bool  #: on the machine of the recovery, which sees it die; of another only the lease tells
    last_claim: Claim | None = None
    last_finish: tuple[Claim, Attempt, float | None, Attempt | None] | None = None  #: as it was called, and its reply
    holds: set[str] = field(default_factory=set)  #: as it believes


class World:
    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        """`patch`: undone when the test ends."""
        path = root / "world.db"
        self._sqlite = sqlite3.connect(path, isolation_level=None)
        self._sqlite.execute("PRAGMA synchronous=OFF")
        self._sqlite.execute(_TABLE)
        self.spool = root / "spool"
        self.spool.mkdir()
        self.now_ms = BEGINNING_MS
        self.met: Counter[str] = Counter()  #: what happened, over all examples
        self._dead: set[process_identity.ProcessIdentity] = set()
        self._near: set[process_identity.ProcessIdentity] = set()
        self._loses_reply = False
        self._number = 0
        self.database = open_database(f"sqlite:///{path}")
        sa.event.listen(self.database.engine, "connect", self._set_clock)
        patch.setattr(self.database, "_run_once", self._unless_lost(self.database._run_once))
        patch.setattr(process_identity, "is_alive", self._is_alive)
        self.database.prepare_for_writing()
        table = PhaseTable.reflect(self.database, Source())
        ledger = Ledger.of(table)
        ledger.create(self.database)
        self.project = Project(Settings(command=Command(argv=["true"])), Store(self.database, table, ledger), root)

    def close(self) -> None:
        self.database.close()
        self._sqlite.close()

    def begin(self, rows: dict[str, Row]) -> None:
        """Everything anew."""
        self.now_ms = BEGINNING_MS
        self._number = 0
        self._dead.clear()
        self._near.clear()
        for table in ("phases", "batchdrain_claim", "batchdrain_attempt"):
            self._sqlite.execute(f"DELETE FROM {table}")
        for path in self.spool.iterdir():
            path.unlink()
        for name, row in rows.items():
            self._sqlite.execute("INSERT INTO phases VALUES (?, ?, 0, ?, ?)", (*named(name), *row))

    def write(self, name: str, row: Row) -> None:
        """Somebody else changes the row."""
        query = "UPDATE phases SET state = ?, last_failure_reason = ? WHERE run_id = ? AND phase_id = ?"
        self._sqlite.execute(query, (*row, *named(name)))

    def controller(self, *, is_near: bool) -> Controller:
        number = self.next_number()
        project = self.project
        claims = Claims(
            project.store,
            project.settings.command,
            f"{number:032x}",
            owner=f"{number:032d}",
            spool_dir=str(self.spool),
        )
        process = process_identity.ProcessIdentity("other-boot:1" if is_near else "third-boot:1", number, number)
        claims.holder = replace(claims.holder, process=process)
        if is_near:
            self._near.add(process)
        return Controller(claims, is_near)

    def kill(self, controller: Controller) -> None:
        self._dead.add(controller.claims.holder.process)

    def is_dead(self, controller: process_identity.ProcessIdentity) -> bool:
        """And seen to be so."""
        return self._is_alive(controller) is False

    def guardian(self, controller: Controller) -> process_identity.ProcessIdentity:
        """Of its claims: it has always ended by the time that somebody asks for it."""
        return process_identity.ProcessIdentity(
            controller.claims.holder.process.host_id, controller.claims.holder.process.pid, _ENDED
        )

    def keep_result(self, claim: Claim, exit_code: int) -> None:
        """What a guardian leaves whose controller died, and what its command said."""
        files = find_files(self.spool.with_name("logs"), claim.phase.key, claim.attempt, claim.epoch, "")
        Path(files.result).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(files.result).write_text('{"reason": "kept in the spool"}')
        record = {"token": claim.token, "by": EndedBy.EXIT.value, "exit_code": exit_code, "duration_s": 1.0, "limit_s": 60}
        record |= {"limit_rule": "test", "ended_ms": BEGINNING_MS + 1, "result_path": files.result}
        record |= {"stdout_path": files.stdout, "stderr_path": files.stderr}
        (self.spool / f"{claim.token}.json").write_text(json.dumps(record))

    def next_number(self) -> int:
        self._number += 1
        return self._number

    @contextmanager
    def reply_lost(self, lost: bool) -> Iterator[None]:
        """If `lost`, the first transaction in this block is committed, and its reply is not heard."""
        self._loses_reply = lost
        try:
            yield
        finally:
            self._loses_reply = False

    def standings(self) -> Standings:
        execute = self._sqlite.execute
        phases = execute("SELECT run_id || '/' || phase_id, state, last_failure_reason FROM phases").fetchall()
        claims = execute(
            "SELECT key, epoch, owner, lease_until_ms, next_at_ms, prior_reason, orphan_count, attempts FROM batchdrain_claim"
        ).fetchall()
        attempts: dict[str, dict[int, AttemptRow]] = {}
        query = "SELECT key, epoch, attempt, initial_state, outcome, final_state, ended_ms FROM batchdrain_attempt"
        for key, epoch, *rest in execute(f"{query} ORDER BY key, epoch"):
            attempts.setdefault(_NAMES[key], {})[epoch] = AttemptRow(*rest)
        return Standings(
            {name: Row(*rest) for name, *rest in phases}, {_NAMES[key]: ClaimRow(*rest) for key, *rest in claims}, attempts
        )

    def _set_clock(self, dbapi: Any, _: object) -> None:
        """The clock in SQL is built on julianday(); half a millisecond, for it is cut."""
        dbapi.create_function("julianday", 1, lambda _: (self.now_ms + 0.5) / 86_400_000 + 2_440_587.5)
        dbapi.execute("PRAGMA synchronous=OFF")

    def _unless_lost(self, once: Callable[[Callable[[sa.Connection], T]], T]) -> Callable[[Callable[[sa.Connection], T]], T]:
        def run(work: Callable[[sa.Connection], T]) -> T:
            done = once(work)
            if self._loses_reply:
                self._loses_reply = False
                self.met["reply lost"] += 1
                raise sa.exc.OperationalError("COMMIT", None, OSError("no reply"), connection_invalidated=True)
            return done

        return run

    def _is_alive(self, identity: process_identity.ProcessIdentity) -> bool | None:
        if identity.start == _ENDED:
            return False
        return identity not in self._dead if identity in self._near else None


def choice(name: str, word: str) -> Choice:
    run, phase = named(name)
    state = PhaseState(word.lower())
    found = Phase(run_id=run, phase_id=phase, phase_index=0, state=state)
    return Choice(phase=found, reason="")


def attempt(claim: Claim, outcome: Outcome, reason: str | None, number: int) -> Attempt:
    """`number`: makes its end unlike any other."""
    return Attempt(
        phase=claim.phase,
        epoch=claim.epoch,
        attempt=claim.attempt,
        outcome=outcome,
        final_state="",
        reason=reason,
        failure=Failure(reason, "other", "x"),
        exit_code=0,
        signal=None,
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=number),
        duration_s=1.0,
        limit=TimeLimit(seconds=1, rule="test"),
        stdout_path="out",
        stderr_path="err",
    )


def name_of(claim: Claim) -> str:
    return f"{claim.phase.run_id}/{claim.phase.phase_id}"
