"""The exact columns of one id: how they are selected, joined to one text, split again and compared.

Above this room an id is one text. Of one column that is the value's own text, byte for byte; of several it is joined; of none it is
the fixed text that the settings give to every row.
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
    """Each value is known by the text that `join` makes of what `selected` gives."""

    columns: tuple[ExactColumn, ...]
    names: tuple[str, ...]  #: of the columns in the table
    fixed: str = ""  #: the id of every row, where there are no columns
    numbers: tuple[bool, ...] = ()  #: for each column whether its values are ordered as numbers

    @cached_property
    def selected(self) -> tuple[sa.ColumnElement[Any], ...]:
        """What is read; at least one."""
        return tuple(column.selected for column in self.columns) or (sa.literal(self.fixed, sa.Text()),)

    @property
    def groups(self) -> tuple[sa.ColumnElement[Any], ...]:
        """What to group by, so that ids which differ in any byte are counted apart; nothing where all rows have one."""
        return tuple(group for column in self.columns for group in column.groups)

    @property
    def group_values(self) -> tuple[sa.ColumnElement[Any], ...]:
        """What is read of such a group, in place of `selected`."""
        return tuple(column.group_value for column in self.columns) or self.selected

    def join(self, values: Sequence[Any]) -> str:
        """The id of a row, of its values; '' where one of them is NULL or bytes, which name nothing."""
        if len(values) == 1:
            return to_text(values[0])
        if any(value is None or isinstance(value, bytes) for value in values):
            return ""
        return join_parts(map(str, values))

    def join_all(self, columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """What `join` makes of each row, of the rows by their columns; of one column its values as they are."""
        if len(columns) == 1:
            return columns[0]
        texts = [tuple(map(str, column)) if set(map(type, column)) == {int} else column for column in columns]
        try:
            whole = "".join(map("".join, texts))
        except TypeError:  # NULL, bytes, or a number that is not whole
            whole = ESCAPED
        if any(sign in whole for sign in ESCAPED):
            return [self.join(row) for row in zip(*columns, strict=True)]
        return list(map(SEPARATOR.join, zip(*texts, strict=True)))

    def split(self, text: str) -> tuple[str, ...]:
        """The text of each column's value. Raises ValueError for what is no id of these columns."""
        if not self.columns:
            if text != self.fixed:
                raise ValueError(text)
            return ()
        return (text,) if len(self.columns) == 1 else split_parts(text, len(self.columns))

    def is_exactly(self, name: str, text: str | None = None) -> sa.ColumnElement[bool]:
        """Whether it is exactly the id of which `parameters` made the parameters `name`. `text`: where it is known already, as of
        ExactColumn."""
        if text is None:
            return sa.and_(sa.true(), *(column.is_exactly(given) for given, column in self._named(name)))
        parts = zip(self._named(name), self.split(text), strict=True)
        return sa.and_(sa.true(), *(column.is_exactly(given, part) for (given, column), part in parts))

    def parameters(self, name: str, text: str) -> dict[str, Any]:
        """Raises ValueError for what is no id of these columns."""
        found: dict[str, Any] = {}
        for (given, column), part in zip(self._named(name), self.split(text), strict=True):
            found |= column.parameters(given, part)
        return found

    @cached_property
    def order(self) -> OrderOf:
        """How its ids are ordered."""
        orders = [as_number if is_number else as_text for is_number in self.numbers]
        return as_text if not orders else orders[0] if len(orders) == 1 else as_parts(orders)

    def _named(self, name: str) -> Sequence[tuple[str, ExactColumn]]:
        """Each column with the name of its own parameters."""
        if len(self.columns) == 1:
            return [(name, self.columns[0])]
        return [(f"{name}_of_{number}", column) for number, column in enumerate(self.columns)]
