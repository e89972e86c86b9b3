"""A session begins: what is asked is fixed, checked, and handed to `run_session`."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from typing import Any

from batchdrain.config.categories import categoriser_of
from batchdrain.config.plugins import resolve_engine
from batchdrain.database.phases.checks import find_unfit_columns, find_unwritable_view
from batchdrain.database.phases.dry_write import dry_write
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.screen import Screen
from batchdrain.drain.session_run import SessionOutcome, run_session
from batchdrain.execution.command import diagnosis_problems_of, problems_of
from batchdrain.model.errors import ConfigError
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import ACCEPTED
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.plan_backlog import PlanBacklog
from batchdrain.planning.planner import Selection, SessionProgress
from batchdrain.runtime import clock
from batchdrain.sessions.balance import Balance
from batchdrain.sessions.events import Event
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status


def backlog_for(project: Project, request: DrainRequest, done: SessionProgress) -> Backlog:
    """Where the phases of an intent come from: the dry run and the drain ask here."""
    selection = selection_for(project, request, done)
    if request.plan is None:
        return selection.backlog()
    planned = replace(selection, heeds_verdicts=False)  # whoever planned a phase wants it, whatever a diagnosis says
    return PlanBacklog(request.plan, planned.reading, state=request.state, categorise=categoriser_of(request.settings))


def selection_for(project: Project, request: DrainRequest, done: SessionProgress) -> Selection:
    return Selection(store=project.store, settings=request.settings, filters=request.filters, state=request.state, done=done)


def begin(project: Project, request: DrainRequest, screen: Screen) -> SessionOutcome:
    """A new session, unless there is nothing to drain. Raises BatchDrainError."""
    prepare(project, request)
    recovered = recover(project)
    counts = ResultCounts()
    backlog = backlog_for(project, request, counts)
    backlog.refresh(clock.now())
    if not backlog.waiting:
        return SessionOutcome(session=None, exit_code=0, skipped=backlog.skipped, total=backlog.total)
    accepted = sum(count for skip, count in backlog.skipped.items() if skip.rule == ACCEPTED)
    started_at = clock.now()
    project.folder.prepare()
    session_id = project.folder.new_id(started_at)
    session = Session(
        session_id=session_id,
        session_uid=uuid.uuid4().hex,
        database=identity(project),
        status=Status.RUNNING,
        started_at=started_at,
        balance=Balance.of(before=backlog.total, known=backlog.total, fixed=0, failing=0, moved=0, accepted=accepted),
        **request.as_fields(),
    )
    record = opened_record(session, project, counts)
    try:
        record.events.write(Event.SESSION_STARTED, kind=session.kind.value, batch_size=session.batch_size,
                            filters=session.filters, policy=session.policy, database=session.database)  # fmt: skip
    except BaseException:
        record.close()
        raise
    return run_session(
        OpenSession(
            project=project,
            request=request,
            record=record,
            backlog=backlog,
            screen=screen,
            most=request.most,
            recovered=recovered,
        )
    )


def opened_record(session: Session, project: Project, counts: ResultCounts) -> SessionRecord:
    """The session's record, held by us alone. Raises SessionInUse and FilesUnavailable."""
    lock = project.folder.lock(session.session_id)
    try:
        return SessionRecord(session, project.folder, lock, project.store.table.states[PhaseState.FAILED], counts)
    except BaseException:
        os.close(lock)
        raise


def identity(project: Project) -> dict[str, Any]:
    """What names the database in a session: `uid` is the ledger's own and survives another URL for the same one."""
    uid = project.store.ledger.read_meta(project.store.database, "database_uid")
    return {"url": project.store.database.name, "place": project.store.database.place, "uid": uid}


def prepare(project: Project, request: DrainRequest) -> None:
    """Everything that can be found wrong before the first claim is."""
    settings = request.settings
    problems = diagnosis_problems_of(settings, project.root) if request.triage else []
    problems += problems_of(settings.command, project.root) + find_unfit_columns(project.store.table)
    if settings.command.result_from == "exit_code":
        problems += find_unwritable_view(project.store.database, project.store.table)
    if problems:
        raise ConfigError.of(problems)
    resolve_engine(settings.engine)
    project.store.database.prepare_for_writing()
    if settings.command.result_from == "exit_code":
        problems = dry_write(project.store.database, project.store.table, request.state)
    try:
        project.store.ledger.create(project.store.database)
    except ConfigError as error:
        problems.append(str(error))
    if problems:
        raise ConfigError.of(problems)
