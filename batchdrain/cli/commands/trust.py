"""Code is imported only at the word of files that nobody else may write, and from such files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from batchdrain.cli.invocation import Invocation
from batchdrain.config.environment import PREFIX
from batchdrain.config.settings import Settings
from batchdrain.model.errors import ConfigError


def require_own_files(invocation: Invocation, settings: Settings) -> None:
    """Where settings name code by its path: every file that may have named it, the project's folder and the code's own
    files below it. Raises ConfigError for one that others may write."""
    names = [entry if isinstance(entry, str) else str(entry.get("name", "")) for entry in settings.policy]
    paths = [name for name in (*names, settings.engine) if ":" in name]
    if not paths:
        return
    for file in invocation.files:
        _require_own(file, f"names code to be imported ({paths[0]!r})")
    _require_own(invocation.root, f"is where code is imported from ({paths[0]!r})")
    for name in paths:
        for file in _files_of(name.partition(":")[0], invocation.root):
            _require_own(file, f"is code to be imported ({name!r})")


def require_own_names(invocation: Invocation) -> None:
    """Code is named by the project's files and by people, never by the environment. Raises ConfigError."""
    for name in ("POLICY", "ENGINE"):
        variable = PREFIX + name
        if ":" in invocation.environ.get(variable, ""):
            raise ConfigError(
                f"{variable}: a path to code is not taken from the environment", remedy="name it in invoke.yaml"
            )


def _require_own(path: Path, what: str) -> None:
    try:
        found = path.stat()
    except OSError:  # it names nothing
        return
    shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:  # others may add files there, and change none
        shared = 0
    if shared or found.st_uid not in {os.geteuid(), 0}:
        raise ConfigError(f"{path}: {what}, but others may write it", remedy=f"chmod go-w {path}, and own it")


def _files_of(module: str, root: Path) -> Iterator[Path]:
    """The files below `root`, and their folders, that importing a module would read. Imports nothing."""
    root, places = root.resolve(), None
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        try:
            spec = PathFinder.find_spec(".".join(parts[:count]), places)
        except (ImportError, ValueError, OSError):  # the import itself says so
            return
        if spec is None:
            return
        for name in (spec.origin, *(spec.submodule_search_locations or ())):
            path = None if name is None else Path(name).resolve()
            if path is not None and path.is_relative_to(root):
                yield from (path, path.parent)
        places = spec.submodule_search_locations
        if places is None:
            return
