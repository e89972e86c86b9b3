"""The user's own table: how its rows are read, and the only writes that it ever gets.

Every UPDATE names both ids and the state that it expects, sets nothing but state, reason and (where mapped)
updated_at, and is judged by its row count.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import refusal_of
from batchdrain.database.phases import columns
from batchdrain.database.phases.declared_types import DeclaredType, read_declared_types
from batchdrain.database.phases.names import split_name
from batchdrain.database.phases.pages import Page, read_pages, to_reason, to_text
from batchdrain.database.phases.singly import read_all_but
from batchdrain.database.phases.update_time import UpdateTime, update_time_of
from batchdrain.failures.suffix import fit
from batchdrain.model.errors import BadData, ConfigError, did_you_mean
from batchdrain.model.phase import PhaseKey, RowState
from batchdrain.model.states import PhaseState
from batchdrain.runtime import clock
from batchdrain.runtime.text import is_nameable, to_storable


class RowGone(Exception):
    """No row of the table has these ids."""


class PhaseTable:
    """The mapped table. Made by `reflect`."""

    def __init__(self, table: sa.Table, declared: Mapping[str, DeclaredType], source: Source, dialect: str) -> None:
        """`declared`: of every column of it, by name. The types that SQLAlchemy knows of the mapped ones are replaced."""
        mapped = source.columns
        self.table = table
        self.source = source
        self.dialect = dialect
        self.declared = {name: declared[name] for name in mapped.model_dump().values() if name is not None}
        for name, kind in self.declared.items():
            table.c[name].type = columns.plain_type_of(kind)
        self.run_id, self.phase_id, self.state = (
            columns.exact_column_of(table.c[name], declared[name], dialect)
            for name in (mapped.run_id, mapped.phase_id, mapped.state)
        )
        self.phase_index = self._to_shown(mapped.phase_index)
        self.reason: sa.Column[Any] | None = table.c[mapped.last_failure_reason] if mapped.last_failure_reason else None
        self.updated_at: sa.Column[Any] | None = table.c[mapped.updated_at] if mapped.updated_at else None
        if self.updated_at is not None:
            self.updated_at.type = sa.types.NullType()  # the value has the type already
        self.takes_null = self.reason is None or bool(self.reason.nullable)  #: as an empty reason; a view may say so wrongly
        self.states: dict[PhaseState, str] = {state: getattr(source.states, state.value) for state in PhaseState}
        self._update_time: UpdateTime | None = None
        # Built once: a drain executes them for every phase. The names of their parameters must not be those of columns.
        self._this = this = sa.and_(self.run_id.is_exactly("the_run"), self.phase_id.is_exactly("the_phase"))
        in_state, text = self.state.is_exactly("the_state"), self._to_shown(mapped.last_failure_reason)
        self._row_query = sa.select(self.state.selected, text).where(this)
        self._row_query_in_state = sa.select(self.state.selected, text, in_state).where(this)
        change = table.update().where(this, in_state).values({table.c[mapped.state]: self.state.written("new_state")})
        if self.updated_at is not None:
            change = change.values({self.updated_at: sa.bindparam("new_time", type_=sa.types.NullType())})
        self._change_state = change
        self._change_both = change
        if self.reason is not None:
            self._change_both = change.values({self.reason: sa.bindparam("new_reason", type_=self.reason.type)})

    @classmethod
    def reflect(cls, database: Database, source: Source) -> PhaseTable:
        """Read the table's columns from the database. Raises ConfigError for a missing table or missing columns, all of
        them at once."""
        schema, name = split_name(source.table)
        with database.read() as connection:
            try:
                table = _load_table(connection, schema, name)
            except NoSuchTableError:
                inspector = sa.inspect(connection)
                known = inspector.get_table_names(schema=schema) + inspector.get_view_names(schema=schema)
                raise ConfigError(
                    f"batchdrain.source.table: {source.table!r} is not in database {database.name}"
                    + did_you_mean(name, known),
                    remedy="set it to your table, or run `inv init`",
                ) from None
            declared = read_declared_types(connection, table)
        missing = [
            f"batchdrain.source.columns.{key}: table {source.table!r} has no column {column!r}"
            + did_you_mean(column, table.c.keys())
            for key, column in source.columns.model_dump().items()
            if column is not None and column not in table.c
        ]
        if missing:
            raise ConfigError.of(missing)
        return cls(table, declared, source, database.dialect)

    @property
    def schema(self) -> str | None:
        """None for the connection's default one."""
        return self.table.schema

    def read_pages(self, connection: sa.Connection, state: PhaseState) -> Iterator[Page]:
        """Stream the rows in a state, in no order, in eight bytes a row. One that can't be read has an `Unreadable` reason."""
        shown = self._to_shown(self.source.columns.last_failure_reason)
        reason = shown if self.reason is None else columns.head_of(shown)
        fields = sa.select(self.run_id.selected, self.phase_id.selected, self.phase_index, reason)
        ids = self.narrow_to_state(sa.select(self.run_id.selected, self.phase_id.selected), state)

        def read_rows(some: Sequence[Sequence[str]]) -> Sequence[Any]:
            these = columns.any_of((self.run_id, self.phase_id), len(some))
            query = self.narrow_to_state(fields.where(these, self.is_meant(these)), state)
            return connection.execute(query, columns.parameters_of((self.run_id, self.phase_id), some)).all()

        return read_all_but(read_pages(connection, self.narrow(fields, state)), connection, ids, read_rows)

    def narrow(self, query: sa.Select[Any], state: PhaseState) -> sa.Select[Any]:
        """A query of the table, for the rows that may be drained from a state."""
        return self.narrow_to_source(self.narrow_to_state(query, state))

    def narrow_to_state(self, query: sa.Select[Any], state: PhaseState) -> sa.Select[Any]:
        """A query of the table, for the rows in a state."""
        query = query.where(self.state.is_exactly("the_state", self.states[state]))
        return query.params(self.state.parameters("the_state", self.states[state]))

    def narrow_to_source(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """A query of the table, for the rows that may be drained from any state."""
        return query.where(self._where_clause()) if self.source.where else query

    def is_meant(self, rows: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """The condition, asked of these rows alone: it may fail for others, whatever order a server asks in."""
        return sa.case((rows, self._where_clause()), else_=sa.false()) if self.source.where else sa.true()

    def has_names(self, key: PhaseKey) -> bool:
        """Whether its ids are names, and values of their columns: a row without them is found by nobody."""
        return is_nameable(key.run_id) and is_nameable(key.phase_id) and self._ids_of(key) is not None

    def read_row_state(self, connection: sa.Connection, key: PhaseKey) -> RowState | None:
        """What stands for a phase now; None when no row has its ids."""
        ids = self._ids_of(key)
        found = None if ids is None else connection.execute(self._row_query, ids).first()
        return None if found is None else RowState(state=to_text(found[0]), reason=to_reason(found[1]))

    def read_row_state_in(
        self, connection: sa.Connection, key: PhaseKey, expected: PhaseState, *, for_update: bool, nowait: bool = False
    ) -> RowState | None:
        """What stands for a phase, if it is in the state that is `expected`; None otherwise. `for_update`: and stays so until
        the transaction is over; `nowait`: or fails at once where somebody has it locked. Raises RowGone where no row has the
        ids, BadData when they name more than one row, in whatever states."""
        query = self._row_query_in_state.with_for_update(nowait=nowait) if for_update else self._row_query_in_state
        ids = self._ids_of(key)
        expects = self.state.parameters("the_state", self.states[expected])
        rows = [] if ids is None else connection.execute(query, {**ids, **expects}).fetchmany(2)
        if len(rows) > 1:
            raise BadData(
                f"{key}: these ids name more than one row of table {self.source.table!r}",
                remedy="run_id and phase_id together must be unique; map other columns in batchdrain.source",
            )
        if not rows:
            raise RowGone
        if not rows[0][2]:
            return None
        return RowState(state=to_text(rows[0][0]), reason=to_reason(rows[0][1]))

    def take(self, connection: sa.Connection, key: PhaseKey, expected: PhaseState) -> int:
        """Set `executing` where the phase is still in `expected`. Returns the rows that were changed. Raises RowRefused."""
        return self._update(connection, key, self.states[expected], self.states[PhaseState.EXECUTING])

    def finish(self, connection: sa.Connection, key: PhaseKey, expected: str, end_state: str, *, reason: str | None) -> int:
        """Write the end state and the new reason (None: an empty one). Returns the rows that were changed. Raises RowRefused."""
        empty = None if self.takes_null else ""
        written = empty if reason is None else self._fit(to_storable(reason))
        return self._update(connection, key, expected, end_state, reason=(written,))

    def give_back(
        self, connection: sa.Connection, key: PhaseKey, expected: str, prior: RowState, *, reason_changed: bool
    ) -> int:
        """Restore the state, and the reason byte for byte where somebody changed it. Returns the rows changed."""
        reason = (columns.to_parameter(prior.reason),) if reason_changed else ()
        return self._update(connection, key, expected, prior.state, reason=reason)

    def update_time(self, connection: sa.Connection) -> UpdateTime | None:
        """How `updated_at` is written; None where it is not mapped. Asked of its values once. Raises ConfigError for a type that
        can't hold it."""
        if self._update_time is None and self.updated_at is not None:
            name, declared = self.updated_at.name, self.declared[self.updated_at.name]
            query = columns.sample_of_times(self.updated_at, declared)
            values = [] if query is None else list(connection.execute(query).scalars())
            self._update_time = update_time_of(name, declared, values, self.source.updated_at_unit)
        return self._update_time

    def _update(
        self, connection: sa.Connection, key: PhaseKey, expected: str, state: str, *, reason: tuple[Any, ...] = ()
    ) -> int:
        """`reason`: the new one, where it changes."""
        change = self._change_both if reason and self.reason is not None else self._change_state
        time = self.update_time(connection)
        try:
            values = {**self.state.parameters("the_state", expected), **self.state.parameters("new_state", state)}
            values |= {} if time is None else {"new_time": time.make(clock.now())}
            values |= {"new_reason": reason[0]} if change is not self._change_state else {}
            ids = self._ids_of(key)
            return 0 if ids is None else connection.execute(change, {**values, **ids}).rowcount
        except (sa.exc.SQLAlchemyError, ValueError) as error:
            refusal = refusal_of(error, f"table {self.source.table!r} refuses what a drain writes for {key}")
            if refusal is None:
                raise
            raise refusal from error

    def _ids_of(self, key: PhaseKey) -> dict[str, Any] | None:
        """None for ids that no row can have, as they are no values of their columns."""
        try:
            return self.find_parameters(key)
        except ValueError:
            return None

    def find_parameters(self, key: PhaseKey) -> dict[str, Any]:
        """The ids, as a statement of this table takes them. Raises ValueError for what are no values of their columns."""
        return {**self.run_id.parameters("the_run", key.run_id), **self.phase_id.parameters("the_phase", key.phase_id)}

    def _where_clause(self) -> sa.ColumnElement[bool]:
        return sa.literal_column(f"({self.source.where})", sa.Boolean)

    def _to_shown(self, name: str | None) -> sa.ColumnElement[Any]:
        return sa.null() if name is None else columns.to_shown(self.table.c[name], self.declared[name], self.dialect)

    def _fit(self, reason: str) -> str:
        length = None if self.reason is None else self.declared[self.reason.name].length
        return reason if length is None else fit(reason, length)


def _load_table(connection: sa.Connection, schema: str | None, name: str) -> sa.Table:
    with warnings.catch_warnings():  # of types that SQLAlchemy does not know: we ask the database ourselves
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        return sa.Table(name, sa.MetaData(), schema=schema, autoload_with=connection, resolve_fks=False)
