"""What retries did so far, by the failure that they set out from. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.ledger.schema import Ledger
from batchdrain.model.states import Outcome

_TRIED: Final = (Outcome.COMPLETE.value, Outcome.FAILED.value, Outcome.TIMEOUT.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    tried: int = 0
    fixed: int = 0


def retries_by_fingerprint(database: Database, ledger: Ledger) -> dict[str, Retries]:
    """Over all sessions and runs; {} where there is no ledger."""
    attempts = ledger.attempt
    fixed = sa.func.sum(sa.case((attempts.c.outcome == Outcome.COMPLETE.value, 1), else_=0))
    query = (
        sa.select(attempts.c.from_fingerprint, sa.func.count(), fixed)
        .where(attempts.c.source == ledger.source, attempts.c.from_fingerprint.is_not(None), attempts.c.outcome.in_(_TRIED))
        .group_by(attempts.c.from_fingerprint)
    )
    with database.read() as connection:
        if not ledger.exists(connection):
            return {}
        return {mark: Retries(tried=count, fixed=int(done)) for mark, count, done in connection.execute(query)}
