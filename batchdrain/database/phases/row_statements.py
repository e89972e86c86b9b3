"""The statements that read and write one row of the user's table.
They are built once, since a drain executes them for every phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.compiled_read import CompiledRead
from batchdrain.database.compiled_write import CompiledWrite
from batchdrain.database.phases.reason_column import ReasonColumn
from batchdrain.database.phases.state_column import StateColumn
from batchdrain.database.phases.update_time import UpdateTime
from batchdrain.model.phase import RowState
from batchdrain.model.state_words import NULL, to_word
from batchdrain.runtime import clock

_NEW_TIME: Final = "new_time"
_NEW_REASON: Final = "new_reason"


class RowStatements:
    """The statements for one row. Each UPDATE names the row and the state that it expects, and sets only state, reason and
    the time of the write. The names of parameters must differ from those of columns."""

    def __init__(
        self,
        this: sa.ColumnElement[bool],
        state: StateColumn,
        shown: ReasonColumn,
        reason: sa.Column[Any] | None,
        updated_at: sa.Column[Any] | None,
    ) -> None:
        """`this`: the condition that names the row; `shown`: how the reason is read; `reason`:
        the column it is written to."""
        self._state, self._shown, self._has_reason = state, shown, reason is not None
        read = sa.select(state.selected, shown.selected, state.kind).where(this)
        self.read = CompiledRead(read)
        self.lock = {nowait: CompiledRead(read.with_for_update(nowait=nowait)) for nowait in (False, True)}
        change = state.column.table.update().where(this).values({state.column: state.written("new_state")})
        if updated_at is not None:
            change = change.values({updated_at: sa.bindparam(_NEW_TIME, type_=sa.types.NullType())})
        both = change if reason is None else change.values({reason: sa.bindparam(_NEW_REASON, type_=reason.type)})
        known = {is_null: state.is_still("the_state", is_null=is_null) for is_null in (False, True)}
        self._changes = {  # by whether the reason changes too, and whether the row's state is NULL
            (with_reason, is_null): CompiledWrite(one.where(in_state))
            for with_reason, one in ((False, change), (True, both))
            for is_null, in_state in known.items()
        }

    def to_row_state(self, row: Sequence[Any]) -> RowState:
        """The state of a row that `read` gave."""
        return RowState(state=to_word(row[0]), reason=self._shown.to_reason(row[1]), kind=row[2])

    def change(
        self, expected: str, state: str, *, kind: str | None, reason: tuple[Any, ...], time: UpdateTime | None
    ) -> tuple[CompiledWrite, dict[str, Any]]:
        """The statement and its parameters, without those that name the row. `expected`, `state`: words; `kind`: the type
        that the state's value must have; `reason`: the new one, empty if it stays. Raises ValueError for a word that no value
        of the column has."""
        with_reason = bool(reason) and self._has_reason
        values = self._state.parameters("new_state", state, kind)
        values |= {} if expected == NULL else self._state.parameters("the_state", expected)
        values |= {} if time is None else {_NEW_TIME: time.make(clock.now())}
        values |= {_NEW_REASON: reason[0]} if with_reason else {}
        return self._changes[with_reason, expected == NULL], values
