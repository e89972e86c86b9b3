"""The chains of the ledger. A chain is several sessions that were requested as one; its row says what was requested, and
which sessions it has.

Tables of an earlier version, which wait for their migration while somebody holds a claim, have no table of chains. Until the
chain is written again after that, it stands in batchdrain_meta.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.ledger.own_writes import write_own
from batchdrain.database.ledger.schema import Ledger
from batchdrain.runtime import clock
from batchdrain.runtime.json_text import to_json_line

CHAIN: Final = "chain/"
"""The prefix of a chain's name in batchdrain_meta; its uid follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One chain, as the ledger has it."""

    uid: str
    task: str  #: the task that was typed: drain-all
    started_at: datetime
    asked: Mapping[str, Any]  #: plain JSON values: filters and limits of its parts
    sessions: Mapping[str, str] = field(default_factory=dict)  #: the ids of the sessions that have begun, by kind
    ended_at: datetime | None = None  #: None: something of the chain is left to do
    status: str | None = None  #: how the chain ended

    @property
    def because(self) -> str | None:
        """What stopped the chain; None if nothing did."""
        found = self.asked.get("stopped_because")
        return found if isinstance(found, str) else None


class Chains:
    """Reads and writes the chains of the ledger. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def write(self, row: ChainRow) -> None:
        """Write a chain, replacing what was known of it. The ledger must exist."""
        meta, chain = self._ledger.meta, self._ledger.chain
        values, name = self._to_values(row), f"{CHAIN}{row.uid}"

        def work(connection: sa.Connection) -> None:
            connection.execute(meta.delete().where(meta.c.name == name))
            if chain is None:
                connection.execute(meta.insert().values(name=name, value=to_json_line(values)))
            elif not connection.execute(chain.update().where(chain.c.chain_uid == row.uid).values(**values)).rowcount:
                connection.execute(chain.insert().values(chain_uid=row.uid, **values))

        write_own(self._database, work)

    def read(self, uid: str) -> ChainRow | None:
        """The chain with this uid; None if the ledger does not know it."""
        return next((row for row in self._read_ours(uid) if row.uid == uid), None)

    def read_left(self) -> dict[str, ChainRow]:
        """The chains that are not complete, by uid."""
        return {row.uid: row for row in self._read_ours(None) if row.status != "complete"}

    def read_open(self) -> frozenset[str]:
        """The uids of the chains that have not ended, of all tables that share the ledger."""
        rows = (_parse(uid, values) for uid, values in self._read(None))
        return frozenset(row.uid for row in rows if row is not None and row.ended_at is None)

    def read_ended(self, before: datetime) -> list[str]:
        """The uids of the chains that ended before then."""
        chain = self._ledger.chain
        if chain is None:
            return []
        with self._database.read() as connection:
            if not sa.inspect(connection).has_table(chain.name, schema=chain.schema):
                return []
            query = sa.select(chain.c.chain_uid).where(
                chain.c.source == self._ledger.source, chain.c.ended_ms < clock.to_ms(before)
            )
            return list(connection.execute(query.order_by(chain.c.chain_uid)).scalars())

    def forget(self, uids: Sequence[str]) -> None:
        """Delete these chains if they have ended. In one transaction."""
        chain = self._ledger.chain
        if chain is None:
            return
        gone = chain.delete().where(chain.c.chain_uid == sa.bindparam("the_uid"), chain.c.ended_ms.is_not(None))
        write_own(self._database, lambda connection: connection.execute(gone, [{"the_uid": uid} for uid in uids]))

    def _read_ours(self, uid: str | None) -> list[ChainRow]:
        rows = [_parse(name, values) for name, values in self._read(uid) if values.get("source") == self._ledger.source]
        return [row for row in rows if row is not None]

    def _read(self, uid: str | None) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """The raw values by uid: of that chain, or of all that are not complete."""
        meta, chain = self._ledger.meta, self._ledger.chain
        with self._database.read() as connection:
            if not self._ledger.exists(connection):
                return []
            found: list[tuple[str, Mapping[str, Any]]] = []
            if chain is not None and sa.inspect(connection).has_table(chain.name, schema=chain.schema):
                query = sa.select(chain).where(
                    chain.c.chain_uid == uid if uid else sa.or_(chain.c.ended_ms.is_(None), chain.c.status != "complete")
                )
                found += [(row["chain_uid"], dict(row)) for row in connection.execute(query).mappings()]
            query = sa.select(meta.c.name, meta.c.value).where(meta.c.name.startswith(CHAIN + (uid or ""), autoescape=True))
            found += [(name.removeprefix(CHAIN), _to_mapping(value)) for name, value in connection.execute(query)]
        return found

    def _to_values(self, row: ChainRow) -> dict[str, Any]:
        return {
            "source": self._ledger.source,
            "task": row.task,
            "started_ms": clock.to_ms(row.started_at),
            "ended_ms": None if row.ended_at is None else clock.to_ms(row.ended_at),
            "status": row.status,
            "asked": to_json_line(dict(row.asked)),
            "sessions": to_json_line(dict(row.sessions)),
        }


def rename_waiting(connection: sa.Connection, ledger: Ledger, former: str) -> None:
    """Give the chains that wait in batchdrain_meta for a table of another name to the present table. Part of the transaction
    that renames the rest."""
    meta = ledger.meta
    query = sa.select(meta.c.name, meta.c.value).where(meta.c.name.startswith(CHAIN, autoescape=True))
    for name, value in connection.execute(query).all():
        found = _to_mapping(value)
        if found.get("source") == former:
            now = to_json_line({**found, "source": ledger.source})
            connection.execute(meta.update().where(meta.c.name == name).values(value=now))


def _to_mapping(value: str) -> Mapping[str, Any]:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _parse(uid: str, values: Mapping[str, Any]) -> ChainRow | None:
    """A chain from its values. None if they are no chain of ours:
    whoever may write to the ledger may have written anything."""
    try:
        ended_ms = values["ended_ms"]
        return ChainRow(
            uid=uid,
            task=str(values["task"]),
            started_at=clock.from_ms(int(values["started_ms"])),
            asked=_to_mapping(values["asked"]),
            sessions={str(kind): str(name) for kind, name in _to_mapping(values["sessions"]).items()},
            ended_at=None if ended_ms is None else clock.from_ms(int(ended_ms)),
            status=None if values["status"] is None else str(values["status"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
