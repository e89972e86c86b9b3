"""Judges whether a session is old enough to be removed, and if not, why it stays. Reads only."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from batchdrain.database.ledger.chains import Chains
from batchdrain.database.ledger.session_heads import SessionHead, read_elsewhere, read_heads, read_holders
from batchdrain.drain.borne_out import is_of_other_database
from batchdrain.drain.project import Project
from batchdrain.model.errors import BadData
from batchdrain.sessions.folder import LostSession
from batchdrain.sessions.old_files import SessionFiles, has_spooled, last_seen
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.session import Session


class Kept(StrEnum):
    """Why a session stays."""

    RUNNING = "running"
    HOLDING = "holding phases"
    RESUMABLE = "to be resumed"
    ELSEWHERE = "of another database"
    UNREADABLE = "not to be read"
    SPOOLED = "unknown to the ledger, with results in its spool"
    YOUNG = "not old enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is to become of a session."""

    files: SessionFiles
    why: Kept | None  #: why it stays; None: it is removed
    uids: frozenset[str] = frozenset()  #: the uids under which the ledger knows it
    error: BadData | None = None  #: why it can't be read


class SessionJudge:
    """Judges the sessions of a folder by their own files and by the ledger, as the ledger was when this object was made."""

    def __init__(self, project: Project, before: datetime, named: Sequence[str]) -> None:
        """`before`: what ended before this time is old; `named`: sessions that are removed even if they could be resumed."""
        self._project = project
        self._before = before
        self._named = frozenset(named)
        self.heads: Mapping[str, list[SessionHead]] = _by_session(project)
        self.elsewhere = read_elsewhere(project.store)  #: uids of sessions of other tables
        self.holders, self._spools = read_holders(project.store)
        self._open_chains = _find_open_chains(project)

    def look_again(self) -> None:
        """Read again who holds what. Raises DatabaseUnavailable."""
        self.holders, self._spools = read_holders(self._project.store)
        self._open_chains = _find_open_chains(self._project)

    def is_old(self, end: datetime | None) -> bool:
        """Whether this end is old. False for None, which has not ended."""
        return end is not None and end < self._before

    def heads_of(self, session_id: str) -> list[SessionHead]:
        """What the ledger keeps under an id, except of sessions of other tables, which may have the same one."""
        return [head for head in self.heads.get(session_id, []) if head.session_uid not in self.elsewhere]

    def judge(self, fd: int, files: SessionFiles, *, ours: bool = False) -> Judgement:
        """Judge a session. `fd`: the folder; `ours`: whether this process holds the session's lock. Raises OSError."""
        session, error = self._load(files)
        heads = self.heads_of(files.session_id)
        uids = frozenset(head.session_uid for head in heads)
        if isinstance(session, Session):
            uids = frozenset({session.session_uid} if session.session_uid else ())
        why = Kept.RUNNING if not ours and self._project.folder.is_held(files.session_id) else None
        why = why or self._holds(files.session_id, uids)
        if why is None and files.session_id in self._named:
            why = None if self._may_go_by_name(session, error, heads) else Kept.YOUNG
        elif why is None:
            why = self._by_file(session) if isinstance(session, Session) else self._by_ledger(fd, files, error, heads)
        return Judgement(files=files, why=why, uids=uids, error=error)

    def _load(self, files: SessionFiles) -> tuple[Session | None, BadData | None]:
        if not files.json:
            return None, None
        try:
            return self._project.folder.load(files.session_id), None
        except LostSession:
            return None, None
        except BadData as error:
            return None, error

    def _holds(self, session_id: str, uids: frozenset[str]) -> Kept | None:
        spool = os.path.realpath(self._project.folder.spool(session_id))
        if uids & self.holders or any(os.path.realpath(Path(one)) == spool for one in self._spools):
            return Kept.HOLDING
        return None

    def _may_go_by_name(self, session: Session | None, error: BadData | None, heads: Sequence[SessionHead]) -> bool:
        """Whether a named session may be removed. It stays only if it has ended, and not long enough ago."""
        end = session.completed_at if session is not None else self._end_of(heads) if error is None else None
        return end is None or self.is_old(end)

    def _by_file(self, session: Session) -> Kept | None:
        if is_of_other_database(session, self._project.store):
            return Kept.ELSEWHERE
        if session.is_incomplete or session.chain_uid in self._open_chains:
            return Kept.RESUMABLE
        return None if self.is_old(session.completed_at) else Kept.YOUNG

    def _by_ledger(self, fd: int, files: SessionFiles, error: BadData | None, heads: Sequence[SessionHead]) -> Kept | None:
        """Judge a session whose file is gone or can't be read."""
        if error is not None and (not isinstance(error, CorruptSession) or not heads or not files.has_form):
            return Kept.UNREADABLE
        if not heads and not files.has_form:  # anybody may have made a file with this name
            return Kept.UNREADABLE
        if heads:
            end = self._end_of(heads)
            return Kept.RESUMABLE if end is None else None if self.is_old(end) else Kept.YOUNG
        if has_spooled(fd, files):
            return Kept.SPOOLED
        return None if self.is_old(last_seen(fd, files)) else Kept.YOUNG

    def end_of(self, head: SessionHead) -> datetime | None:
        """When the session ended; None while it or its chain can be resumed."""
        return None if head.chain_uid in self._open_chains else head.completed_at

    def _end_of(self, heads: Sequence[SessionHead]) -> datetime | None:
        """When the last of these sessions ended; None while one of them has not. Two hosts may have used one id."""
        ends = [self.end_of(head) for head in heads]
        return None if None in ends else max((end for end in ends if end is not None), default=None)


def _find_open_chains(project: Project) -> frozenset[str]:
    """The uids of the chains of which something is left. All their sessions can be resumed, even the complete ones."""
    return Chains(project.store.database, project.store.ledger).read_open()


def _by_session(project: Project) -> Mapping[str, list[SessionHead]]:
    found: dict[str, list[SessionHead]] = defaultdict(list)
    for head in read_heads(project.store):
        found[head.session_id].append(head)
    return found
