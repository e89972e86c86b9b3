"""Both ids of a phase: the columns by which its row is found, and the names that are made of a row that was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from batchdrain.database.phases.id_columns import IdColumns
from batchdrain.model.id_order import IdOrder
from batchdrain.model.phase import PhaseKey


@dataclass(frozen=True, kw_only=True)
class PhaseIds:
    """The columns of both ids. In a row that is read, the run's columns come first, then the phase's."""

    run: IdColumns
    phase: IdColumns

    @cached_property
    def selected(self) -> tuple[sa.ColumnElement[Any], ...]:
        """The expressions to read for both ids."""
        return (*self.run.selected, *self.phase.selected)

    @cached_property
    def width(self) -> int:
        """How many values of a row belong to its ids."""
        return len(self.selected)

    @cached_property
    def order(self) -> IdOrder:
        """The order of both ids."""
        return IdOrder(run=self.run.order, phase=self.phase.order)

    @property
    def column_names(self) -> frozenset[str]:
        """The columns of both ids, whose values together must be unique."""
        return frozenset({*self.run.names, *self.phase.names})

    def names_of(self, row: Sequence[Any]) -> tuple[str, str]:
        """The run_id and phase_id of a row, which may have more values behind them."""
        of_run = len(self.run.selected)
        return self.run.join(row[:of_run]), self.phase.join(row[of_run : self.width])

    def key_of(self, row: Sequence[Any]) -> PhaseKey:
        """Like `names_of`, as a PhaseKey."""
        return PhaseKey(*self.names_of(row))

    def fold(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """The rows with one value for each id. Returned unchanged if each id has one column."""
        if self.width == 2 or not rows:  # one column for each id
            return rows
        columns, of_run = list(zip(*rows, strict=True)), len(self.run.selected)
        run, phase = self.run.join_all(columns[:of_run]), self.phase.join_all(columns[of_run : self.width])
        return list(zip(run, phase, *columns[self.width :], strict=True))

    def is_exactly(self) -> sa.ColumnElement[bool]:
        """Whether a row is the phase for which `parameters` made the parameters."""
        return sa.and_(self.run.is_exactly("the_run"), self.phase.is_exactly("the_phase"))

    def parameters(self, key: PhaseKey) -> dict[str, Any]:
        """The parameters for a phase. Raises ValueError for ids that no row can have,
        because no value of their columns has these texts."""
        return {**self.run.parameters("the_run", key.run_id), **self.phase.parameters("the_phase", key.phase_id)}
