"""Counts the results of sessions in the ledger: what their controllers told last may lack some. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.ledger.schema import Ledger
from batchdrain.model.states import COUNTED, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCounts:
    """The phases of a session that have a result, each by its last attempt."""

    processed: int
    succeeded: int

    def waiting_of(self, failed: int, waiting: int) -> int:
        """How many of its failed phases wait to be tried again, where `waiting` did so when `failed` others had failed for good:
        at least these are among the failed ones still."""
        return max(0, min(waiting, self.processed - self.succeeded - failed))


def read_session_counts(database: Database, ledger: Ledger, uids: Collection[str]) -> Mapping[str, SessionCounts]:
    """The counts of these sessions, by session_uid. A session without results is left out. Raises DatabaseUnavailable."""
    attempts = ledger.attempt
    if not uids:
        return {}
    by_phase = (attempts.c.source, attempts.c.key)
    last = (
        sa.select(*by_phase, attempts.c.session_uid, sa.func.max(attempts.c.epoch).label("epoch"))
        .where(
            attempts.c.source == ledger.source,
            attempts.c.session_uid.in_(uids),
            attempts.c.outcome.in_([one.value for one in COUNTED]),
        )
        .group_by(*by_phase, attempts.c.session_uid)
        .subquery()
    )
    is_last = sa.and_(*(attempts.c[name] == last.c[name] for name in ("source", "key", "epoch")))
    is_complete = sa.case((attempts.c.outcome == Outcome.COMPLETE.value, 1), else_=0)
    query = (
        sa.select(attempts.c.session_uid, sa.func.count(), sa.func.sum(is_complete))
        .join(last, is_last)
        .group_by(attempts.c.session_uid)
    )
    with database.read() as connection:
        if not ledger.exists(connection):
            return {}
        found = connection.execute(query).all()
    return {uid: SessionCounts(processed=int(processed), succeeded=int(succeeded)) for uid, processed, succeeded in found}
