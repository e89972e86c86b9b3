"""The exact columns of one id: how they are selected, joined to one text, split again and compared.

Outside this room an id is one text. If the id has one column, that is the value's own text, byte for byte. The texts of
several columns are joined. Without columns it is the fixed text that the settings give to every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from batchdrain.database.phases.exact_column import ExactColumn
from batchdrain.database.phases.pages import to_text
from batchdrain.model.id_order import OrderOf, as_number, as_parts, as_text
from batchdrain.model.joined_id import ESCAPED, SEPARATOR, join_parts, split_parts


@dataclass(frozen=True, kw_only=True)
class IdColumns:
    """The columns of one id. An id is identified by the text that `join` makes of what `selected` gives."""

    columns: tuple[ExactColumn, ...]
    names: tuple[str, ...]  #: the names of the columns in the table
    fixed: str = ""  #: the id of every row if there are no columns
    numbers: tuple[bool, ...] = ()  #: for each column, whether its values are ordered as numbers

    @cached_property
    def selected(self) -> tuple[sa.ColumnElement[Any], ...]:
        """The expressions to read; at least one."""
        return tuple(column.selected for column in self.columns) or (sa.literal(self.fixed, sa.Text()),)

    @property
    def groups(self) -> tuple[sa.ColumnElement[Any], ...]:
        """The expressions to group by, so that ids which differ in any byte are counted separately.
        Empty if all rows have one id."""
        return tuple(group for column in self.columns for group in column.groups)

    @property
    def group_values(self) -> tuple[sa.ColumnElement[Any], ...]:
        """The expressions to read for each such group, instead of `selected`."""
        return tuple(column.group_value for column in self.columns) or self.selected

    def join(self, values: Sequence[Any]) -> str:
        """Make the id of a row from its values. It is '' if one of them is NULL or bytes, which name nothing."""
        if len(values) == 1:
            return to_text(values[0])
        if any(value is None or isinstance(value, bytes) for value in values):
            return ""
        return join_parts(map(str, values))

    def join_all(self, columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """Make the id of each row from the columns of all rows, like `join`. A single column is returned unchanged."""
        if len(columns) == 1:
            return columns[0]
        texts = [tuple(map(str, column)) if set(map(type, column)) == {int} else column for column in columns]
        try:
            whole = "".join(map("".join, texts))
        except TypeError:  # NULL, bytes, or a number that is not an integer
            whole = ESCAPED
        if any(sign in whole for sign in ESCAPED):
            return [self.join(row) for row in zip(*columns, strict=True)]
        return list(map(SEPARATOR.join, zip(*texts, strict=True)))

    def split(self, text: str) -> tuple[str, ...]:
        """The text of each column's value. Raises ValueError for a text that is no id of these columns."""
        if not self.columns:
            if text != self.fixed:
                raise ValueError(text)
            return ()
        return (text,) if len(self.columns) == 1 else split_parts(text, len(self.columns))

    def is_exactly(self, name: str, text: str | None = None) -> sa.ColumnElement[bool]:
        """Whether the row has exactly the id for which `parameters` made the parameters `name`. `text`: the id if it is
        already known, as in ExactColumn."""
        if text is None:
            return sa.and_(sa.true(), *(column.is_exactly(given) for given, column in self._named(name)))
        parts = zip(self._named(name), self.split(text), strict=True)
        return sa.and_(sa.true(), *(column.is_exactly(given, part) for (given, column), part in parts))

    def parameters(self, name: str, text: str) -> dict[str, Any]:
        """The parameters for an id. Raises ValueError for a text that is no id of these columns."""
        found: dict[str, Any] = {}
        for (given, column), part in zip(self._named(name), self.split(text), strict=True):
            found |= column.parameters(given, part)
        return found

    @cached_property
    def order(self) -> OrderOf:
        """The order of these ids."""
        orders = [as_number if is_number else as_text for is_number in self.numbers]
        return as_text if not orders else orders[0] if len(orders) == 1 else as_parts(orders)

    def _named(self, name: str) -> Sequence[tuple[str, ExactColumn]]:
        """Each column, preceded by the name of its own parameters."""
        if len(self.columns) == 1:
            return [(name, self.columns[0])]
        return [(f"{name}_of_{number}", column) for number, column in enumerate(self.columns)]
