"""The formats of a plan, for the tasks whose reports have more formats."""

from __future__ import annotations

from typing import Final

from batchdrain.model.errors import UsageError

_FORMATS: Final = ("text", "json")


def require_plan_format(name: str) -> str:
    """Returns the name. Raises UsageError for a format that only reports have."""
    if name not in _FORMATS:
        raise UsageError(f"--format: expected {' or '.join(_FORMATS)} for a dry run, got {name!r}")
    return name
