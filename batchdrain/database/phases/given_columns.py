"""The columns of a row that its command gets in addition to the ids. They are read once, when the phase is claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.phases.columns import any_of, parameters_of
from batchdrain.database.phases.phase_ids import PhaseIds
from batchdrain.model.errors import BadData
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime.text import is_nameable

LONGEST: Final = 100_000
"""The most bytes of a value. It becomes one argument and one environment variable, and Linux takes 131 071 of either."""
_REMEDY: Final = "correct the row, or remove the column from batchdrain.command.columns"


class GivenColumns:
    """Reads the columns that a command gets. Columns of an id are taken from its text; only the others are queried."""

    def __init__(self, ids: PhaseIds, names: Sequence[str], shown: Mapping[str, sa.ColumnElement[Any]]) -> None:
        """`names`: all columns; `shown`: the expression that reads each column that is not part of an id."""
        self._ids = ids
        self._names = tuple(names)
        self._asked = tuple(shown)
        self._shown = tuple(shown.values())
        query = sa.select(*shown.values()).where(ids.is_exactly())
        self._queries = {False: query, True: query.with_for_update()}

    def read(self, connection: sa.Connection, key: PhaseKey, *, for_update: bool = False) -> dict[str, str | None] | None:
        """The text of each column, None for NULL. Returns None if no row has the ids. `for_update`: read the row as it was
        locked, not as it was when the transaction began. Raises BadData for a value that no command can be given."""
        found: dict[str, str | None] = {}
        for of, text in ((self._ids.run, key.run_id), (self._ids.phase, key.phase_id)):
            found |= dict(zip(of.names, of.split(text), strict=True))
        if self._asked:
            row = connection.execute(self._queries[for_update], self._ids.parameters(key)).first()
            if row is None:
                return None
            found |= {name: _to_given(key, name, value) for name, value in zip(self._asked, row, strict=True)}
        return {name: found[name] for name in self._names}

    def find_refused(self, connection: sa.Connection, keys: Sequence[PhaseKey]) -> Iterator[tuple[PhaseKey, BadData]]:
        """The phases for which `read` would raise BadData, with that error.
        One query; none if all columns are parts of ids."""
        if not (self._asked and keys):
            return
        ids, names = (self._ids.run, self._ids.phase), [(key.run_id, key.phase_id) for key in keys]
        query = sa.select(*self._ids.selected, *self._shown).where(any_of(ids, len(keys)))
        for row in connection.execute(query, parameters_of(ids, names)):
            key = self._ids.key_of(row)
            try:
                for name, value in zip(self._asked, row[self._ids.width :], strict=True):
                    _to_given(key, name, value)
            except BadData as error:
                yield key, error


def _to_given(key: PhaseKey, name: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        raise BadData(f"{key}: column {name!r} holds bytes, which the command can't be given", remedy=_REMEDY)
    text = str(value)
    if text and not is_nameable(text):
        raise BadData(
            f"{key}: column {name!r} holds a NUL or what is no UTF-8, which the command can't be given", remedy=_REMEDY
        )
    if len(text) > LONGEST or len(text.encode()) > LONGEST:
        raise BadData(f"{key}: column {name!r} is too long for the command (at most {LONGEST} bytes)", remedy=_REMEDY)
    return text
