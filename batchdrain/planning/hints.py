"""Manual priorities of runs, as people left them in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from batchdrain.database.ledger.notes import Note, NoteKind, Notes
from batchdrain.database.store import Store
from batchdrain.planning.filters import matcher

HIGHEST: Final = 1_000_000


class Hints:
    """Callable: a run id -> its priority, 0 where no hint matches. Of several the highest wins. Each run is resolved
    once."""

    def __init__(self, notes: Iterable[Note] = ()) -> None:
        found = [(priority_of(note), note.subject) for note in notes]
        self._globs = [(priority, matcher(glob)) for priority, glob in sorted(found, key=lambda pair: -pair[0]) if priority]
        self._found: dict[str, int] = {}

    def __call__(self, run_id: str) -> int:
        if not self._globs:
            return 0
        if run_id not in self._found:
            self._found[run_id] = next((priority for priority, matches in self._globs if matches(run_id)), 0)
        return self._found[run_id]


def read_hints(store: Store) -> Hints:
    """Those of the ledger. Raises DatabaseUnavailable."""
    return Hints(Notes(store.database, store.ledger).read(NoteKind.HINT))


def priority_of(note: Note) -> int:
    """0 for what is no priority: whoever may write to the ledger may have written anything."""
    found = note.content.get("priority")
    return max(-HIGHEST, min(HIGHEST, found)) if isinstance(found, int) and not isinstance(found, bool) else 0
