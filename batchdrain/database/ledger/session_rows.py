"""The sessions of the ledger: who drains this database, on whatever host, with what progress, and what was requested of it.

A session's row is written when it begins, with each beat, and when it ends. Whoever begins or resumes the session gives it a
higher epoch. Every later write names the epoch that it saw, so no beat and no request reaches another controller's session.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.dialects import db_now_ms
from batchdrain.database.ledger.own_writes import write_own
from batchdrain.database.ledger.requests import REASON_CHARS, FormerPart, hand_on, to_asked, to_text
from batchdrain.database.ledger.schema import Ledger
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.asked import Ask, Asked
from batchdrain.runtime.json_text import to_json_line

_TRIES: Final = 5  #: of a request, while others make requests too


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session, as the ledger has it."""

    uid: str
    session_id: str
    chain_uid: str | None
    epoch: int
    controller: ProcessIdentity
    host: str  #: the host's name, for people
    wanted: Mapping[str, Any]  #: what was requested: kind, batch_size, workers, group, folder
    progress: Mapping[str, Any]  #: the progress at its last beat
    asked: Asked | None  #: the last request to it
    begun_ms: int
    beat_age_ms: int  #: since its last beat, by the database's clock
    ttl_ms: int  #: after this time without a beat it is taken for dead
    ended_ms: int | None
    status: str | None  #: how it ended; None while it runs

    @property
    def is_silent(self) -> bool:
        """Whether its next beat is overdue."""
        return self.ended_ms is None and self.beat_age_ms > self.ttl_ms

    @property
    def is_at_work(self) -> bool:
        """Whether it took phases at its last beat."""
        return self.ended_ms is None and not self.is_silent and self.progress.get("paused") is not True

    @property
    def workers(self) -> int:
        """How many workers it has; 0 if the row does not tell."""
        found = self.wanted.get("workers")
        return max(0, found) if isinstance(found, int) else 0


class SessionRows:
    """Reads and writes the sessions of the ledger. Every method raises DatabaseUnavailable.
    Tables of an earlier version keep nothing of them."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def begin(
        self,
        session_uid: str,
        values: Mapping[str, Any],
        wanted: Mapping[str, Any],
        progress: Mapping[str, Any],
        former: FormerPart | None = None,
    ) -> int:
        """Become the session's controller. `values`: session_id, chain_uid, host_id, host, ctl_pid, ctl_start, ttl_ms.
        `former`: the part of the same chain before; a request that it did not hear is taken over. Returns the new epoch."""
        table = self._ledger.session
        if table is None:
            return 0
        row = {
            **values, "intent": to_json_line(dict(wanted)), "progress": to_json_line(dict(progress)), "begun_ms": db_now_ms(),
            "beat_ms": db_now_ms(), "ended_ms": None, "status": None, "asked": None,
        }  # fmt: skip
        this = self._is(table, session_uid)
        is_ours = sa.and_(this, *(table.c[name] == values[name] for name in ("host_id", "ctl_pid", "ctl_start")))
        written: int | None = None  # our epoch, from a try whose reply was lost

        def work(connection: sa.Connection) -> int:
            nonlocal written
            if written is not None:  # a second write would lose what was requested since that try
                kept = sa.select(table.c.epoch).where(is_ours, table.c.epoch == written)
                if connection.execute(kept).scalar() is not None:
                    return written
            if not connection.execute(table.update().where(this).values(epoch=table.c.epoch + 1, **row)).rowcount:
                key = {"source": self._ledger.source, "session_uid": session_uid}
                connection.execute(table.insert().values(epoch=1, asked_no=0, **key, **row))
            if former is not None:
                hand_on(connection, table, self._ledger.source, former, session_uid)
            written = int(connection.execute(sa.select(table.c.epoch).where(this)).scalar_one())
            return written

        return write_own(self._database, work)

    def beat(self, session_uid: str, epoch: int, progress: Mapping[str, Any]) -> Asked | None:
        """Write a beat. Returns the last request to the session, if any.
        Raises RowLocked while somebody has the row locked."""
        table = self._ledger.session
        if table is None:
            return None
        this = sa.and_(self._is(table, session_uid), table.c.epoch == epoch)
        alive = table.update().where(this).values(beat_ms=db_now_ms(), progress=to_json_line(dict(progress)))

        def work(connection: sa.Connection) -> str | None:
            if not connection.execute(alive).rowcount:
                return None
            return connection.execute(sa.select(table.c.asked).where(this)).scalar()

        return to_asked(write_own(self._database, work, may_wait=False))

    def end(self, session_uid: str, epoch: int | None, status: str, progress: Mapping[str, Any] | None = None) -> None:
        """Note that the session ended or was left. `epoch`: None for any, if its controller is known to be dead."""
        table = self._ledger.session
        if table is None:
            return
        this = self._is(table, session_uid)
        values: dict[str, Any] = {"ended_ms": db_now_ms(), "status": status}
        if progress is not None:
            values |= {"progress": to_json_line(dict(progress)), "beat_ms": db_now_ms()}
        ended = table.update().where(this if epoch is None else sa.and_(this, table.c.epoch == epoch)).values(**values)
        write_own(self._database, lambda connection: connection.execute(ended))

    def ask(self, row: SessionRow, ask: Ask, *, by: str, reason: str) -> Asked | None:
        """Make a request to a session: a running one hears it with its next beat; of one that has ended, the next part of its
        chain hears it as it begins. None if it ended since `row` was read, or another controller or part has it. The former
        request, if that already ends the session no later than this one would."""
        table = self._ledger.session
        if table is None:
            return None
        as_seen = table.c.ended_ms.is_(None) if row.ended_ms is None else table.c.ended_ms.is_not(None)
        this = sa.and_(self._is(table, row.uid), table.c.epoch == row.epoch, as_seen)
        for _ in range(_TRIES):
            with self._database.read() as connection:
                now = connection.execute(
                    sa.select(table.c.asked, table.c.asked_no, db_now_ms().label("now")).where(this)
                ).first()
            if now is None:
                return None
            former = to_asked(now.asked)
            if former is not None and former.ask.ends and not (ask is Ask.STOP_NOW and former.ask is Ask.STOP):
                return former
            asked = Asked(number=now.asked_no + 1, ask=ask, by=by, reason=reason[:REASON_CHARS], at_ms=int(now.now))
            written = (
                table.update()
                .where(this, table.c.asked_no == now.asked_no)
                .values(asked=to_text(asked), asked_no=asked.number)
            )
            if write_own(self._database, lambda connection: connection.execute(written).rowcount):  # noqa: B023 - called here
                return asked
        return None

    def read(self, *, running: bool = False, chains: Collection[str] | None = None) -> list[SessionRow]:
        """All sessions, the newest first. `running`: only those that have not ended, even if their controllers are dead;
        `chains`: only those of these chains. Reads only."""
        table = self._ledger.session
        with self._database.read() as connection:
            if table is None or not sa.inspect(connection).has_table(table.name, schema=table.schema):
                return []
            query = sa.select(table, (db_now_ms() - table.c.beat_ms).label("age_ms")).where(
                table.c.source == self._ledger.source
            )
            query = query.where(table.c.ended_ms.is_(None)) if running else query
            query = query if chains is None else query.where(table.c.chain_uid.in_(chains))
            rows = connection.execute(query.order_by(table.c.begun_ms.desc(), table.c.session_uid)).mappings().all()
        return [_to_row(row) for row in rows]

    def read_wanted(self, session_uid: str) -> Mapping[str, Any]:
        """What was requested of one session (see `SessionRow.wanted`); empty if it is unknown. Reads only."""
        table = self._ledger.session
        with self._database.read() as connection:
            if table is None or not sa.inspect(connection).has_table(table.name, schema=table.schema):
                return {}
            of_session = sa.select(table.c.intent).where(table.c.session_uid == session_uid)  # whichever table it belongs to
            return _to_mapping(connection.execute(of_session).scalar())

    def read_old(self, before_ms: int) -> list[str]:
        """The uids of sessions that ended, or gave their last beat, before then. Reads only."""
        table = self._ledger.session
        with self._database.read() as connection:
            if table is None or not sa.inspect(connection).has_table(table.name, schema=table.schema):
                return []
            last = sa.func.coalesce(table.c.ended_ms, table.c.beat_ms)
            query = sa.select(table.c.session_uid).where(table.c.source == self._ledger.source, last < before_ms)
            return list(connection.execute(query).scalars())

    def forget(self, uids: Iterable[str]) -> None:
        """Delete these sessions, in one transaction."""
        table, gone = self._ledger.session, [{"the_uid": uid} for uid in uids]
        if table is None or not gone:
            return
        delete = table.delete().where(table.c.source == self._ledger.source, table.c.session_uid == sa.bindparam("the_uid"))
        write_own(self._database, lambda connection: connection.execute(delete, gone))

    def _is(self, table: sa.Table, session_uid: str) -> sa.ColumnElement[bool]:
        return sa.and_(table.c.source == self._ledger.source, table.c.session_uid == session_uid)


def _to_row(row: Mapping[Any, Any]) -> SessionRow:
    return SessionRow(
        uid=row["session_uid"],
        session_id=row["session_id"],
        chain_uid=row["chain_uid"],
        epoch=row["epoch"],
        controller=ProcessIdentity(row["host_id"], row["ctl_pid"], row["ctl_start"]),
        host=row["host"],
        wanted=_to_mapping(row["intent"]),
        progress=_to_mapping(row["progress"]),
        asked=to_asked(row["asked"]),
        begun_ms=row["begun_ms"],
        beat_age_ms=max(0, int(row["age_ms"])),
        ttl_ms=row["ttl_ms"],
        ended_ms=row["ended_ms"],
        status=row["status"],
    )


def _to_mapping(text: str | None) -> Mapping[str, Any]:
    """The mapping; empty if the text is none: whoever may write to the ledger may have written anything."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
