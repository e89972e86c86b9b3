"""The user's own table: how its rows are read, and the only writes that it ever gets.

Every UPDATE names both ids and the state that it expects, sets nothing but state, reason and (where mapped)
updated_at, and is judged by its row count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError

from batchdrain.config.settings import Command, Source
from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import refusal_of
from batchdrain.database.phases import columns
from batchdrain.database.phases.pages import Page, read_pages, to_reason, to_text
from batchdrain.failures.excerpt import strip_suffix
from batchdrain.model.errors import BadData, ConfigError, did_you_mean
from batchdrain.model.phase import GONE, PhaseKey, RowState
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import is_nameable, to_storable

_PAGE: Final = 2_000
_LOOKED_AT: Final = 100
_NAME: Final = re.compile(r'("(?:[^"]|"")+"|[^".]+)(?:\.("(?:[^"]|"")+"|[^".]+))?')


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
        this = sa.and_(
            columns.is_exactly(self.run_id, "the_run", dialect), columns.is_exactly(self.phase_id, "the_phase", dialect)
        )
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
        """Stream the rows in a state, in no order, in constant memory."""
        index = self.phase_index if self.phase_index is not None else sa.null()
        reason = sa.null() if self.reason is None else columns.head_of(self.reason)
        run_id, phase_id = (columns.to_selected(column, self.dialect) for column in (self.run_id, self.phase_id))
        query = sa.select(run_id, phase_id, index, reason).where(self._is_selected(state))
        return read_pages(connection, query)

    def count_by_run(self, connection: sa.Connection, state: PhaseState) -> dict[str, int]:
        """How many rows stand in a state, by run_id.

        Counted here: asked to group by run, SQLite walks the key's index and looks up each row, ten times as long as a scan.
        """
        query = sa.select(columns.to_selected(self.run_id, self.dialect)).where(self._is_selected(state))
        result = connection.execution_options(stream_results=True, yield_per=_PAGE).execute(query)
        found = Counter(run for page in result.partitions(_PAGE) for (run,) in page)
        return {to_text(run): count for run, count in found.items()}

    def count_by_run_and_state(self, connection: sa.Connection) -> dict[tuple[str, str], int]:
        """How many rows stand for each (run_id, state). One pass."""
        query = self._count_query_of(self.run_id, self.state)
        if self.source.where:
            query = query.where(self._where_clause())
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

    def find_any_in(self, connection: sa.Connection, state: PhaseState) -> PhaseKey | None:
        """The ids of one row in a state, whichever, that are names; None where there is none among the first ones."""
        ids = (columns.to_selected(column, self.dialect) for column in (self.run_id, self.phase_id))
        found = connection.execute(sa.select(*ids).where(self._is_selected(state)).limit(_LOOKED_AT))
        keys = [PhaseKey(to_text(run), to_text(phase)) for run, phase in found]
        return next((key for key in keys if is_nameable(key.run_id) and is_nameable(key.phase_id)), None)

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
            values[self.reason] = empty if reason is None else self._fit(to_storable(reason))
        return self._update(connection, key, columns.bind(self.state, expected), values)

    def give_back(
        self, connection: sa.Connection, key: PhaseKey, expected: str, prior: RowState, *, reason_changed: bool
    ) -> int:
        """Restore the state, and the reason byte for byte where somebody changed it. Returns the rows changed."""
        values: dict[sa.Column[Any], Any] = {self.state: columns.bind(self.state, prior.state)}
        if self.reason is not None and reason_changed:
            values[self.reason] = columns.to_parameter(prior.reason)
        return self._update(connection, key, columns.bind(self.state, expected), values)

    def restore(self, connection: sa.Connection, key: PhaseKey, prior: RowState, ours: frozenset[str]) -> str:
        """Give the phase back if it still stands in one of the states that are `ours`; any other belongs to somebody
        else and is left alone. Returns the state that stands then."""
        now = self.read_row_state(connection, key)
        if now is None:
            return GONE
        if now.state not in ours or now == prior:
            return now.state
        changed = self.give_back(connection, key, now.state, prior, reason_changed=now.reason != prior.reason)
        return prior.state if changed == 1 else now.state

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

    def _where_clause(self) -> sa.ColumnElement[bool]:
        return sa.literal_column(f"({self.source.where})", sa.Boolean)

    def _ids_of(self, key: PhaseKey) -> dict[str, Any]:
        return {
            "the_run": columns.bind(self.run_id, key.run_id),
            "the_phase": columns.bind(self.phase_id, key.phase_id),
        }

    def _fit(self, reason: str) -> str:
        length = getattr(self.reason.type, "length", None) if self.reason is not None else None
        if not isinstance(length, int) or len(reason) <= length:
            return reason
        return strip_suffix(reason)[:length]  # half a log's name helps nobody, and would look like another failure


def intermediate_states_of(table: PhaseTable, command: Command) -> frozenset[str]:
    """The states in which an attempt that ended badly may have left its phase, and from which it is given back."""
    executing = table.states[PhaseState.EXECUTING]
    if command.result_from == "exit_code":
        return frozenset({executing})
    if command.stuck_states is not None:
        return frozenset(command.stuck_states)
    return frozenset({executing, table.states[PhaseState.QUEUED]})


def split_name(name: str) -> tuple[str | None, str]:
    """'schema.table' -> (schema, table). A part in double quotes is taken whole, as SQL takes it."""
    found = _NAME.fullmatch(name)
    if found is None:
        schema, dot, table = name.partition(".")
        return (schema, table) if dot else (None, name)
    parts = [part[1:-1].replace('""', '"') if part.startswith('"') else part for part in found.groups() if part is not None]
    return (None, parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def join_name(schema: str | None, table: str) -> str:
    """What `split_name` takes apart again."""
    return ".".join(
        '"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part
        for part in (schema, table)
        if part is not None
    )
