"""A column of ids or states, compared exactly: byte by byte, whatever its collation takes for equal.

Of two rows named 'A' and 'a' each write must change the right one. A row that is selected as 'FAILED' must not be counted as
'Failed '. So an exact column is the only place that says how ids and states are read, counted, compared and written in SQL.
"""

from __future__ import annotations

from typing import Any, Protocol

import sqlalchemy as sa


class Comparable(Protocol):
    """The part of an exact column by which rows are found."""

    def is_exactly(self, name: str, text: str | None = None) -> sa.ColumnElement[bool]:
        """Whether the column holds exactly the text for which `parameters` made the parameters `name`. The condition first
        compares in the way an index can use, then exactly. `text`: the text if it is already known, which may make a scan
        cheaper."""

    def parameters(self, name: str, text: str) -> dict[str, Any]:
        """The parameters for a text. Raises ValueError for a text that no value of the column has."""


class ExactColumn(Comparable, Protocol):
    """A column whose values are identified by their texts: `to_text` of what `selected` gives."""

    @property
    def selected(self) -> sa.ColumnElement[Any]:
        """The expression to read."""

    @property
    def groups(self) -> tuple[sa.ColumnElement[Any], ...]:
        """The expressions to group by, so that values which differ in any byte are counted separately."""

    @property
    def group_value(self) -> sa.ColumnElement[Any]:
        """The expression to read for each such group."""

    @property
    def unindexed(self) -> sa.ColumnElement[Any]:
        """The column as an expression with which a server finds no rows, if its indexes lock more rows than are written."""

    def is_still(self, name: str) -> sa.ColumnElement[bool]:
        """Like `is_exactly`, for an UPDATE that finds its row by other columns. So it locks only that row."""

    def written(self, name: str) -> sa.ColumnElement[Any]:
        """The value that an UPDATE sets, made of the same parameters."""
