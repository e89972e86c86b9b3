"""Hints: manual priorities of runs, which people store in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from batchdrain.database.ledger.notes import Note, NoteKind, Notes
from batchdrain.database.store import Store
from batchdrain.planning.filters import matcher

HIGHEST: Final = 1_000_000


class Hints:
    """A callable that returns the priority of a run id, 0 if no hint matches. The highest of several matches counts. Each run
    is resolved once."""

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
    """Read the hints from the ledger. Raises DatabaseUnavailable."""
    return Hints(Notes(store.database, store.ledger).read(NoteKind.HINT))


def priority_of(note: Note) -> int:
    """The priority in a note, 0 if it holds none: whoever may write to the ledger may have written anything."""
    found = note.content.get("priority")
    return max(-HIGHEST, min(HIGHEST, found)) if isinstance(found, int) and not isinstance(found, bool) else 0
