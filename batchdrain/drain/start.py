"""Begins a session: its request is fixed, checked, and handed to `run_session`."""

from __future__ import annotations

from collections.abc import Sequence

from batchdrain.drain.ambiguous_rows import ambiguity_of
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.new_session import make_session, open_record
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.preflight import join_group, leave_out_tried, require_ready, settle_ledger
from batchdrain.drain.preview.results import foresee
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.screen import Screen
from batchdrain.drain.selection import backlog_for, find_idle, find_idle_of_part, settle
from batchdrain.drain.session_run import SessionOutcome, run_session
from batchdrain.planning.backlog import Backlog
from batchdrain.runtime import clock
from batchdrain.sessions.progress import ResultCounts


def begin(
    project: Project, request: DrainRequest, screen: Screen, less: Narrowing = AS_ASKED, chain: Chain | None = None
) -> SessionOutcome:
    """Begin a new session, unless there is nothing to drain. `chain`: the chain of the session; `less`: what this call asks for, if
    the chain is resumed. Raises BatchDrainError."""
    request = settle(project, request)
    now = less.apply(request)
    require_ready(project, now)
    recovered = settle_ledger(project, screen)
    ended = join_group(project, request)
    counts = ResultCounts(metric=request.settings.stop.metric) if chain is None else chain.counts_for(request.kind)
    leave_out_tried(project, request, counts)
    backlog = backlog_for(project, now, counts)
    backlog.refresh(clock.now())
    idle = find_idle(project, request, backlog) if chain is None else find_idle_of_part(request, backlog)
    if not backlog.waiting or ended is not None:
        return _find_nothing(backlog, () if chain is not None else idle, None if ended is None else str(ended))
    most = less.most(request, 0)
    foreseen = foresee(project, now, backlog, most, counts.progress())
    session = make_session(project, request, backlog, chain, foreseen)
    session.without_effect = [*(() if chain is None else chain.idle), *idle]
    record = open_record(session, project, counts, chain)
    for line in idle:
        screen.notice(line)
    it = OpenSession(project=project, request=now, whole=request, less=less, record=record, backlog=backlog,
                     screen=screen, most=most, recovered=recovered, asked=None if chain is None else chain.asked,
                     former=None if chain is None else chain.former)  # fmt: skip
    return run_session(it)


def _find_nothing(backlog: Backlog, idle: Sequence[str], because: str | None) -> SessionOutcome:
    return SessionOutcome(
        session=None,
        exit_code=0,
        skipped=backlog.skipped,
        total=backlog.total,
        failure=ambiguity_of(backlog.skipped),
        because=because,
        without_effect=idle,
    )
