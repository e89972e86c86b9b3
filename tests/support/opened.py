"""A project that is opened in the test's own process, as each task opens it: real settings, database and folder of sessions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from batchdrain.config.load import load
from batchdrain.database.ledger.claims import Claims
from batchdrain.drain.new_session import make_session, open_record
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.screen import Screen, Silent
from batchdrain.drain.selection import backlog_for
from batchdrain.execution.process_identity import ProcessIdentity, identify_self
from batchdrain.model.claim import Choice, Claim
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.runtime import clock
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.session import Kind
from tests.support.workplace import Workplace, named

UID = "a" * 32
EVERYTHING = Filters()


@contextmanager
def opened(place: Workplace, *, with_ledger: bool = True, **settings: Any) -> Iterator[Project]:
    """`settings`: of invoke.yaml, beside those that it has. `with_ledger`: batchdrain's own tables are there."""
    place.configure(**settings)
    section = json.loads((place.root / "invoke.yaml").read_text())["batchdrain"]
    project = Project.open(load(section, {}), {}, place.root)
    try:
        if with_ledger:
            project.store.database.prepare_for_writing()
            project.store.ledger.create(project.store.database)
        yield project
    finally:
        project.close()


class Told(Silent):
    """A screen that keeps the notices."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)


def request_for(project: Project, kind: Kind = Kind.FAILED, *, filters: Filters = EVERYTHING, **facts: Any) -> DrainRequest:
    """By the project's own settings, unless `facts` have others."""
    return DrainRequest(**{"kind": kind, "filters": filters, "settings": project.settings, **facts})


def dead() -> ProcessIdentity:
    """A process of this machine that runs no more: another one has its number."""
    me = identify_self()
    return replace(me, start=me.start - 1)


def hold(
    project: Project,
    name: str,
    *,
    by: ProcessIdentity | None = None,
    session_uid: str = UID,
    state: PhaseState = PhaseState.FAILED,
    lease_s: float = 3600,
    guard: ProcessIdentity | None = None,
) -> Claim:
    """A claim of a phase 'run/phase'. `by`: its controller; None: one that is dead. `guard`: of its command; None: it is dead."""
    claims = Claims(project.store, project.settings.command, session_uid, spool_dir=str(spool_of(project)))
    claims.holder = replace(claims.holder, process=by or dead())
    run_id, phase_id = named(name)
    choice = Choice(phase=Phase(run_id=run_id, phase_id=phase_id, phase_index=0, state=state), reason="")
    claim = claims.claim(choice, lease_s=lease_s, run_type="default", now=clock.now(), guard=guard or dead())
    assert claim is not None, name
    return claim


def spool_of(project: Project) -> Path:
    """Where the guardians of `hold` would leave results."""
    folder = project.root / "left" / "spool"
    for one in (folder, folder.with_name("logs")):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def keep_result(project: Project, claim: Claim, **fields: Any) -> Path:
    """What a guardian left of a command that ended with 0."""
    found = {
        "by": "exit", "exit_code": 0, "signal": None, "duration_s": 1.5, "left_over": 0, "gone": True, "ended_ms": 1_700_000_000_000,
        "limit_s": 60.0, "limit_rule": "test", "stdout_path": "x", "stderr_path": "x", "result_path": "x",
    }  # fmt: skip
    path = spool_of(project) / f"{claim.token}.json"
    path.write_text(json.dumps({"token": claim.token, **found, **fields}))
    return path


def new_session(project: Project, request: DrainRequest, screen: Screen | None = None) -> OpenSession:
    """A session that begins: its file is locked by us, until its record is closed, and its backlog was read just now."""
    counts = ResultCounts()
    backlog = backlog_for(project, request, counts)
    backlog.refresh(clock.now())
    record = open_record(make_session(project, request, backlog, None, None), project, counts, None)
    return OpenSession(
        project=project, request=request, record=record, backlog=backlog, screen=screen or Silent(), most=request.most
    )


@contextmanager
def open_session(project: Project, request: DrainRequest, screen: Screen | None = None) -> Iterator[OpenSession]:
    """The same, for so long."""
    it = new_session(project, request, screen)
    try:
        yield it
    finally:
        it.record.close()
