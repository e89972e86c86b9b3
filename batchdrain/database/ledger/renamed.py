"""A table that got another name: what the ledger knows of it is taken along, so that nothing of it is forgotten.

Only where all speaks for it: the former table is gone, or its session is to go on; the ledger knows nothing of the present one yet, and the phases that it
knows of the former are rows of the present.
"""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa

from batchdrain.database.ledger.kept_durations import rename_kept
from batchdrain.database.phases.row_words import RowWords
from batchdrain.database.store import Store
from batchdrain.model.phase import PhaseKey

_PLAIN: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_SAMPLED: Final = 50


def follow_rename(store: Store, session_uid: str | None = None) -> str | None:
    """What is told of it; None where there was nothing to follow. `session_uid`: of a session that is to go on in the present
    table, and whose former one may be anything by now. Writes to the ledger alone. Raises DatabaseUnavailable."""
    former = _find_former(store, session_uid)
    if former is None:
        return None
    ledger = store.ledger
    tables = [table for table in ledger.tables if "source" in table.c]

    def rename(connection: sa.Connection) -> None:
        for table in tables:
            connection.execute(table.update().where(table.c.source == former).values(source=ledger.source))
        rename_kept(connection, ledger, former)

    try:
        store.database.write(rename)
    except sa.exc.IntegrityError:  # somebody has begun to work on the present one in this moment
        return None
    return f"The phases of table {former!r} are in {store.table.source.table!r} now: the ledger goes on with what it knows of them"


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
            known = {*inspector.get_table_names(schema=table.schema), *inspector.get_view_names(schema=table.schema)}
            known |= {name.lower() for name in known} if table.dialect == "sqlite" else set()
            gone = [source for source in sources if _PLAIN.fullmatch(source) and source not in known]
        fitting = [source for source in gone if _has_its_phases(connection, store, source)]
    return fitting[0] if len(fitting) == 1 else None


def _has_its_phases(connection: sa.Connection, store: Store, source: str) -> bool:
    """Of the attempts that began last."""
    attempts = store.ledger.attempt
    newest = sa.select(attempts.c.run_id, attempts.c.phase_id).where(attempts.c.source == source)
    found = connection.execute(newest.order_by(attempts.c.started_ms.desc()).limit(_SAMPLED))
    keys = {PhaseKey(run_id, phase_id) for run_id, phase_id in found}
    return bool(keys) and all(RowWords(store.table).read(connection, keys).values())
