"""The user's own table: how its rows are read, and the only writes that it ever gets.

Every UPDATE names both ids and the state that it expects, sets nothing but state, reason and (where mapped)
updated_at, and is judged by its row count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import refusal_of
from batchdrain.database.phases import columns
from batchdrain.database.phases.names import split_name
from batchdrain.database.phases.pages import Page, read_pages, to_reason, to_text
from batchdrain.database.phases.singly import Unreadable, count_all_but, read_all_but
from batchdrain.failures.excerpt import strip_suffix
from batchdrain.model.errors import BadData, ConfigError, did_you_mean
from batchdrain.model.phase import PhaseKey, RowState
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import is_nameable, to_storable

_PAGE: Final = 2_000
_LOOKED_AT: Final = 100


class PhaseTable:
    """The mapped table. Made by `reflect`."""

    def __init__(self, table: sa.Table, source: Source, dialect: str) -> None:
        mapped = source.columns
        self.table = table
        self.source = source
        self.dialect = dialect
        self.run_id: sa.Column[Any] = table.c[mapped.run_id]
        self.phase_id: sa.Column[Any] = table.c[mapped.phase_id]
        self.phase_index = table.c[mapped.phase_index] if mapped.phase_index else None
        self.state: sa.Column[Any] = table.c[mapped.state]
        self.reason = table.c[mapped.last_failure_reason] if mapped.last_failure_reason else None
        self.updated_at = table.c[mapped.updated_at] if mapped.updated_at else None
        self.takes_null = self.reason is None or bool(self.reason.nullable)  #: as an empty reason; a view may say so wrongly
        # Built once: a drain executes them for every phase. The names of their parameters must not be those of columns.
        self._this = this = sa.and_(
            columns.is_exactly(self.run_id, "the_run", dialect), columns.is_exactly(self.phase_id, "the_phase", dialect)
        )
        self._selected_ids = [columns.to_selected(column, dialect) for column in (self.run_id, self.phase_id)]
        self._is_of_run = columns.is_exactly(self.run_id, "the_run", dialect)
        in_state = self.state == sa.bindparam("the_state", type_=self.state.type)
        text = self.reason if self.reason is not None else sa.null()
        self._row_query = sa.select(columns.to_selected(self.state, dialect), text).where(this)
        self._row_query_in_state = sa.select(columns.to_selected(self.state, dialect), text, in_state).where(this)
        self._change = table.update().where(this, in_state)
        self.states: dict[PhaseState, str] = {state: getattr(source.states, state.value) for state in PhaseState}

    @classmethod
    def reflect(cls, database: Database, source: Source) -> PhaseTable:
        """Read the table's columns from the database. Raises ConfigError for a missing table or missing columns, all of
        them at once."""
        schema, name = split_name(source.table)
        with database.read() as connection:
            try:
                table = sa.Table(name, sa.MetaData(), schema=schema, autoload_with=connection, resolve_fks=False)
            except NoSuchTableError:
                inspector = sa.inspect(connection)
                known = inspector.get_table_names(schema=schema) + inspector.get_view_names(schema=schema)
                raise ConfigError(
                    f"batchdrain.source.table: {source.table!r} is not in database {database.name}"
                    + did_you_mean(name, known),
                    remedy="set it to your table, or run `inv init`",
                ) from None
        missing = [
            f"batchdrain.source.columns.{key}: table {source.table!r} has no column {column!r}"
            + did_you_mean(column, table.c.keys())
            for key, column in source.columns.model_dump().items()
            if column is not None and column not in table.c
        ]
        if missing:
            raise ConfigError.of(missing)
        return cls(table, source, database.dialect)

    @property
    def schema(self) -> str | None:
        """None for the connection's default one."""
        return self.table.schema

    def value_of(self, state: PhaseState) -> Any:
        """The user's text for a state, as a value of the column's type."""
        return columns.bind(self.state, self.states[state])

    def read_pages(self, connection: sa.Connection, state: PhaseState) -> Iterator[Page]:
        """Stream the rows in a state, in no order, in eight bytes a row. One that can't be read has an `Unreadable` reason."""
        index = self.phase_index if self.phase_index is not None else sa.null()
        reason = sa.null() if self.reason is None else columns.head_of(self.reason)
        run_id, phase_id = self._selected_ids
        fields = sa.select(run_id, phase_id, index, reason)
        query = fields.where(self._is_selected(state))
        one = fields.where(self._this, self.state == self.value_of(state), self._is_meant(self._this))
        ids = sa.select(run_id, phase_id).where(self.state == self.value_of(state))
        return read_all_but(read_pages(connection, query), connection, ids, lambda key: one.params(self._ids_of(key)))

    def count_by_run(self, connection: sa.Connection, state: PhaseState) -> dict[str, int]:
        """How many rows stand in a state, by run_id.

        Counted here: asked to group by run, SQLite walks the key's index and looks up each row, ten times as long as a scan.
        """
        if self.source.where:  # it may fail for a row
            return dict(Counter(row[0] for page in self.read_pages(connection, state) for row in page.rows))
        query = sa.select(columns.to_selected(self.run_id, self.dialect)).where(self._is_selected(state))
        result = connection.execution_options(stream_results=True, yield_per=_PAGE).execute(query)
        found = Counter(run for page in result.partitions(_PAGE) for (run,) in page)
        return {to_text(run): count for run, count in found.items()}

    def count_by_run_and_state(self, connection: sa.Connection) -> dict[tuple[str, str], int]:
        """How many rows stand for each (run_id, state). One pass, unless the condition fails for a row."""
        query = self._count_query_of(self.run_id, self.state)
        if not self.source.where:
            return self._count(connection, query)
        meant, here = query.where(self._where_clause()), self._is_of_run
        of_run = query.where(here, self._is_meant(here))
        rows = sa.select(*self._selected_ids, columns.to_selected(self.state, self.dialect)).where(here)
        row = sa.select(sa.literal(1)).select_from(self.table).where(self._this, self._is_meant(self._this))
        return count_all_but(
            connection,
            lambda run: self._count(connection, meant if run is None else of_run.params(the_run=run)),
            lambda: [columns.bind(self.run_id, run) for run in {run for run, _ in self._count(connection, query)}],
            lambda run: connection.execute(rows.params(the_run=run)).all(),
            lambda key: row.params(self._ids_of(key)),
        )

    def _count(self, connection: sa.Connection, query: sa.Select[Any]) -> dict[tuple[str, str], int]:
        return {(to_text(run), to_text(state)): count for run, state, count in connection.execute(query)}

    def find_duplicate_ids(self, connection: sa.Connection) -> tuple[PhaseKey, int] | None:
        """Ids that name more than one row, in whatever states, and how many; None where there are none. One pass."""
        query = self._count_query_of(self.run_id, self.phase_id).having(sa.func.count() > 1).limit(1)
        found = connection.execute(query).first()
        return None if found is None else (PhaseKey(to_text(found[0]), to_text(found[1])), found[2])

    def _count_query_of(self, *of: sa.Column[Any]) -> sa.Select[Any]:
        groups = [columns.to_group_key(column, self.dialect) for column in of]
        names = [sa.func.min(column) for column in of] if self.dialect == "mysql" else groups
        return sa.select(*names, sa.func.count()).group_by(*groups)

    def find_some_in(
        self, connection: sa.Connection, state: PhaseState, most: int, *, at_random: bool = False
    ) -> list[PhaseKey]:
        """The ids of some rows in a state, whichever, that are names. `at_random`: of all that there are."""
        if self.source.where:  # it may fail for a row
            found = (row for page in self.read_pages(connection, state) for row in page.rows)
            keys = (PhaseKey(*row[:2]) for row in found if not isinstance(row[3], Unreadable))
        else:
            query = sa.select(*self._selected_ids).where(self._is_selected(state)).limit(most + _LOOKED_AT)
            if at_random:
                query = query.order_by(sa.func.rand() if self.dialect == "mysql" else sa.func.random())
            keys = (PhaseKey(to_text(run), to_text(phase)) for run, phase in connection.execute(query).all())
        return list(islice((key for key in keys if is_nameable(key.run_id) and is_nameable(key.phase_id)), most))

    def read_row_state(self, connection: sa.Connection, key: PhaseKey) -> RowState | None:
        """What stands for a phase now; None when its row is gone."""
        found = connection.execute(self._row_query, self._ids_of(key)).first()
        return None if found is None else RowState(state=to_text(found[0]), reason=to_reason(found[1]))

    def read_row_state_in(
        self, connection: sa.Connection, key: PhaseKey, expected: PhaseState, *, for_update: bool, nowait: bool = False
    ) -> RowState | None:
        """What stands for a phase, if it is in the state that is `expected`; None otherwise. `for_update`: and stays so until
        the transaction is over; `nowait`: or fails at once where somebody has it locked. Raises BadData when the ids name
        more than one row, in whatever states."""
        query = self._row_query_in_state.with_for_update(nowait=nowait) if for_update else self._row_query_in_state
        rows = connection.execute(query, {**self._ids_of(key), "the_state": self.value_of(expected)}).fetchmany(2)
        if len(rows) > 1:
            raise BadData(
                f"{key}: these ids name more than one row of table {self.source.table!r}",
                remedy="run_id and phase_id together must be unique; map other columns in batchdrain.source",
            )
        if not rows or not rows[0][2]:
            return None
        return RowState(state=to_text(rows[0][0]), reason=to_reason(rows[0][1]))

    def take(self, connection: sa.Connection, key: PhaseKey, expected: PhaseState) -> int:
        """Set `executing` where the phase is still in `expected`. Returns the rows that were changed. Raises RowRefused."""
        return self._update(connection, key, self.value_of(expected), {self.state: self.value_of(PhaseState.EXECUTING)})

    def finish(self, connection: sa.Connection, key: PhaseKey, expected: str, end_state: str, *, reason: str | None) -> int:
        """Write the end state and the new reason (None: an empty one). Returns the rows that were changed. Raises RowRefused."""
        values: dict[sa.Column[Any], Any] = {self.state: columns.bind(self.state, end_state)}
        if self.reason is not None:
            empty = None if self.takes_null else ""
            values[self.reason] = empty if reason is None else _fit(to_storable(reason), self.reason)
        return self._update(connection, key, columns.bind(self.state, expected), values)

    def give_back(
        self, connection: sa.Connection, key: PhaseKey, expected: str, prior: RowState, *, reason_changed: bool
    ) -> int:
        """Restore the state, and the reason byte for byte where somebody changed it. Returns the rows changed."""
        values: dict[sa.Column[Any], Any] = {self.state: columns.bind(self.state, prior.state)}
        if self.reason is not None and reason_changed:
            values[self.reason] = columns.to_parameter(prior.reason)
        return self._update(connection, key, columns.bind(self.state, expected), values)

    def _update(self, connection: sa.Connection, key: PhaseKey, expected: Any, values: dict[sa.Column[Any], Any]) -> int:
        if self.updated_at is not None:
            values[self.updated_at] = columns.make_timestamp(self.updated_at)
        parameters = {column.name: value for column, value in values.items()}
        try:
            return connection.execute(self._change, {**parameters, **self._ids_of(key), "the_state": expected}).rowcount
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            refusal = refusal_of(error, f"table {self.source.table!r} refuses what a drain writes for {key}")
            if refusal is None:
                raise
            raise refusal from error

    def _is_selected(self, state: PhaseState) -> sa.ColumnElement[bool]:
        clause = self.state == self.value_of(state)
        return sa.and_(clause, self._where_clause()) if self.source.where else clause

    def _is_meant(self, rows: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """The condition, asked of these rows alone: it may fail for others, whatever order a server asks in."""
        return sa.case((rows, self._where_clause()), else_=sa.false()) if self.source.where else sa.true()

    def _where_clause(self) -> sa.ColumnElement[bool]:
        return sa.literal_column(f"({self.source.where})", sa.Boolean)

    def _ids_of(self, key: PhaseKey) -> dict[str, Any]:
        return {
            "the_run": columns.bind(self.run_id, key.run_id),
            "the_phase": columns.bind(self.phase_id, key.phase_id),
        }


def _fit(reason: str, column: sa.Column[Any]) -> str:
    length = getattr(column.type, "length", None)
    if not isinstance(length, int) or len(reason) <= length:
        return reason
    return strip_suffix(reason)[:length]  # half a log's name helps nobody, and would look like another failure
