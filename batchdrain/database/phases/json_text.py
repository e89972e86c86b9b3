"""Finds the failure text in a JSON text. Pure. The database does not do it, for three reasons: each has its own rules for a
path, on most of them a text that is not JSON ends the statement, and none takes a path from a parameter in the same way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import READ_CHARS, to_storable

JSON_CHARS: Final = 262_144
"""How many characters of a JSON text are read if many rows are read at once."""


def find_text(text: str | None, path: Sequence[str]) -> str | None:
    """The text at the path; None if there is nothing or a null. A number or a structure is given as its JSON. A text that is
    not JSON is the failure text itself. A part that is a whole number indexes a list, from its end if it is negative. A text
    is cut where a plain column's is, so that a failure is known again in either."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return to_storable(text.strip(), READ_CHARS) or None
    if not isinstance(value, dict | list) and path:
        return to_storable(value, READ_CHARS) or None if isinstance(value, str) else None
    for part in path:
        value = _step(value, part)
    if value is None:
        return None
    try:
        return to_storable(value if isinstance(value, str) else to_json(value).decode(), READ_CHARS) or None
    except (RecursionError, ValueError):
        return None


def is_json(text: str) -> bool:
    """Whether the text is a JSON object or list, so that a path can lead somewhere."""
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list):
        try:
            return value[int(part)]
        except (ValueError, IndexError):
            return None
    return None
