"""A session begins: what is asked is fixed, checked, and handed to `run_session`."""

from __future__ import annotations

from batchdrain.drain.ambiguous_rows import ambiguity_of
from batchdrain.drain.chain import Chain
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.new_session import make_session, open_record
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.preflight import require_ready, settle_ledger
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.screen import Screen
from batchdrain.drain.selection import backlog_for, find_idle, settle
from batchdrain.drain.session_run import SessionOutcome, run_session
from batchdrain.runtime import clock
from batchdrain.sessions.progress import ResultCounts


def begin(
    project: Project, request: DrainRequest, screen: Screen, less: Narrowing = AS_ASKED, chain: Chain | None = None
) -> SessionOutcome:
    """A new session, unless there is nothing to drain. `chain`: that it is of; `less`: what is asked for now, where the chain
    is resumed. Raises BatchDrainError."""
    request = settle(project, request)
    now = less.apply(request)
    require_ready(project, now)
    recovered = settle_ledger(project, screen)
    counts = ResultCounts(metric=request.settings.stop.metric) if chain is None else chain.counts_for(request.kind)
    backlog = backlog_for(project, now, counts)
    backlog.refresh(clock.now())
    idle = [] if chain is not None else find_idle(project, request, backlog)
    if not backlog.waiting:
        return SessionOutcome(
            session=None,
            exit_code=0,
            skipped=backlog.skipped,
            total=backlog.total,
            failure=ambiguity_of(backlog.skipped),
            without_effect=idle,
        )
    session = make_session(project, request, backlog, chain)
    session.without_effect = list(idle)
    record = open_record(session, project, counts, chain)
    for line in idle:
        screen.notice(line)
    return run_session(
        OpenSession(
            project=project,
            request=now,
            whole=request,
            less=less,
            record=record,
            backlog=backlog,
            screen=screen,
            most=less.most(request, 0),
            recovered=recovered,
        )
    )
