"""The user's own table: how its rows are read, and the only writes that it ever gets.

Every UPDATE names both ids and the expected state, and sets only state, reason and (if mapped) updated_at. Its row count
tells whether it succeeded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import refusal_of
from batchdrain.database.phases import columns
from batchdrain.database.phases.given_columns import GivenColumns
from batchdrain.database.phases.pages import Page, read_pages, to_index
from batchdrain.database.phases.reason_column import reason_column_of
from batchdrain.database.phases.reflection import Reflection, read_table
from batchdrain.database.phases.row_statements import RowStatements
from batchdrain.database.phases.singly import read_all_but
from batchdrain.database.phases.update_time import UpdateTime, update_time_of
from batchdrain.model.errors import BadData
from batchdrain.model.phase import PhaseKey, RowState
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import is_nameable, to_storable


class RowGone(Exception):
    """No row of the table has these ids."""


class PhaseTable:
    """The mapped table. `reflect` makes it."""

    def __init__(self, found: Reflection, source: Source, dialect: str, given: Sequence[str] = ()) -> None:
        """Replaces SQLAlchemy's types of the mapped columns. `given`: columns whose values the command gets."""
        mapped, table = source.columns, found.table
        self.table = table
        self.source = source
        self.dialect = dialect
        self.shape, declared = found.shape, found.shape.types
        self.writability = found.writability
        self.declared = {name: declared[name] for name in (*(name for _, name in mapped.pairs()), *given)}
        for name, kind in self.declared.items():
            table.c[name].type = columns.plain_type_of(kind)
        self.ids = columns.phase_ids_of(mapped, table, declared, dialect)
        self.run_id, self.phase_id = self.ids.run, self.ids.phase
        state = columns.exact_column_of(table.c[mapped.state], declared[mapped.state], dialect)
        self.state = columns.state_column_of(state, table.c[mapped.state], dialect)
        of_ids = self.ids.column_names
        self._given = GivenColumns(self.ids, given, {name: self._to_shown(name) for name in given if name not in of_ids})
        self.phase_index = self._to_shown(mapped.phase_index)
        at = mapped.reason
        self.reason_read = reason_column_of(table, None if at is None else self.declared[at.column], at, dialect)
        self.reason = self._to_written(None if at is None else at.written)  #: the column into which new reasons are written
        self._restores_reason = at is not None and at.write is None
        self.updated_at = self._to_written(mapped.updated_at)
        if self.updated_at is not None:
            self.updated_at.type = sa.types.NullType()  # the value already has the right type
        self.takes_null = self.reason is None or bool(self.reason.nullable)  #: as an empty reason; a view may say so wrongly
        self.states = {one: source.states.words_of(one.value) for one in PhaseState}
        self._update_time: UpdateTime | None = None
        self._this = this = self.ids.is_exactly()
        self._statements = RowStatements(this, self.state, self.reason_read, self.reason, self.updated_at)

    @classmethod
    def reflect(cls, database: Database, source: Source, given: Sequence[str] = ()) -> PhaseTable:
        """Read the table's columns from the database. `given`: columns whose values the command gets. Raises ConfigError for
        a missing table, or for all missing columns at once."""
        return cls(read_table(database, source, given), source, database.dialect, given)

    @property
    def schema(self) -> str | None:
        """The table's schema; None for the connection's default one."""
        return self.table.schema

    def read_pages(
        self, connection: sa.Connection, state: PhaseState, run_id: str | None = None, *, only_ids: bool = False
    ) -> Iterator[Page]:
        """Stream the rows in a state, in no particular order, with eight bytes of memory for each row. A row that can't be
        read has an `Unreadable` reason. `run_id`: read only this run; `only_ids`: without indexes and reasons, so that a row
        of which only these can't be read is like any other."""
        reason = self.reason_read
        other = () if only_ids else (self.phase_index, reason.head)
        fields = self._of_run(sa.select(*self.ids.selected, *other), run_id)
        ids = self.narrow_to_state(self._of_run(sa.select(*self.ids.selected), run_id), state)

        def read_rows(some: Sequence[Sequence[str]]) -> Sequence[Any]:
            these = columns.any_of((self.run_id, self.phase_id), len(some))
            query = self.narrow_to_state(fields.where(these, self.is_meant(these)), state)
            rows = connection.execute(query, columns.parameters_of((self.run_id, self.phase_id), some)).all()
            found = self.ids.fold(rows)
            if only_ids:
                return [(*row, None, None) for row in found]
            return found if reason.find is None else [(*row[:3], reason.find(row[3])) for row in found]

        def read() -> Iterator[Page]:
            make = Page.of_ids if only_ids else Page.of
            pages = read_pages(connection, self.narrow(fields, state), self.ids.fold, make)
            return pages if only_ids or reason.find is None else map(reason.find_in, pages)

        again = read if self.dialect == "sqlite" else None  # no server gives rows in the same order each time
        return read_all_but(read(), connection, ids, read_rows, self.ids.names_of, again)

    def _of_run(self, query: sa.Select[Any], run_id: str | None) -> sa.Select[Any]:
        if run_id is None:
            return query
        return query.where(self.run_id.is_exactly("one_run", run_id)).params(self.run_id.parameters("one_run", run_id))

    def narrow(self, query: sa.Select[Any], state: PhaseState) -> sa.Select[Any]:
        """Narrow a query of the table to the rows that may be drained from a state."""
        return self.narrow_to_source(self.narrow_to_state(query, state))

    def narrow_to_state(self, query: sa.Select[Any], state: PhaseState) -> sa.Select[Any]:
        """Narrow a query of the table to the rows in a state."""
        condition, given = self.state.is_any("the_state", self.states[state])
        return query.where(condition).params(given)

    def narrow_to_source(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """Narrow a query of the table to the rows for which `source.where` holds, in any state."""
        return query.where(self._where_clause()) if self.source.where else query

    def is_meant(self, rows: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """The condition `source.where`, evaluated only for these rows:
        it may fail for others, and servers choose their own order."""
        return sa.case((rows, self._where_clause()), else_=sa.false()) if self.source.where else sa.true()

    def has_names(self, key: PhaseKey) -> bool:
        """Whether the ids are names and values of their columns. No row without such ids can be found."""
        return is_nameable(key.run_id) and is_nameable(key.phase_id) and self._ids_of(key) is not None

    def read_row_state(self, connection: sa.Connection, key: PhaseKey) -> RowState | None:
        """The phase's state and reason now; None if no row has its ids."""
        ids = self._ids_of(key)
        found = None if ids is None else self._statements.read.first(connection, ids)
        return None if found is None else self._statements.to_row_state(found)

    def read_phase_index(self, connection: sa.Connection, key: PhaseKey) -> int | None:
        """The phase's place in its run now; None if it has none, or no row has its ids."""
        ids = self._ids_of(key)
        found = None if ids is None else connection.execute(sa.select(self.phase_index).where(self._this), ids).first()
        return None if found is None else to_index(found[0])

    def read_given(self, connection: sa.Connection, key: PhaseKey, *, for_update: bool = False) -> Mapping[str, str | None]:
        """The columns that the command gets, as texts; None for NULL. The phase's ids must be names. `for_update`: read a row
        that this transaction has locked. Raises RowGone and BadData."""
        found = self._given.read(connection, key, for_update=for_update)
        if found is None:
            raise RowGone
        return found

    def find_refused(self, connection: sa.Connection, keys: Sequence[PhaseKey]) -> Iterator[tuple[PhaseKey, BadData]]:
        """The phases for which `read_given` raises BadData, with that error. Their ids must be names."""
        return self._given.find_refused(connection, keys)

    def read_row_state_in(
        self, connection: sa.Connection, key: PhaseKey, expected: PhaseState, *, for_update: bool, nowait: bool = False
    ) -> RowState | None:
        """The phase's state and reason, if it is in the `expected` state; None otherwise. `for_update`: lock the row until
        the transaction ends; `nowait`: fail at once if somebody else has it locked. Raises RowGone if no row has the ids, and
        BadData if they name more than one row, in whatever states."""
        query = self._statements.lock[nowait] if for_update else self._statements.read
        ids = self._ids_of(key)
        rows = [] if ids is None else query.execute(connection, ids, 2)
        if len(rows) > 1:
            raise BadData(
                f"{key}: these ids name more than one row of table {self.source.table!r}",
                remedy="run_id and phase_id together must be unique; map other columns in batchdrain.source",
            )
        if not rows:
            raise RowGone
        found = self._statements.to_row_state(rows[0])
        return found if found.state in self.states[expected] else None

    def take(self, connection: sa.Connection, key: PhaseKey, prior: RowState) -> int:
        """Set `executing` if the phase is still in the `prior` state.
        Returns how many rows were changed. Raises RowRefused."""
        return self._update(connection, key, prior.state, self.states[PhaseState.EXECUTING].write)

    def finish(
        self, connection: sa.Connection, key: PhaseKey, expected: str, end_state: str, *, reason: str | None,
        kind: str | None = None,
    ) -> int:  # fmt: skip
        """Write the end state and the new reason (None: an empty one). `kind`: the type of the state's value before the
        claim. Returns how many rows were changed. Raises RowRefused."""
        empty = None if self.takes_null else ""
        written = empty if reason is None else self.fit(to_storable(reason))
        return self._update(connection, key, expected, end_state, kind=kind, reason=(written,))

    def give_back(
        self, connection: sa.Connection, key: PhaseKey, expected: str, prior: RowState, *, reason_changed: bool
    ) -> int:
        """Restore the state, and also the reason byte for byte if somebody changed it. The reason stays if it is read from
        another place than it is written to. Returns how many rows were changed."""
        reason: tuple[Any, ...] = (columns.to_parameter(prior.reason),) if reason_changed and self._restores_reason else ()
        return self._update(connection, key, expected, prior.state, kind=prior.kind, reason=reason)

    def update_time(self, connection: sa.Connection) -> UpdateTime | None:
        """How `updated_at` is written; None if it is not mapped. Its values are looked at once. Raises ConfigError for a type
        that can't hold a time."""
        if self._update_time is None and self.updated_at is not None:
            name, declared = self.updated_at.name, self.declared[self.updated_at.name]
            query = columns.sample_of_times(self.updated_at, declared)
            values = [] if query is None else list(connection.execute(query).scalars())
            self._update_time = update_time_of(name, declared, values, self.source.updated_at_unit)
        return self._update_time

    def _update(
        self, connection: sa.Connection, key: PhaseKey, expected: str, state: str, *, kind: str | None = None,
        reason: tuple[Any, ...] = (),
    ) -> int:  # fmt: skip
        time = self.update_time(connection)
        try:
            change, values = self._statements.change(expected, state, kind=kind, reason=reason, time=time)
            ids = self._ids_of(key)
            return 0 if ids is None else change.execute(connection, {**values, **ids})
        except (sa.exc.SQLAlchemyError, ValueError) as error:
            refusal = refusal_of(error, f"table {self.source.table!r} refuses what a drain writes for {key}")
            if refusal is None:
                raise
            raise refusal from error

    def _ids_of(self, key: PhaseKey) -> dict[str, Any] | None:
        """The parameters of the ids; None for ids that no row can have, because no value of their columns has these texts."""
        try:
            return self.ids.parameters(key)
        except ValueError:
            return None

    def _where_clause(self) -> sa.ColumnElement[bool]:
        return sa.literal_column(f"({self.source.where})", sa.Boolean)

    def _to_written(self, name: str | None) -> sa.Column[Any] | None:
        return None if name is None or name in self.writability.computed else self.table.c[name]

    def _to_shown(self, name: str | None) -> sa.ColumnElement[Any]:
        return sa.null() if name is None else columns.to_shown(self.table.c[name], self.declared[name], self.dialect)

    def fit(self, reason: str) -> str:
        """The reason as the column of reasons holds it."""
        length = None if self.reason is None else self.declared[self.reason.name].length
        return columns.fit_reason(reason, length)
