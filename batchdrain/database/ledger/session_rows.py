"""The sessions of the ledger: whoever drains on this database, on whatever host, how far he is, and what he was asked to do.

A row is written when a session begins, with each beat, and when it ends. Whoever begins it, or goes on with it, gives it a
higher epoch: every later write names the epoch that it saw, so no beat and no request reaches another controller's session.
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

_TRIES: Final = 5  #: of a request, while others ask too


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session, as the ledger has it."""

    uid: str
    session_id: str
    chain_uid: str | None
    epoch: int
    controller: ProcessIdentity
    host: str  #: its name, for people
    wanted: Mapping[str, Any]  #: what it was asked for: kind, batch_size, workers, group, folder
    progress: Mapping[str, Any]  #: as of its last beat
    asked: Asked | None  #: the last request
    begun_ms: int
    beat_age_ms: int  #: since its last beat, by the database's clock
    ttl_ms: int  #: of silence, after which it is taken for dead
    ended_ms: int | None
    status: str | None  #: how it ended; None while it has not

    @property
    def is_silent(self) -> bool:
        """Whether it ought to have given a sign of life by now."""
        return self.ended_ms is None and self.beat_age_ms > self.ttl_ms

    @property
    def is_at_work(self) -> bool:
        """Whether it takes phases, as of its last beat."""
        return self.ended_ms is None and not self.is_silent and self.progress.get("paused") is not True

    @property
    def workers(self) -> int:
        """Side by side; 0 where the row does not tell."""
        found = self.wanted.get("workers")
        return max(0, found) if isinstance(found, int) else 0


class SessionRows:
    """Every method raises DatabaseUnavailable. Nothing is kept in tables of an earlier version."""

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
        """Be its controller from now on. `values`: session_id, chain_uid, host_id, host, ctl_pid, ctl_start, ttl_ms. `former`: of
        the same chain, of which it takes over what was asked and not heard. Returns its epoch."""
        table = self._ledger.session
        if table is None:
            return 0
        row = {
            **values, "intent": to_json_line(dict(wanted)), "progress": to_json_line(dict(progress)), "begun_ms": db_now_ms(),
            "beat_ms": db_now_ms(), "ended_ms": None, "status": None, "asked": None,
        }  # fmt: skip
        this = self._is(table, session_uid)
        is_ours = sa.and_(this, *(table.c[name] == values[name] for name in ("host_id", "ctl_pid", "ctl_start")))
        written: int | None = None  # our epoch, by a try of which nobody knows what became

        def work(connection: sa.Connection) -> int:
            nonlocal written
            if written is not None:  # what was asked since that try would be lost by a second one
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
        """A sign of life. The last request to it, if any. Raises RowLocked while somebody has the row locked."""
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
        """It ended, or was left. `epoch`: None for whichever it has, where its controller is known to be dead."""
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
        """Ask a session that runs for something; it hears of it with its next beat, and of one that has ended the next part of its
        chain does, as it begins. None where it ended since `row` was read, or another controller or part has it; the former
        request, where that ends it and this one does not end it sooner."""
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
        """All of them, the newest first; `running`: those that have not ended, be their controllers dead; `chains`: those of them.
        Reads only."""
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
        """What one session was asked for, as of `SessionRow`; empty where nobody knows it. Reads only."""
        table = self._ledger.session
        with self._database.read() as connection:
            if table is None or not sa.inspect(connection).has_table(table.name, schema=table.schema):
                return {}
            of_session = sa.select(table.c.intent).where(table.c.session_uid == session_uid)  # of whichever table
            return _to_mapping(connection.execute(of_session).scalar())

    def read_old(self, before_ms: int) -> list[str]:
        """The uids of those that ended, or gave their last sign of life, before then. Reads only."""
        table = self._ledger.session
        with self._database.read() as connection:
            if table is None or not sa.inspect(connection).has_table(table.name, schema=table.schema):
                return []
            last = sa.func.coalesce(table.c.ended_ms, table.c.beat_ms)
            query = sa.select(table.c.session_uid).where(table.c.source == self._ledger.source, last < before_ms)
            return list(connection.execute(query).scalars())

    def forget(self, uids: Iterable[str]) -> None:
        """In one transaction."""
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
    """Empty for what is no mapping: whoever may write to the ledger may have written anything."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
