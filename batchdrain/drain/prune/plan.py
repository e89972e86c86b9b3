"""Plans what is to be removed. The dry run shows the plan, and the removal follows it. Reads only."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batchdrain.database.ledger.chains import Chains
from batchdrain.database.ledger.groups import Groups
from batchdrain.database.ledger.prune_attempts import OldAttempts
from batchdrain.database.ledger.session_heads import SessionHead
from batchdrain.drain.project import Project
from batchdrain.drain.prune.judge import Judgement, Kept, SessionJudge
from batchdrain.model.errors import SessionInUse, UsageError
from batchdrain.runtime import clock, trees
from batchdrain.sessions.guarded_folder import open_guarded
from batchdrain.sessions.old_files import SessionFiles, find_sessions, find_triages

SHOWN = 20
_LOCKLESS = timedelta(days=1)
_SLACK_S = 60.0


@dataclass(slots=True, kw_only=True)
class PrunePlan:
    """What is removed, and how many sessions stay for which reason."""

    judge: SessionJudge
    sessions: list[Judgement] = field(default_factory=list)  #: the sessions that are removed
    triages: list[str] = field(default_factory=list)
    heads: list[SessionHead] = field(default_factory=list)  #: sessions that only the ledger has, and that are removed
    chains: list[str] = field(default_factory=list)  #: uids of ended chains that are removed
    groups: list[str] = field(default_factory=list)  #: keys of the groups that are removed
    controllers: list[str] = field(default_factory=list)  #: uids of the sessions whose rows are removed
    attempts: OldAttempts
    kept: Counter[Kept] = field(default_factory=Counter)
    kept_ids: dict[Kept, list[str]] = field(default_factory=lambda: defaultdict(list))  #: a few ids for each reason


@contextmanager
def open_sessions(project: Project) -> Iterator[int | None]:
    """Open the sessions folder; None if there is none. Raises FilesUnavailable if others could write to it."""
    try:
        fd = open_guarded(project.folder.folder)
    except FileNotFoundError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def plan_prune(project: Project, fd: int | None, before: datetime | None, named: Sequence[str]) -> PrunePlan:
    """Make the plan. `fd`: the folder; `before`: what ended before this time is old. It may be None only if sessions are `named`:
    then only these are judged. Raises UsageError, BadData, SessionInUse if a named session can't be removed."""
    end = before or clock.now()
    judge = SessionJudge(project, end, named)
    files = {} if fd is None else find_sessions(fd)
    meant = files if not named else {name: files.get(name, SessionFiles(name)) for name in named}
    plan = PrunePlan(judge=judge, attempts=OldAttempts(before_ms=clock.to_ms(end)))
    spared: set[str] = set()
    for name, of in meant.items():
        found = _judge_one(project, judge, fd, of, is_named=bool(named))
        if found.why is None:
            plan.sessions.append(found)
            continue
        spared |= found.uids
        plan.kept[found.why] += 1
        if len(plan.kept_ids[found.why]) < SHOWN:
            plan.kept_ids[found.why].append(name)
    gone = frozenset[str]().union(*(one.uids for one in plan.sessions))
    if named:
        plan.attempts = OldAttempts(before_ms=clock.to_ms(end), kept_sessions=judge.holders, only_sessions=gone)
        plan.controllers = sorted(gone)
        return plan
    ours = [head for name in judge.heads for head in judge.heads_of(name)]
    for head in ours:
        if head.session_uid in spared | judge.holders or (
            head.session_uid not in gone and not judge.is_old(judge.end_of(head))
        ):
            spared.add(head.session_uid)
        elif head.session_uid not in gone:
            plan.heads.append(head)
    plan.attempts = OldAttempts(before_ms=clock.to_ms(end), kept_sessions=frozenset(spared) | judge.holders)
    old = project.session_rows.read_old(clock.to_ms(end))
    plan.controllers = [uid for uid in old if uid not in judge.holders]
    plan.chains = Chains(project.store.database, project.store.ledger).read_ended(end)
    if not plan.kept[Kept.RESUMABLE] and all(judge.end_of(head) for head in ours):
        plan.groups = Groups(project.store.database, project.store.ledger).read_old(clock.to_ms(end))
    plan.triages = [] if fd is None else [name for name, began in find_triages(fd) if _is_over(project, fd, name, began, end)]
    return plan


def _judge_one(project: Project, judge: SessionJudge, fd: int | None, files: SessionFiles, *, is_named: bool) -> Judgement:
    name = files.session_id
    if is_named and not (files.json or files.folder or files.events or files.aside) and not judge.heads_of(name):
        project.folder.load(name)  # raises the error that fits if the id is invalid or unknown
        raise UsageError(f"--session-id: there is no session {name}", remedy="`inv sessions` lists them")
    found = judge.judge(-1 if fd is None else fd, files)
    if is_named and found.why is Kept.RUNNING:
        raise SessionInUse(f"session {name}: is running", remedy="wait for it, or stop it with Ctrl-C")
    if is_named and found.why is Kept.HOLDING:
        raise SessionInUse(f"session {name}: still holds phases", remedy="`inv recover` releases what dead controllers held")
    return found


def _is_over(project: Project, fd: int, name: str, began: datetime, before: datetime) -> bool:
    """Whether a triage is old and over. One of an earlier version has no lock: then the time of its last write decides."""
    if began >= before or project.folder.is_held(name):
        return False
    now = clock.now()
    if now - began > _LOCKLESS:
        return True
    try:
        changed = trees.measure(fd, name).changed_at
    except OSError:
        return False
    return now.timestamp() - changed > project.settings.triage.timeout_s + _SLACK_S
