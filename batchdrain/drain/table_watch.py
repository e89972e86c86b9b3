"""Watches whether the user's table is still the one for which the drain was made: at each reading of the backlog, and when a
statement fails."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from batchdrain.database.phases.change import find_change
from batchdrain.database.store import Store
from batchdrain.model.errors import BadData, BatchDrainError, ConfigError, DatabaseUnavailable

WHILE_IT_RAN: Final = "while the drain ran, "
"""The beginning of the reason for which a session ended because its table changed."""
_CURE: Final = "correct batchdrain.source, check it with `inv doctor`, then run `inv resume`"


class SchemaChanged(ConfigError):
    """The table is no longer the one for which the drain was made. Running commands may end; results that can't be recorded are
    kept."""


class TableWatch:
    """Watches the table for one drain."""

    def __init__(self, store: Store, notice: Callable[[str], None]) -> None:
        """`notice`: tells people."""
        self._store = store
        self._notice = notice
        self._told = ""

    def look(self, *, failed: bool = False) -> None:
        """Look for changes. A harmless one is told once. `failed`: whether a statement has just failed. Raises SchemaChanged for
        any other change, DatabaseUnavailable."""
        with self._store.database.read() as connection:
            change = find_change(connection, self._store.table, failed=failed)
        if change is None:
            return
        if change.is_fatal:
            raise SchemaChanged(f"{WHILE_IT_RAN}{change.message}", remedy=_CURE)
        if change.message != self._told:
            self._told = change.message
            self._notice(f"{WHILE_IT_RAN.capitalize()}{change.message}; the drain continues")

    def explain(self, error: BatchDrainError) -> BatchDrainError:
        """The change that caused an error; the error itself if no change did."""
        if isinstance(error, SchemaChanged) or not isinstance(error, ConfigError | BadData):
            return error
        with contextlib.suppress(DatabaseUnavailable):
            try:
                self.look(failed=True)
            except ConfigError as change:
                return change
        return error
