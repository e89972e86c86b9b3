"""Removes what the plan says: first the attempts, a page in each transaction; then the files of each session, under its lock; then
its records in the ledger."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from batchdrain.database.ledger.chains import Chains
from batchdrain.database.ledger.groups import Groups
from batchdrain.database.ledger.prune_attempts import count_old_attempts, prune_attempts
from batchdrain.database.ledger.session_heads import SessionHead, forget_heads
from batchdrain.database.storage import require_transactions
from batchdrain.drain.project import Project
from batchdrain.drain.prune.judge import Judgement
from batchdrain.drain.prune.plan import PrunePlan
from batchdrain.model.errors import FilesUnavailable, SessionInUse
from batchdrain.runtime import trees
from batchdrain.runtime.trees import TreeSize
from batchdrain.sessions.old_files import measure_all, remove_folder, remove_session

TRIAGES = "triage folders"
ATTEMPTS = "attempts"
RECORDS = "session records"
CHAINS = "chain records"
GROUPS = "group records"


@dataclass(slots=True)
class Pruned:
    """What was removed, or would be, by kind."""

    counts: Counter[str] = field(default_factory=Counter)
    sizes: dict[str, int] = field(default_factory=lambda: defaultdict(int))  #: bytes of files
    notes: list[str] = field(default_factory=list)  #: what stays although it is old, and why
    problems: list[str] = field(default_factory=list)  #: what could not be removed

    def add(self, kind: str, count: int, size: int = 0) -> None:
        """Count removed things of one kind. `size`: bytes."""
        if count:
            self.counts[kind] += count
            self.sizes[kind] += size

    def add_files(self, sizes: dict[str, TreeSize]) -> None:
        """Count the removed files of a session."""
        for kind, size in sizes.items():
            self.add(kind, size.files, size.size)


def weigh(project: Project, fd: int | None, plan: PrunePlan) -> Pruned:
    """What would be removed. Reads only."""
    found = Pruned()
    if fd is not None:
        for one in plan.sessions:
            found.add_files(measure_all(fd, one.files))
        for name in plan.triages:
            found.add(TRIAGES, 1, _size_of(fd, name))
    if _has_ledger(project):
        found.add(ATTEMPTS, count_old_attempts(project.store, plan.attempts))
        found.add(RECORDS, len(plan.heads) + sum(len(_heads_of(plan, one)) for one in plan.sessions))
        found.add(CHAINS, len(plan.chains))
        found.add(GROUPS, len(plan.groups))
    return found


def remove_planned(project: Project, fd: int | None, plan: PrunePlan) -> Pruned:
    """Remove what is planned. Several processes may do this at once. Raises FilesUnavailable if nothing can be removed,
    DatabaseUnavailable, ConfigError."""
    gone = Pruned()
    if fd is not None and (plan.sessions or plan.triages):
        _require_writable(project, fd)
    if _has_ledger(project):
        _remove_attempts(project, plan, gone)
    for one in plan.sessions:
        if fd is None or not _has_files(one) or _remove_one(project, fd, plan, one, gone):
            _forget(project, _heads_of(plan, one), gone)
    if fd is not None:
        _remove_triages(project, fd, plan, gone)
    _forget(project, plan.heads, gone)
    if plan.chains:
        Chains(project.store.database, project.store.ledger).forget(plan.chains)
        gone.add(CHAINS, len(plan.chains))
    project.session_rows.forget(plan.controllers)
    if plan.groups:
        Groups(project.store.database, project.store.ledger).forget(plan.groups)
        gone.add(GROUPS, len(plan.groups))
    return gone


def _remove_attempts(project: Project, plan: PrunePlan, gone: Pruned) -> None:
    store = project.store
    require_transactions(store.database, store.ledger.tables)
    denied = store.migrate_ledger()
    if not store.ledger.is_newest:
        why = denied or "somebody holds a claim, perhaps an earlier batchdrain"
        gone.notes.append(
            f"attempts are kept: batchdrain's tables are of version {store.ledger.version}, without sums: {why}"
        )
        return
    store.ledger.create(store.database)  # creates again what somebody dropped
    for count in prune_attempts(store, plan.attempts):
        gone.add(ATTEMPTS, count)


def _remove_one(project: Project, fd: int, plan: PrunePlan, one: Judgement, gone: Pruned) -> bool:
    """Remove one session. Returns whether it was removed: somebody may have begun to resume it meanwhile."""
    name, folder = one.files.session_id, project.folder.folder
    sizes = measure_all(fd, one.files)  # before taking the lock, which writes our process id to a file there
    try:
        lock = project.folder.lock(name)
    except SessionInUse:
        gone.notes.append(f"session {name} stays: it is running now")
        return False
    except FilesUnavailable as error:
        if not isinstance(error.__cause__, FileNotFoundError):  # another prune removed its folder at this moment
            gone.problems.append(error.message)
        return False
    try:
        plan.judge.look_again()
        if plan.judge.judge(fd, one.files, ours=True).why is not None:
            gone.notes.append(f"session {name} stays: it was running meanwhile")
            return False
        remove_session(fd, one.files)
    except OSError as error:
        gone.problems.append(f"{folder / (error.filename or name)}: {error.strerror}")
        return False
    finally:
        os.close(lock)
    gone.add_files(sizes)
    return True


def _remove_triages(project: Project, fd: int, plan: PrunePlan, gone: Pruned) -> None:
    for name in plan.triages:
        size = _size_of(fd, name)
        try:
            remove_folder(fd, name)
        except OSError as error:
            gone.problems.append(f"{project.folder.folder / (error.filename or name)}: {error.strerror}")
        else:
            gone.add(TRIAGES, 1, size)


def _forget(project: Project, heads: list[SessionHead], gone: Pruned) -> None:
    if heads:
        forget_heads(project.store, heads)
        gone.add(RECORDS, len(heads))


def _heads_of(plan: PrunePlan, one: Judgement) -> list[SessionHead]:
    """The ledger's records of this session alone: a session of another host may have the same id."""
    return [head for head in plan.judge.heads.get(one.files.session_id, []) if head.session_uid in one.uids]


def _has_files(one: Judgement) -> bool:
    return bool(one.files.json or one.files.folder or one.files.events or one.files.aside)


def _has_ledger(project: Project) -> bool:
    with project.store.database.read() as connection:
        return project.store.ledger.exists(connection)


def _require_writable(project: Project, fd: int) -> None:
    if os.fstatvfs(fd).f_flag & os.ST_RDONLY:
        raise FilesUnavailable(
            f"batchdrain.session_dir: {project.folder.folder} is on a disk that is mounted read-only; nothing was removed",
            remedy="mount it writable, or prune where it is",
        )


def _size_of(fd: int, name: str) -> int:
    try:
        return trees.measure(fd, name).size
    except OSError:
        return 0
