"""What batchdrain_meta keeps of each session in addition to its attempts. A lost session file is rebuilt from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from batchdrain.database.ledger.history import SESSION
from batchdrain.database.ledger.own_writes import write_own
from batchdrain.database.store import Store

_PAGE: Final = 20  #: so few because a head may have megabytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHead:
    """A session, as the ledger knows it."""

    name: str  #: the name of its row in batchdrain_meta
    session_id: str
    session_uid: str
    completed_at: datetime | None  #: aware; None while the session can be resumed, or if its head can't be read
    chain_uid: str | None  #: None if it belongs to no chain


def read_heads(store: Store) -> Iterator[SessionHead]:
    """Yields the heads of all sessions of the database by name, in bounded memory. Reads only."""
    meta, last = store.ledger.meta, SESSION
    while True:
        query = sa.select(meta.c.name, meta.c.value).where(meta.c.name.startswith(SESSION, autoescape=True))
        with store.database.read() as connection:
            if not store.ledger.exists(connection):
                return
            rows = connection.execute(query.where(meta.c.name > last).order_by(meta.c.name).limit(_PAGE)).all()
        for name, value in rows:
            session_id, _, uid = name.removeprefix(SESSION).rpartition("/")
            completed_at, chain_uid = _read_end(value)
            yield SessionHead(
                name=name, session_id=session_id, session_uid=uid, completed_at=completed_at, chain_uid=chain_uid
            )
        if len(rows) < _PAGE:
            return
        last = rows[-1][0]


def read_elsewhere(store: Store) -> frozenset[str]:
    """The session_uids of sessions that belong to other tables which share the ledger. For a session without attempts and
    without a row in batchdrain_session that is unknown. Reads only."""
    ledger = store.ledger
    with store.database.read() as connection:
        if not ledger.exists(connection):
            return frozenset()
        tables = [ledger.attempt]
        if ledger.session is not None and sa.inspect(connection).has_table(ledger.session.name, schema=ledger.session.schema):
            tables.append(ledger.session)
        ours, theirs = set[str](), set[str]()
        for table in tables:
            uids = sa.select(table.c.session_uid).distinct()
            ours |= set(connection.execute(uids.where(table.c.source == ledger.source)).scalars())
            theirs |= set(connection.execute(uids.where(table.c.source != ledger.source)).scalars())
    return frozenset(theirs - ours)


def forget_heads(store: Store, heads: Iterable[SessionHead]) -> None:
    """Delete these heads, in one transaction. Raises DatabaseUnavailable."""
    meta = store.ledger.meta
    names = [{"the_name": head.name} for head in heads]
    if names:
        gone = meta.delete().where(meta.c.name == sa.bindparam("the_name"))
        write_own(store.database, lambda connection: connection.execute(gone, names))


def read_holders(store: Store) -> tuple[frozenset[str], frozenset[str]]:
    """The sessions that hold a phase now, of any table of the database:
    their session_uids, and their spool folders. Reads only."""
    claims, attempts = store.ledger.claim, store.ledger.attempt
    own = sa.and_(*(attempts.c[name] == claims.c[name] for name in ("source", "key", "epoch")))
    query = sa.select(attempts.c.session_uid, claims.c.spool_dir).select_from(claims.outerjoin(attempts, own))
    with store.database.read() as connection:
        if not store.ledger.exists(connection):
            return frozenset(), frozenset()
        rows = connection.execute(query.where(claims.c.owner.is_not(None))).all()
    return frozenset(uid for uid, _ in rows if uid), frozenset(spool for _, spool in rows if spool)


def forget_waits(store: Store, session_uid: str) -> None:
    """Let anybody take the phases that this session wanted to try again, as it does not any more. Phases that were claimed since
    are left alone. Raises DatabaseUnavailable, ConfigError."""
    claims, attempts = store.ledger.claim, store.ledger.attempt
    own = sa.and_(*(attempts.c[name] == claims.c[name] for name in ("source", "key", "epoch")))
    waits = sa.and_(claims.c.source == store.ledger.source, claims.c.owner.is_(None), claims.c.next_at_ms.is_not(None))
    change = (
        claims.update().where(waits, sa.exists().where(own, attempts.c.session_uid == session_uid)).values(next_at_ms=None)
    )
    write_own(store.database, lambda connection: connection.execute(change))


def _read_end(value: str) -> tuple[datetime | None, str | None]:
    """When the session ended, and the uid of its chain."""
    try:
        head = json.loads(value)
        found = datetime.fromisoformat(head["completed_at"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None, None
    chain_uid = head.get("chain_uid")
    return found if found.tzinfo is not None else None, chain_uid if isinstance(chain_uid, str) else None
