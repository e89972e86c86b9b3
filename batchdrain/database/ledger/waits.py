"""The waits of failed phases for their retries, in which nobody else takes them."""

from __future__ import annotations

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.ledger.own_writes import write_own
from batchdrain.database.ledger.schema import Ledger


def forget_waits(database: Database, ledger: Ledger, session_uid: str) -> int:
    """Let anybody take the phases that this session wanted to try again, as it does not any more. Phases that were claimed since
    are left alone. Returns their number. Raises DatabaseUnavailable, ConfigError."""
    claims, attempts = ledger.claim, ledger.attempt
    is_its_last = sa.exists().where(
        attempts.c.source == claims.c.source,
        attempts.c.key == claims.c.key,
        attempts.c.epoch == claims.c.epoch,
        attempts.c.session_uid == session_uid,
    )
    waits = sa.and_(claims.c.source == ledger.source, claims.c.owner.is_(None), claims.c.next_at_ms.is_not(None))
    change = claims.update().where(waits, is_its_last).values(next_at_ms=None)
    return write_own(database, lambda connection: connection.execute(change).rowcount)
