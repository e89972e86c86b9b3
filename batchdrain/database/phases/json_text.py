"""The failure text in a JSON text. Pure. Found here and not by the database: each has rules of its own for a path, a text that is
no JSON ends the statement on most of them, and not one takes a path from a parameter in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import to_storable

JSON_CHARS: Final = 262_144
"""Of a JSON text what is read of many rows at once."""


def find_text(text: str | None, path: Sequence[str]) -> str | None:
    """What stands at the path. None where nothing does, or a null; a number or a structure as its JSON. A text that is no JSON
    is the failure text itself. A part that is a whole number counts in a list, from its end where it is negative."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return to_storable(text.strip()) or None
    if not isinstance(value, dict | list) and path:
        return to_storable(value) or None if isinstance(value, str) else None
    for part in path:
        value = _step(value, part)
    if value is None:
        return None
    try:
        return to_storable(value if isinstance(value, str) else to_json(value).decode()) or None
    except (RecursionError, ValueError):
        return None


def is_json(text: str) -> bool:
    """Whether it is a structure, in which a path leads somewhere."""
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
