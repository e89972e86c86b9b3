"""For a look ahead: phases that a drain would leave out once it is to take them, as their values can't be given to a command."""

from __future__ import annotations

from collections.abc import Sequence

from batchdrain.database.phases.refused_values import find_refused_values
from batchdrain.database.store import Store
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.skip_rules import BAD_DATA


class RefusedValues:
    """Keeps what it found: another reading of the backlog knows these phases by name."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.found: dict[PhaseKey, Skip] = {}

    def __call__(self, keys: Sequence[PhaseKey]) -> dict[PhaseKey, Skip]:
        """Of these phases, with what a drain says of each. Raises DatabaseUnavailable."""
        refused = find_refused_values(self._store.database, self._store.table, keys)
        skips = {key: Skip(BAD_DATA, error.message) for key, error in refused.items()}
        self.found |= skips
        return skips
