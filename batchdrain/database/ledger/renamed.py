"""Follows a table that got another name: the ledger's rows about it are renamed too, so that nothing is forgotten.

That happens only if the former table is gone, or its session is to go on. Besides, the ledger must know nothing of the
present table yet, and the phases that it knows of the former one must be rows of the present one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from batchdrain.database.ledger.chains import rename_waiting
from batchdrain.database.ledger.kept_durations import rename_kept
from batchdrain.database.ledger.notes import rename_notes
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.ledger.source_names import apart_name_of, has_twin, is_named
from batchdrain.database.phases.row_words import RowWords
from batchdrain.database.store import Store
from batchdrain.model.errors import ConfigError
from batchdrain.model.phase import PhaseKey

_PLAIN: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_SAMPLED: Final = 50
_TRIES: Final = 3


def follow_rename(store: Store, session_uid: str | None = None) -> str | None:
    """Follow a rename. Returns the message about it; None if there was nothing to follow. `session_uid`: a session that is to
    go on in the present table; its former table may still exist. Writes only to the ledger. Raises DatabaseUnavailable, and
    ConfigError while others hold phases of the former table, which they would lose."""
    former = _find_former(store, session_uid)
    if former is None:
        return None

    def rename(connection: sa.Connection) -> None:
        if session_uid is not None and _is_held_by_others(connection, store, former, session_uid):
            raise ConfigError(
                f"the session's phases were those of table {former!r}, which other drains hold phases of",
                remedy="let those end first (`inv status` with that table's settings), or map that table again",
            )
        _rename(connection, store.ledger, former)

    if not _write(store, rename):
        return None
    return f"The phases of table {former!r} are in {store.table.source.table!r} now: the ledger keeps what it knows of them"


def read_by_former_name(store: Store) -> None:
    """If the next drain will follow a rename, let this store's ledger use the table's former name until then: what people and
    earlier drains recorded is then found, and what is recorded now is renamed with the rest. Reads only. Raises
    DatabaseUnavailable."""
    former = _find_former(store, None)
    if former is not None:
        store.ledger = replace(store.ledger, source=former)


def part_from_twin(store: Store) -> bool:
    """Give the table a name of its own in the ledger, if another table's name differs in case alone and it still has the bare name.
    Returns whether that was done: not while anybody holds one of its claims, since the holder knows the bare name. Raises
    DatabaseUnavailable."""
    ledger, apart = store.ledger, apart_name_of(store.table)
    if store.database.dialect != "mysql" or ledger.source == apart:
        return False
    with store.database.read() as connection:
        if not ledger.exists(connection) or not has_twin(connection, store.table):
            return False

    def part(connection: sa.Connection) -> bool:
        _rename(connection, replace(ledger, source=apart), ledger.source)
        held = (
            sa.select(ledger.claim.c.epoch).where(ledger.claim.c.source == apart, ledger.claim.c.owner.is_not(None)).limit(1)
        )
        if connection.execute(held).first() is not None:  # asked behind the rename, which waits for whoever writes its rows
            raise _Held
        return True

    try:
        return store.database.write(part)
    except _Held:
        return False


class _Held(Exception):
    """Rolls back, since somebody holds a claim."""


def _rename(connection: sa.Connection, ledger: Ledger, former: str) -> None:
    """Give the rows about the former name to the ledger's source."""
    for table in ledger.tables:
        if "source" in table.c:
            these = is_named(table.c.source, former, connection.dialect.name)
            connection.execute(table.update().where(these).values(source=ledger.source))
    rename_kept(connection, ledger, former)
    rename_notes(connection, ledger, former)
    rename_waiting(connection, ledger, former)


def _write(store: Store, rename: Callable[[sa.Connection], None]) -> bool:
    """Run the rename. False if it keeps failing because somebody has begun to work on the present table. After a conflict
    with a single write it is run again."""
    for _ in range(_TRIES):
        try:
            store.database.write(rename)
        except sa.exc.IntegrityError:
            continue
        return True
    return False


def _find_former(store: Store, session_uid: str | None) -> str | None:
    ledger, table = store.ledger, store.table
    claims = ledger.claim
    with store.database.read() as connection:
        if not ledger.exists(connection):
            return None
        if connection.execute(sa.select(claims.c.epoch).where(claims.c.source == ledger.source).limit(1)).first() is not None:
            return None
        if session_uid is not None:
            of_session = sa.select(ledger.attempt.c.source).where(ledger.attempt.c.session_uid == session_uid).distinct()
            gone = list(connection.execute(of_session).scalars())
        else:
            sources = connection.execute(sa.select(claims.c.source).distinct()).scalars().all()
            inspector = sa.inspect(connection)
            plain = filter(
                _PLAIN.fullmatch, sources
            )  # the lists of tables and views lack foreign tables and materialized views
            gone = [source for source in plain if not inspector.has_table(source, schema=table.schema)]
        fitting = [source for source in gone if _has_its_phases(connection, store, source)]
    return fitting[0] if len(fitting) == 1 else None


def _is_held_by_others(connection: sa.Connection, store: Store, source: str, session_uid: str) -> bool:
    """Whether a claim belongs to another session, or it is unknown to which."""
    claims, attempts = store.ledger.claim, store.ledger.attempt
    its_attempt = sa.and_(
        attempts.c.source == claims.c.source, attempts.c.key == claims.c.key, attempts.c.epoch == claims.c.epoch
    )
    is_ours = sa.func.coalesce(attempts.c.session_uid, "") == session_uid
    held = sa.select(claims.c.key).select_from(claims.outerjoin(attempts, its_attempt))
    held = held.where(claims.c.source == source, claims.c.owner.is_not(None), sa.not_(is_ours)).limit(1)
    return connection.execute(held).first() is not None


def _has_its_phases(connection: sa.Connection, store: Store, source: str) -> bool:
    """Whether the attempts that began last belong to phases of the present table."""
    attempts = store.ledger.attempt
    newest = sa.select(attempts.c.run_id, attempts.c.phase_id).where(attempts.c.source == source)
    found = connection.execute(newest.order_by(attempts.c.started_ms.desc()).limit(_SAMPLED))
    keys = {PhaseKey(run_id, phase_id) for run_id, phase_id in found}
    return bool(keys) and all(RowWords(store.table).read(connection, keys).values())
