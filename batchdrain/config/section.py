"""What settings are made of: sections of leaves, each with its default and what is said of it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def leaf(default: Any, says: str, **bounds: Any) -> Any:
    """A setting: its default, and what its schema and docs/configuration.md say of it."""
    return Field(default, description=says, **bounds)


class Section(BaseModel):
    """A mapping of settings: frozen, and a key that is not among its fields is an error.

    A section within another has its default by `model_construct`: its own validator, which nobody needs, is not built then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
