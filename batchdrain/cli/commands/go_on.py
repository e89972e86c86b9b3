"""The command after a session that was interrupted or stopped: one that does something."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any, Final

from batchdrain.cli.invocation import Invocation
from batchdrain.database.ledger.groups import GROUP
from batchdrain.drain.stops import FIRST_FAILURE, FULL
from batchdrain.failures.fingerprints import VERSION
from batchdrain.planning.stop import SAME_NEW_FAILURE
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Kind, Session, Status
from batchdrain.sessions.whole import parts_of


class NextStep(Enum):
    """What takes more phases after a session."""

    RESUME = auto()  #: the session itself: what stopped it is counted afresh
    ANEW = auto()  #: a new drain: the session has used up what stopped it, and a resume would end at once
    NOTHING = auto()  #: nothing of the same kind: the whole group of drains has ended


AFTER_STOP: Final[Mapping[str, NextStep]] = {
    "stop.max_total_minutes": NextStep.RESUME,
    "stop.max_consecutive_failures": NextStep.RESUME,
    "stop.max_without_metric": NextStep.RESUME,
    SAME_NEW_FAILURE: NextStep.RESUME,
    "retry.outage_after": NextStep.RESUME,
    FIRST_FAILURE: NextStep.RESUME,
    "stop.max_metric": NextStep.ANEW,
    "stop.success_floor": NextStep.ANEW,
    FULL.rule: NextStep.ANEW,
    GROUP: NextStep.NOTHING,
}
"""By the rule that stopped the session."""


def find_next_step(session: Session) -> NextStep:
    """What goes on after the session. A session that says RUNNING is one that is interrupted."""
    status = session.current_status
    if status is Status.COMPLETE or (status is Status.STOPPED and "group" in session.filters):
        return NextStep.NOTHING
    rules = [because.partition(": ")[0] for because in (session.stopped_because or "").split("; ")]
    found = [AFTER_STOP[rule] for rule in rules if rule in AFTER_STOP]
    step = max(found, key=lambda step: step.value, default=NextStep.RESUME)
    if step is NextStep.RESUME and status is Status.STOPPED and _is_used_up(session):
        return NextStep.ANEW if session.kind is Kind.FAILED else NextStep.NOTHING
    return step


def _is_used_up(session: Session) -> bool:
    """Whether a resume would find nothing: each phase that the session may take has its result."""
    if session.chain_uid is not None or session.retries_waiting:
        return False
    return session.batch_if_done is not None or (session.balance is not None and session.balance.waiting == 0)


def to_next_command(invocation: Invocation, folder: SessionFolder, session: Session) -> str | None:
    """The command as it is typed; None if nothing can go on, or if a process drains the session now. Does not ask the database,
    which may be what failed."""
    step = find_next_step(session)
    if step is NextStep.NOTHING or any(_is_drained(folder, part) for part in parts_of(session)):
        return None
    words = [*_drain_anew(session)] if step is NextStep.ANEW else [*_resume(folder, session)]
    return shlex.join([*invocation.words, f"{invocation.mount}{words[0]}", *words[1:]]) if words else None


def _is_drained(folder: SessionFolder, session: Session) -> bool:
    return session.current_status is Status.RUNNING and folder.is_held(session.session_id)


def _resume(folder: SessionFolder, session: Session) -> Iterator[str]:
    left = next((part for part in parts_of(session) if part.is_incomplete), parts_of(session)[-1])
    yield "resume"
    if session.current_status is Status.STOPPED or not _is_first(folder, left):
        yield f"--session-id={left.session_id}"


def _drain_anew(session: Session) -> Iterator[str]:
    """The task and the filters of the session. Nothing if it follows a plan, as its file is not known, or if an earlier version
    named its clusters, as a new drain takes the ids of this one."""
    asked: Mapping[str, Any] = session.filters
    if "plan" in asked or (asked.get("cluster") is not None and asked.get("cluster_version") != VERSION):
        return
    run_id = asked.get("run_id")
    if session.chain_uid is not None:
        yield "drain-all" if run_id is None else "chain-with-queued"
    else:
        yield "drain" if session.kind is Kind.FAILED else "drain-queued"
    if isinstance(run_id, str):
        yield f"--run-id={run_id}"
    for pattern in _texts(asked.get("exclude_runs")):
        yield "--exclude-run=" + pattern.replace(",", "\\,")
    if categories := _texts(asked.get("categories")):
        yield f"--category={','.join(categories)}"
    if isinstance(cluster := asked.get("cluster"), str):
        yield f"--cluster={cluster}"
    if asked.get("include_quarantined") is True:
        yield "--include-quarantined"


def _texts(found: object) -> list[str]:
    """A session file may contain anything."""
    return [one for one in found if isinstance(one, str)] if isinstance(found, list | tuple) else []


def _is_first(folder: SessionFolder, session: Session) -> bool:
    """Whether a `resume` without a session id takes this session: no newer one may be incomplete, or belong to a chain."""
    for name, found in folder.all():
        if name == session.session_id:
            return True
        if not isinstance(found, Session) or found.is_incomplete or found.chain_uid is not None:
            return False
    return False
