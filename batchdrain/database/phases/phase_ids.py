"""Both ids of a phase: the columns by which its row is found, and what a row that was read is called."""

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
    """A row that is read has the columns of the run in front, then those of the phase."""

    run: IdColumns
    phase: IdColumns

    @cached_property
    def selected(self) -> tuple[sa.ColumnElement[Any], ...]:
        """What is read of both."""
        return (*self.run.selected, *self.phase.selected)

    @cached_property
    def width(self) -> int:
        """Values of a row that are its ids."""
        return len(self.selected)

    @cached_property
    def order(self) -> IdOrder:
        """How they are ordered."""
        return IdOrder(run=self.run.order, phase=self.phase.order)

    @property
    def column_names(self) -> frozenset[str]:
        """All columns of both: their values together are to be unique."""
        return frozenset({*self.run.names, *self.phase.names})

    def names_of(self, row: Sequence[Any]) -> tuple[str, str]:
        """run_id and phase_id of a row, whatever stands behind them in it."""
        of_run = len(self.run.selected)
        return self.run.join(row[:of_run]), self.phase.join(row[of_run : self.width])

    def key_of(self, row: Sequence[Any]) -> PhaseKey:
        """The same as the name of a phase."""
        return PhaseKey(*self.names_of(row))

    def fold(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """The rows with both ids as one value each. As they are where each has one column."""
        if self.width == 2 or not rows:  # two ids
            return rows
        columns, of_run = list(zip(*rows, strict=True)), len(self.run.selected)
        run, phase = self.run.join_all(columns[:of_run]), self.phase.join_all(columns[of_run : self.width])
        return list(zip(run, phase, *columns[self.width :], strict=True))

    def is_exactly(self) -> sa.ColumnElement[bool]:
        """Whether a row is the phase of which `parameters` made the parameters."""
        return sa.and_(self.run.is_exactly("the_run"), self.phase.is_exactly("the_phase"))

    def parameters(self, key: PhaseKey) -> dict[str, Any]:
        """Raises ValueError for ids that no row can have, as they are no values of their columns."""
        return {**self.run.parameters("the_run", key.run_id), **self.phase.parameters("the_phase", key.phase_id)}
