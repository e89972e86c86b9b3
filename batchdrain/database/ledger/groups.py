"""The groups of the ledger. A group is the drains of several controllers that act as one, known by a name.

A group has one row: how many phases it may take, how many it has taken, until when it may begin any, and what stopped it. A
claim takes a unit of the group in its own transaction. The transaction that gives a phase back without a result returns the
unit. So all controllers together take at most as many phases as were requested, whatever is killed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.dialects import db_now_ms
from batchdrain.database.ledger.own_writes import refused_own, write_own
from batchdrain.database.ledger.schema import Ledger
from batchdrain.model.claim import Group
from batchdrain.model.errors import ConfigError, UsageError
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.model.states import COUNTED
from batchdrain.runtime.json_text import to_json_line
from batchdrain.runtime.text import safe_text, to_storable

GROUP: Final = "--group"


class GroupEnded(Exception):
    """The group takes no more phases. `because`: why; `is_full`: it has taken as many as it may, unless one is given back."""

    def __init__(self, because: Skip, *, is_full: bool = False) -> None:
        super().__init__(str(because))
        self.because = because
        self.is_full = is_full


class TriedInGroup(Exception):
    """A drain of the group already has a result of the phase. A group tries no phase twice, like a single drain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """What a group has done so far."""

    most: int  #: how many phases all its controllers may take together
    taken: int
    is_over: bool  #: whether its minutes are over
    stopped: str | None

    def find_end(self, group: Group) -> GroupEnded | None:
        """Why the group takes nothing more now; None if it takes more."""
        if self.stopped is not None:
            return GroupEnded(Skip(GROUP, f"another drain of {group.name} was stopped: {self.stopped}"))
        if self.is_over:
            return GroupEnded(Skip(GROUP, f"the minutes of {group.name} are over"))
        if self.taken >= self.most:
            return GroupEnded(Skip(GROUP, f"{group.name} has taken its {self.most}"), is_full=True)
        return None


class Groups:
    """Reads and writes the groups of the ledger. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def join(self, group: Group, *, most: int, minutes: float, asked: Mapping[str, Any]) -> None:
        """Join the group as one of its controllers; the first one makes it. `most`: how many phases all controllers may take;
        `minutes`: from the start of the first, 0 for no limit; `asked`: plain JSON values by flag, which must be the same for
        all. Raises UsageError if the group was begun with other values, and ConfigError if the ledger is too old for groups."""
        values = {
            "source": self._ledger.source,
            "group_key": group.key,
            "name": group.name,
            "most": most,
            "taken": 0,
            "begun_ms": db_now_ms(),
            "until_ms": db_now_ms() + round(minutes * 60_000) if minutes else None,
            "asked": to_json_line(dict(asked)),
        }
        table = require_groups(self._ledger)
        begun = self._read_asked(table, group)
        if begun is None:
            try:
                self._database.write(lambda connection: connection.execute(table.insert().values(**values)))
            except sa.exc.IntegrityError as error:  # another controller began it at the same moment
                begun = self._read_asked(table, group)
                if begun is None:
                    raise refused_own(error, self._database.name) from error
        _require_alike(group, begun, asked)

    def require_alike(self, group: Group, asked: Mapping[str, Any]) -> None:
        """Raises UsageError if the group was begun with other values. Reads only."""
        _require_alike(group, self._read_asked(require_groups(self._ledger), group), asked)

    def read(self, group: Group) -> GroupState | None:
        """The state of the group; None if nobody has begun it. Reads only."""
        table = self._ledger.group
        with self._database.read() as connection:
            if table is None or not sa.inspect(connection).has_table(table.name, schema=table.schema):
                return None
            return _read(connection, self._ledger, table, group)

    def read_tried(self, group: Group) -> list[PhaseKey]:
        """The phases of which a drain of the group has a result. Reads only, in one pass over all attempts."""
        table, attempts = self._ledger.group, self._ledger.attempt
        with self._database.read() as connection:
            if table is None or not sa.inspect(connection).has_table(table.name, schema=table.schema):
                return []
            tried = sa.and_(attempts.c.source == self._ledger.source, _has_result(self._ledger, group))
            rows = connection.execute(sa.select(attempts.c.run_id, attempts.c.phase_id).where(tried))
            return [PhaseKey(row.run_id, row.phase_id) for row in rows]

    def stop(self, group: Group, because: str) -> None:
        """Stop the group: no controller takes another phase. The first reason stays."""
        table = require_groups(self._ledger)
        stopped = (
            table.update()
            .where(_is(self._ledger, table, group.key), table.c.stopped.is_(None))
            .values(stopped=to_storable(because))
        )
        write_own(self._database, lambda connection: connection.execute(stopped))

    def fold(self, group: Group, add: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Replace the group's figures by what `add` makes of them, by compare-and-set in its own transaction, and return
        them. A result whose drain is killed before is not counted; one whose reply is lost may count twice."""
        table = require_groups(self._ledger)
        this = _is(self._ledger, table, group.key)

        def work(connection: sa.Connection) -> Mapping[str, Any]:
            while (row := connection.execute(sa.select(table.c.figures, table.c.figures_no).where(this)).first()) is not None:
                now = add(_to_mapping(row.figures or "{}"))
                seen = table.c.figures_no.is_(None) if row.figures_no is None else table.c.figures_no == row.figures_no
                values = {"figures": to_json_line(dict(now)), "figures_no": (row.figures_no or 0) + 1}
                if connection.execute(table.update().where(this, seen).values(**values)).rowcount:
                    return now
            return add({})  # somebody removed the group, and the next claim reports that

        return write_own(self._database, work)

    def read_figures(self, group: Group) -> Mapping[str, Any]:
        """The figures of all drains of the group so far. Reads only."""
        table = require_groups(self._ledger)
        with self._database.read() as connection:
            found = connection.execute(sa.select(table.c.figures).where(_is(self._ledger, table, group.key))).scalar()
        return _to_mapping(found or "{}")

    def read_old(self, before_ms: int) -> list[str]:
        """The keys of groups that were begun before then and of which nobody holds a unit. Reads only."""
        table, claims = self._ledger.group, self._ledger.claim
        with self._database.read() as connection:
            if table is None or not sa.inspect(connection).has_table(table.name, schema=table.schema):
                return []
            held = sa.select(claims.c.group_key).where(claims.c.owner.is_not(None), claims.c.group_key.is_not(None))
            old = sa.and_(table.c.source == self._ledger.source, table.c.begun_ms < before_ms)
            return list(connection.execute(sa.select(table.c.group_key).where(old, table.c.group_key.not_in(held))).scalars())

    def forget(self, keys: Iterable[str]) -> None:
        """Delete these groups, in one transaction."""
        table = require_groups(self._ledger)
        gone = table.delete().where(table.c.source == self._ledger.source, table.c.group_key == sa.bindparam("the_group"))
        write_own(self._database, lambda connection: connection.execute(gone, [{"the_group": key} for key in keys]))

    def _read_asked(self, table: sa.Table, group: Group) -> Mapping[str, Any] | None:
        with self._database.read() as connection:
            text = connection.execute(sa.select(table.c.asked).where(_is(self._ledger, table, group.key))).scalar()
        return None if text is None else _to_mapping(text)


def _require_alike(group: Group, begun: Mapping[str, Any] | None, asked: Mapping[str, Any]) -> None:
    for flag, given in asked.items():
        if begun is not None and begun.get(flag, given) != given:
            raise UsageError(
                f"{GROUP}: {group.name} was begun with {flag} {_to_figure(begun[flag])}, and this drain asks for {_to_figure(given)}",
                remedy="ask for the same in every drain of a group, or give it another name",
            )


def require_groups(ledger: Ledger) -> sa.Table:
    """The table of groups. Raises ConfigError if the ledger's version has none."""
    if ledger.group is None:
        raise ConfigError(
            f"{GROUP}: batchdrain's tables are of version {ledger.version}, which has no groups",
            remedy="`inv drain` brings them up to date once nobody holds a claim; `inv doctor` prints the statements",
        )
    return ledger.group


def take_unit(connection: sa.Connection, ledger: Ledger, group: Group) -> None:
    """Take a unit of the group, as the last statement of a claim's transaction: from here until its commit all other claims
    of the group wait. Raises GroupEnded."""
    table = require_groups(ledger)
    is_open = sa.or_(table.c.until_ms.is_(None), table.c.until_ms > db_now_ms())
    has_room = sa.and_(table.c.taken < table.c.most, table.c.stopped.is_(None), is_open)
    taken = table.update().where(_is(ledger, table, group.key), has_room).values(taken=table.c.taken + 1)
    while not connection.execute(taken).rowcount:
        state = _read(connection, ledger, table, group)
        if state is None:
            raise GroupEnded(Skip(GROUP, f"somebody removed {group.name} from batchdrain_group"))
        if (end := state.find_end(group)) is not None:  # None: a unit was returned meanwhile
            raise end


def require_untried(connection: sa.Connection, ledger: Ledger, group: Group, key: PhaseKey) -> None:
    """Called within a claim's transaction, once the claim's row is locked. Raises TriedInGroup if the group has a result of it."""
    attempts = ledger.attempt
    this = sa.and_(attempts.c.source == ledger.source, attempts.c.key == key.digest)
    if connection.execute(sa.select(attempts.c.epoch).where(this, _has_result(ledger, group)).limit(1)).first() is not None:
        raise TriedInGroup


def return_unit(connection: sa.Connection, ledger: Ledger, key: str | None) -> None:
    """Return a unit to its group, within the transaction that gives a phase back without a result.
    `key`: of the group; None: no unit was taken."""
    table = ledger.group
    if key is not None and table is not None:
        connection.execute(table.update().where(_is(ledger, table, key), table.c.taken > 0).values(taken=table.c.taken - 1))


def _has_result(ledger: Ledger, group: Group) -> sa.ColumnElement[bool]:
    attempts = ledger.attempt
    return sa.and_(attempts.c.group_key == group.key, attempts.c.outcome.in_(sorted(COUNTED)))


def _is(ledger: Ledger, table: sa.Table, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.source == ledger.source, table.c.group_key == key)


def _read(connection: sa.Connection, ledger: Ledger, table: sa.Table, group: Group) -> GroupState | None:
    is_over = sa.and_(table.c.until_ms.is_not(None), table.c.until_ms <= db_now_ms()).label("is_over")
    query = sa.select(table.c.most, table.c.taken, table.c.stopped, is_over).where(_is(ledger, table, group.key))
    row = connection.execute(query).first()
    return None if row is None else GroupState(most=row.most, taken=row.taken, is_over=bool(row.is_over), stopped=row.stopped)


def _to_figure(found: object) -> str:
    return f"{found:g}" if isinstance(found, float) else safe_text(str(found))


def _to_mapping(text: str) -> Mapping[str, Any]:
    """The mapping; empty if the text is none: whoever may write to the ledger may have written anything."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
