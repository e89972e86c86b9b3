"""Ids with which no phase can be executed. Rows with such ids are reported and skipped, never claimed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from batchdrain.database.phases.pages import SHORT_ID
from batchdrain.execution.command import LONGEST_ARGUMENT
from batchdrain.execution.placeholders import find_placeholders
from batchdrain.execution.row_columns import PREFIX
from batchdrain.model.phase import Skip
from batchdrain.runtime.text import is_nameable, safe_text

BAD_ID: Final = "bad id"
UNNAMED: Final = Skip(BAD_ID, "run_id and phase_id must be text: not NULL, not empty, no NUL, valid UTF-8")
LONGEST: Final = 100_000
"""The most bytes of an id. It is passed to the command as one argument and in one variable, and Linux takes 131 071 bytes of
either."""
_ROOM: Final = 1_000  #: bytes for the values of other placeholders in an argument
_SHOWN_CHARS: Final = 60
_NAMED: Final = 20
_REST: Final = Skip(BAD_ID, "more ids that are too long for an argument")


def _count(item: str, name: str) -> int:
    """How many times the length of an id an argument may hold. The columns of an id are no longer than the whole id."""
    columns = Counter(found for found in find_placeholders(item) if found.startswith(PREFIX))
    return find_placeholders(item).count(name) + max(columns.values(), default=0)


class UsableIds:
    """Checks the ids of one reading of the backlog for one command."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._arguments = [
            (LONGEST_ARGUMENT - _ROOM - len(item.encode("utf-8", "replace")), runs, phases)
            for item in argv
            if (runs := _count(item, "run_id")) + (phases := _count(item, "phase_id")) > 1
        ]
        self._named: dict[str, Skip] = {}

    def problem_of(self, run_id: str, phase_id: str) -> Skip | None:
        """Why the ids cannot be bound, passed or shown; None if they can."""
        if not (is_nameable(run_id) and is_nameable(phase_id)):
            return UNNAMED
        if len(run_id) <= SHORT_ID and len(phase_id) <= SHORT_ID:
            return None
        run_bytes, phase_bytes = len(run_id.encode()), len(phase_id.encode())
        if run_bytes > LONGEST or phase_bytes > LONGEST:
            longer = run_id if run_bytes > phase_bytes else phase_id
            return self._name(longer, f"{max(run_bytes, phase_bytes)} bytes are too long for an argument (at most {LONGEST})")
        if any(runs * run_bytes + phases * phase_bytes > room for room, runs, phases in self._arguments):
            return self._name(phase_id, "an argument of the command with both ids would be longer than the system takes")
        return None

    def _name(self, text: str, why: str) -> Skip:
        """A skip that shows the first characters of the id. Of many such ids only some are shown."""
        shown = f"{safe_text(text, limit=_SHOWN_CHARS)}: {why}"
        if shown not in self._named and len(self._named) >= _NAMED:
            return _REST
        return self._named.setdefault(shown, Skip(BAD_ID, shown))
