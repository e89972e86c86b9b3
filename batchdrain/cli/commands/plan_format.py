"""The formats of a plan, for the tasks whose reports know more of them."""

from __future__ import annotations

from typing import Final

from batchdrain.model.errors import UsageError

_FORMATS: Final = ("text", "json")


def require_plan_format(name: str) -> str:
    """The name. Raises UsageError for a format of reports alone."""
    if name not in _FORMATS:
        raise UsageError(f"--format: expected {' or '.join(_FORMATS)} for a dry run, got {name!r}")
    return name
