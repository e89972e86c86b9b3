"""Finds policies and engines by name (entry point) or by dotted path. They are resolved once, before the first claim."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any, Final

from batchdrain.model.errors import ConfigError, did_you_mean

POLICIES: Final = "batchdrain.policies"
ENGINES: Final = "batchdrain.engines"


def resolve(name: str, group: str, setting: str) -> Callable[..., Any]:
    """The callable with this name. Raises ConfigError with different messages for an unknown name, a name that two packages
    claim, a failing import, a missing attribute, and an object that cannot be called."""
    target = _path_of(name, group, setting)
    module_name, _, attribute = target.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except ConfigError as error:  # raised by the module, or by something that it imports
        raise ConfigError(f"{setting}: {name!r}: {error.message}", remedy=error.remedy) from error
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"{setting}: {name!r}: the module {module_name!r} can't be imported: {type(error).__name__}: {error}",
            remedy="install it, or correct the path",
        ) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ConfigError(f"{setting}: {name!r}: module {module_name!r} has no {attribute!r}", remedy="correct the path")
        found = getattr(found, part)
    if not callable(found):
        raise ConfigError(
            f"{setting}: {name!r}: expected a callable, got {type(found).__name__}",
            remedy="name a function: docs/choosing.md of batchdrain shows a policy, docs/engines.md an engine",
        )
    return found  # type: ignore[no-any-return]


def resolve_engine(name: str) -> Callable[..., Any]:
    """The factory of `batchdrain.engine`. Raises ConfigError as `resolve` does, and if the factory does not take our
    arguments."""
    factory = resolve(name, ENGINES, "batchdrain.engine")
    try:
        inspect.signature(factory).bind(workers=1, settings=None)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"batchdrain.engine: {name!r} is no factory of engines: {error}",
            remedy="it is called with workers=… and settings=…, and returns a concurrent.futures.Executor",
        ) from error
    return factory


def is_ours(name: str, group: str) -> bool:
    """Whether the name belongs to this package. Imports nothing. Raises ConfigError for an unknown or ambiguous name."""
    return _path_of(name, group, group).startswith("batchdrain.")


def list_names(group: str) -> list[str]:
    """The names in all installed packages, sorted, without duplicates."""
    return sorted({point.name for point in _points_of(group, tuple(sys.path))})


@cache
def _points_of(group: str, places: tuple[str, ...]) -> EntryPoints:  # noqa: ARG001 - part of the cache key
    """The entry points of all packages. Reading opens a file of each package, so it is done once for these `places`, the
    import path."""
    return entry_points(group=group)


def _path_of(name: str, group: str, setting: str) -> str:
    if ":" in name:
        return name
    points: list[EntryPoint] = list(_points_of(group, tuple(sys.path)).select(name=name))
    values = {point.value for point in points}
    if not values:
        raise ConfigError(
            f"{setting}: {name!r} is not known{did_you_mean(name, list_names(group))}",
            remedy="use one of these names, or 'package.module:function'",
        )
    if len(values) > 1:
        raise ConfigError(
            f"{setting}: {name!r} is claimed by several packages: {', '.join(sorted(values))}",
            remedy="name the one you mean by its path",
        )
    return values.pop()
