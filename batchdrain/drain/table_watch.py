"""Whether the user's table is still what the drain was made for: asked at each look at the backlog, and when a statement fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from batchdrain.database.phases.change import find_change
from batchdrain.database.store import Store
from batchdrain.model.errors import BadData, BatchDrainError, ConfigError, DatabaseUnavailable

WHILE_IT_RAN: Final = "while the drain ran, "
"""How the reason begins for which such a session ended."""
_CURE: Final = "mend batchdrain.source, and `inv doctor` says whether it fits; then `inv resume` goes on"


class SchemaChanged(ConfigError):
    """The table is another one than the drain was made for. What runs may end; its result is kept where it can't be recorded."""


class TableWatch:
    """Of one drain."""

    def __init__(self, store: Store, notice: Callable[[str], None]) -> None:
        """`notice`: tells people."""
        self._store = store
        self._notice = notice
        self._told = ""

    def look(self, *, failed: bool = False) -> None:
        """What changed and is no hindrance is told once. `failed`: a statement just did. Raises SchemaChanged for the rest;
        DatabaseUnavailable."""
        with self._store.database.read() as connection:
            change = find_change(connection, self._store.table, failed=failed)
        if change is None:
            return
        if change.is_fatal:
            raise SchemaChanged(f"{WHILE_IT_RAN}{change.message}", remedy=_CURE)
        if change.message != self._told:
            self._told = change.message
            self._notice(f"{WHILE_IT_RAN.capitalize()}{change.message}; it goes on")

    def explain(self, error: BatchDrainError) -> BatchDrainError:
        """The change that is behind an error; the error itself where none is."""
        if isinstance(error, SchemaChanged) or not isinstance(error, ConfigError | BadData):
            return error
        with contextlib.suppress(DatabaseUnavailable):
            try:
                self.look(failed=True)
            except ConfigError as change:
                return change
        return error
