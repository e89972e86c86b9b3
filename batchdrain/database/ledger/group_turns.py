"""Decides when the drains of a group may begin their next command: one command per interval, by the database's clock."""

from __future__ import annotations

import sqlalchemy as sa

from batchdrain.database.dialects import db_now_ms
from batchdrain.database.ledger.groups import require_groups
from batchdrain.database.ledger.schema import Ledger
from batchdrain.model.claim import NotYet, Turn


def take_turn(connection: sa.Connection, ledger: Ledger, turn: Turn) -> None:
    """Take the group's next turn, within the transaction of a claim; only the group's unit may be taken after it. A rollback
    of the claim gives the turn back. Raises NotYet."""
    table = require_groups(ledger)
    this = sa.and_(table.c.source == ledger.source, table.c.group_key == turn.group.key)
    is_due = sa.or_(table.c.next_run_ms.is_(None), table.c.next_run_ms <= db_now_ms())
    taken = table.update().where(this, is_due).values(next_run_ms=db_now_ms() + turn.interval_ms)
    if connection.execute(taken).rowcount:
        return
    left = connection.execute(sa.select(table.c.next_run_ms - db_now_ms()).where(this)).scalar()
    if left is not None:  # otherwise somebody removed the group, and taking its unit reports that
        raise NotYet(max(0.001, int(left) / 1000))
