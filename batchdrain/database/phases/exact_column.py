"""A column of ids or of states, compared exactly: byte for byte, whatever its collation takes for equal.

Of two rows named 'A' and 'a' each write must hit its own, and a row that is selected as 'FAILED' must not be one that is counted
as 'Failed '. So one thing says how such a column is read, counted, compared and written; nothing else compares them in SQL.
"""

from __future__ import annotations

from typing import Any, Protocol

import sqlalchemy as sa


class Comparable(Protocol):
    """Of what an exact column is, that by which rows are found."""

    def is_exactly(self, name: str, text: str | None = None) -> sa.ColumnElement[bool]:
        """Whether it holds exactly the text that `parameters` made the parameters `name` of. First what an index is made for,
        then the truth. `text`: where it is known already, which may be cheaper for a scan."""

    def parameters(self, name: str, text: str) -> dict[str, Any]:
        """Raises ValueError for a text that no value of the column has."""


class ExactColumn(Comparable, Protocol):
    """Each value is known by its text: `to_text` of what `selected` gives."""

    @property
    def selected(self) -> sa.ColumnElement[Any]:
        """What is read."""

    @property
    def groups(self) -> tuple[sa.ColumnElement[Any], ...]:
        """What to group by, so that values which differ in any byte are counted apart."""

    @property
    def group_value(self) -> sa.ColumnElement[Any]:
        """What is read of such a group."""

    def written(self, name: str) -> sa.ColumnElement[Any]:
        """The same parameters as the value that an UPDATE sets."""
