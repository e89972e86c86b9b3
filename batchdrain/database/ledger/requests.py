"""The requests to a running session, as they stand in its row, and how they pass from one part of a chain to the next.

asked --the part's next beat--> heard by it
 |--the row of the next part begins--> asked of that part: the former row gets another epoch, and takes no more requests
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.dialects import db_now_ms
from batchdrain.model.asked import Ask, Asked
from batchdrain.runtime.json_text import to_json_line

REASON_CHARS: Final = 500
_LEFT: Final = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerPart:
    """The row of the part of a chain that the same controller drained before."""

    session_uid: str
    epoch: int
    heard: int  #: the number of the last request that it heard; 0: of none


def hand_on(connection: sa.Connection, table: sa.Table, source: str, former: FormerPart, session_uid: str) -> None:
    """Give this part, whose row exists, the request that the former part did not hear. From then on nobody can ask the former
    part: whoever read its row has to read again. A repetition, after a commit whose reply was lost, gives the same result."""
    was = sa.and_(table.c.source == source, table.c.session_uid == former.session_uid)
    this = sa.and_(table.c.source == source, table.c.session_uid == session_uid)
    closed = table.update().where(was, table.c.epoch == former.epoch)
    ended = {"ended_ms": sa.func.coalesce(table.c.ended_ms, db_now_ms()), "status": sa.func.coalesce(table.c.status, _LEFT)}
    connection.execute(closed.values(epoch=former.epoch + 1, **ended))
    text = connection.execute(sa.select(table.c.asked).where(was, table.c.epoch == former.epoch + 1)).scalar()
    asked = to_asked(text)
    if asked is None or asked.number <= former.heard:
        return
    number = connection.execute(sa.select(table.c.asked_no).where(this)).scalar_one() + 1
    connection.execute(table.update().where(this).values(asked=to_text(replace(asked, number=number)), asked_no=number))


def to_text(asked: Asked) -> str:
    """The text of a request in its row."""
    fields = {"number": asked.number, "ask": asked.ask.value, "by": asked.by, "reason": asked.reason, "at_ms": asked.at_ms}
    return to_json_line(fields)


def to_asked(text: str | None) -> Asked | None:
    """A request from its text. None if it is no request of ours:
    whoever may write to the ledger may have written anything."""
    try:
        found: Any = json.loads(text or "{}")
        return Asked(
            number=int(found["number"]),
            ask=Ask(found["ask"]),
            by=str(found["by"])[:REASON_CHARS],
            reason=str(found["reason"])[:REASON_CHARS],
            at_ms=int(found["at_ms"]),
        )
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError):
        return None
