"""Finds what `resume` goes on with: a session, or the chain that it belongs to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from batchdrain.database.ledger.chains import Chains
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.idle_limits import has_transient
from batchdrain.drain.project import Project
from batchdrain.drain.resumption import find_session, read_session
from batchdrain.model.errors import BadData, FilesUnavailable, UsageError
from batchdrain.sessions.rebuild import UnknownSession, executions_of, rebuilt
from batchdrain.sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A session that is to be resumed, with its chain."""

    session: Session
    chain: Chain | None  #: None: it belongs to no chain, or to one that the ledger no longer knows

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the session and of the other sessions of its chain."""
        others = () if self.chain is None else self.chain.ids.values()
        return tuple(dict.fromkeys((self.session.session_id, *others)))

    @property
    def incomplete(self) -> tuple[Session, ...]:
        """Those of the session and its chain's other sessions that are incomplete. It may be both, as an error may have ended both
        parts."""
        others = () if self.chain is None else self.chain.sessions.values()
        each = {session.session_id: session for session in (self.session, *others)}
        return tuple(session for session in each.values() if session.is_incomplete)

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do."""
        return self.session.is_incomplete or (self.chain is not None and self.chain.ended is None)


def find_target(project: Project, session_id: str | None) -> Target | None:
    """Find the named session, or else the newest one that can be resumed; None if there is none. Reads only. Raises
    BatchDrainError."""
    chains = Chains(project.store.database, project.store.ledger)
    left = chains.read_left().values() if session_id is None else ()
    session = find_session(project, session_id, {row.uid for row in left if row.ended_at is None})
    return None if session is None else Target(session=session, chain=_chain_of(project, chains, session))


def _chain_of(project: Project, chains: Chains, session: Session) -> Chain | None:
    row = None if session.chain_uid is None else chains.read(session.chain_uid)
    if row is None:
        return None
    chain = Chain.of_row(project, row)
    chain.ids.setdefault(session.kind, session.session_id)
    for kind, name in list(chain.ids.items()):
        found = session if name == session.session_id else _read(project, name)
        if found is None:  # it ended before its file was written
            del chain.ids[kind]
        else:
            chain.sessions[kind] = found
            chain.is_tried_again |= has_transient(found) or _was_tried_again(project, found)
    chain.known = {kind: len(found.results) for kind, found in chain.sessions.items()}
    return chain


def _was_tried_again(project: Project, session: Session) -> bool:
    rows = project.store.history.read_session_rows(session.session_uid or "")
    return any(count > 1 for count in executions_of(rows).values())


def read_sessions_again(project: Project, chain: Chain) -> None:
    """Read the sessions again from their files, as one may have begun or ended since the last look. A session that can't be read
    stays as it is known. Only files are read, as the database may be what is missing."""
    for kind, name in chain.ids.items():
        with suppress(BadData, UsageError, FilesUnavailable):
            chain.sessions[kind] = project.folder.load(name)


def _read(project: Project, session_id: str) -> Session | None:
    """Read a session; one in another folder is rebuilt from the ledger. None if it is not known."""
    try:
        return read_session(project, session_id)[0]
    except UnknownSession:
        return None
    except UsageError as error:
        try:
            return rebuilt(project.store.history, session_id, UnknownSession(error.message), project.store.failed_words)
        except UnknownSession:
            return None
