"""For the dry run: finds phases that a drain would leave out when it takes them, because their values can't be given to a
command."""

from __future__ import annotations

from collections.abc import Sequence

from batchdrain.database.phases.refused_values import find_refused_values
from batchdrain.database.store import Store
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.skip_rules import BAD_DATA


class RefusedValues:
    """Keeps what it has found, so that another reading of the backlog can leave these phases out by name."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.found: dict[PhaseKey, Skip] = {}

    def __call__(self, keys: Sequence[PhaseKey]) -> dict[PhaseKey, Skip]:
        """Those of these phases that a drain would leave out, each with the reason. Raises DatabaseUnavailable."""
        refused = find_refused_values(self._store.database, self._store.table, keys)
        skips = {key: Skip(BAD_DATA, error.message) for key, error in refused.items()}
        self.found |= skips
        return skips
