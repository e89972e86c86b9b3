"""Loads the readable part of a broken configuration, for commands that look at the rest of a project all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from batchdrain.config.environment import PREFIX
from batchdrain.config.load import Tree, apply_profile, leaves, overlay, to_plain
from batchdrain.config.settings import Settings


def load_sound_part(section: object, environ: Mapping[str, str]) -> tuple[Settings, set[str]]:
    """The settings, with the default in place of each bad value, and the places of those values: 'source.table', or 'source'
    if its values contradict each other. Raises ConfigError if there are too many values."""
    if section is not None and not hasattr(section, "keys"):
        return Settings(), {"the whole"}
    base: Tree = to_plain(section) if section is not None else {}
    known = {PREFIX + "_".join(path).upper() for path in leaves()}
    overlay(base, {name: text for name, text in environ.items() if name in known})
    lost: set[str] = set()
    while True:
        tried = to_plain(base)
        apply_profile(tried, None)
        try:
            return Settings.model_validate(tried), lost
        except ValidationError as error:
            places = {_take_out(base, error_of["loc"]) for error_of in error.errors()}
        if not places - lost:  # the mistake is not in a given value, or can't be located
            return Settings(), lost | {"the whole"}
        lost |= places


def _take_out(tree: Tree, loc: tuple[int | str, ...]) -> str:
    """Remove the key of the deepest mapping that leads to the place. For an error of the whole, remove all that the lease
    depends on."""
    if not loc:
        for inseparable in (("lease",), ("command", "grace_s")):
            _take_out(tree, inseparable)
        return "lease"
    path: list[str] = []
    here = tree
    for part in loc:
        path.append(str(part))
        inner: Any = here.get(str(part))
        if not isinstance(inner, dict) or part == loc[-1]:
            break
        here = inner
    here.pop(path[-1], None)
    return ".".join(path)
