"""One database with the ledger, as two controllers see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from batchdrain.config.settings import Command, Settings, Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.execution import process_identity
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, Claim, TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.runtime import clock
from tests.support.workplace import Workplace

NOW = clock.now()


@dataclass
class Bench:
    """One database with the ledger, as two controllers see it."""

    work: Workplace
    database: Database
    ledger: Ledger
    table: PhaseTable
    command: Command

    @property
    def project(self) -> Project:
        return Project(Settings(command=self.command), Store(self.database, self.table, self.ledger), self.work.root)

    def controller(self, name: str = "a") -> Claims:
        return Claims(self.project.store, self.command, name * 32)

    def claim(
        self, claims: Claims, name: str, *, lease_s: float = 60, guard: process_identity.ProcessIdentity | None = None
    ) -> Claim | None:
        return claims.claim(choice_of(name), lease_s=lease_s, run_type="default", now=NOW, guard=guard)

    def recover(self) -> list[str]:
        return [str(back.key) for back in recover(self.project)]

    def rows(self, columns: str, table: str = "batchdrain_attempt") -> list[tuple[object, ...]]:
        order = "epoch" if table == "batchdrain_attempt" else "key"
        if self.database.dialect == "mysql":
            columns, order = columns.replace("key", "`key`"), order.replace("key", "`key`")
        return self.work.sql(f"SELECT {columns} FROM {table} ORDER BY {order}")


@pytest.fixture
def bench(project: Workplace) -> Iterator[Bench]:
    yield from opened(project, Command(argv=["true"]))


@pytest.fixture
def database_mode(project: Workplace) -> Iterator[Bench]:
    yield from opened(project, Command(argv=["true"], result_from="database"))


def opened(project: Workplace, command: Command) -> Iterator[Bench]:
    database = open_database(project.url)
    table = PhaseTable.reflect(database, Source())
    ledger = Ledger.of(table)
    database.prepare_for_writing()
    ledger.create(database)
    yield Bench(project, database, ledger, table, command)
    database.close()


def choice_of(name: str, state: PhaseState = PhaseState.FAILED) -> Choice:
    run, phase = name.split("/")
    found = Phase(run_id=run, phase_id=phase, phase_index=0, state=state)
    return Choice(phase=found, reason="")


def attempt_of(claim: Claim, outcome: Outcome, reason: str | None = None) -> Attempt:
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
        ended_at=NOW + timedelta(seconds=1),
        duration_s=1.0,
        limit=TimeLimit(seconds=1, rule="test"),
        stdout_path="out",
        stderr_path="err",
    )


def taken(claim: Claim | None) -> Claim:
    assert claim is not None
    return claim
