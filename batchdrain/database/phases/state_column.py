"""The column of states: an exact column in which NULL is a value too, compared by IS NULL."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.phases.exact_column import ExactColumn
from batchdrain.database.phases.sqlite_column import NUMBER
from batchdrain.model.state_words import NULL, to_value

_OWN_KINDS: Final = frozenset({"text", "integer", "real"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StateColumn:
    """Like ExactColumn, but with words (see `state_words`) instead of texts."""

    exact: ExactColumn
    column: sa.Column[Any]
    stores_any: bool  #: SQLite: values may have several types, so that a text alone does not determine a value

    @property
    def selected(self) -> sa.ColumnElement[Any]:
        return self.exact.selected

    @property
    def kind(self) -> sa.ColumnElement[Any]:
        """The type of the row's own value, if a column may hold several types."""
        return sa.func.typeof(self.column) if self.stores_any else sa.null()

    @property
    def groups(self) -> tuple[sa.ColumnElement[Any], ...]:
        return self.exact.groups

    @property
    def group_value(self) -> sa.ColumnElement[Any]:
        return self.exact.group_value

    def is_exactly(self, name: str, state_word: str | None = None) -> sa.ColumnElement[bool]:
        """Whether the row has the word. `state_word`: the word if it is already known; without it the parameters may be those
        of any word but NULL."""
        if state_word == NULL:
            return self.column.is_(None)
        return self.exact.is_exactly(name, None if state_word is None else to_value(state_word))

    @property
    def unindexed(self) -> sa.ColumnElement[Any]:
        return self.exact.unindexed

    def is_still(self, name: str, *, is_null: bool = False) -> sa.ColumnElement[bool]:
        """Whether the row that an UPDATE finds by its ids still has the word. `is_null`: the word is NULL."""
        return self.unindexed.is_(None) if is_null else self.exact.is_still(name)

    def is_any(self, name: str, words: Iterable[str]) -> tuple[sa.ColumnElement[bool], dict[str, Any]]:
        """Whether the column holds one of the words, with the parameters. An index finds each of them. A word that no value
        of the column has is left out, since no row has it."""
        conditions: list[sa.ColumnElement[bool]] = [sa.false()]
        given: dict[str, Any] = {}
        for number, state_word in enumerate(words):
            named = f"{name}_{number}" if number else name
            with suppress(ValueError):
                given |= self.parameters(named, state_word) if state_word != NULL else {}
                conditions.append(self.is_exactly(named, state_word))
        return sa.or_(*conditions), given

    def written(self, name: str) -> sa.ColumnElement[Any]:
        return self.exact.written(name)

    def parameters(self, name: str, state_word: str, kind: str | None = None) -> dict[str, Any]:
        """The parameters for a word. `kind`: the type that the value must have, as `self.kind` read it; None: the type of the
        value that it replaces. Raises ValueError for a word that no value of the column has."""
        text = to_value(state_word)
        if text is None:
            return dict.fromkeys((name, name + NUMBER) if self.stores_any else (name,))
        given = self.exact.parameters(name, text)
        if kind in _OWN_KINDS and self.stores_any:
            return dict.fromkeys(given, text if kind == "text" else given[name + NUMBER])
        return given
