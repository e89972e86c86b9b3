"""From a Project to an open site and a screen."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from batchdrain import config
from batchdrain.environment import PREFIX
from batchdrain.errors import ConfigError, UsageError, did_you_mean
from batchdrain.screens.output import Output, Patient
from batchdrain.screens.plain import PlainScreen
from batchdrain.screens.screen import Screen, Silent
from batchdrain.settings import Settings
from batchdrain.site import Site
from batchdrain.tasks.edge import Project

_WHOLE: Final = re.compile(r"-?\d{1,18}", re.ASCII)


def settings_of(project: Project, flags: Mapping[str, object] | None = None) -> Settings:
    """Raises ConfigError, UsageError."""
    _require_own_plugins(project)
    settings = config.load(project.section, project.environ, flags)
    _require_own_file(project.root / "invoke.yaml", settings)
    return settings


@contextmanager
def opened(project: Project, flags: Mapping[str, object] | None = None) -> Iterator[Site]:
    """The site of a project, closed at the end. Raises ConfigError, UsageError, DatabaseUnavailable."""
    site = Site.open(settings_of(project, flags), project.environ, project.root)
    try:
        yield site
    finally:
        site.close()


def screen_for(*, quiet: bool, shape: str) -> Screen:
    """A live display on a terminal, plain lines elsewhere, nothing where only the report is wanted."""
    if quiet or shape != "text":
        return Silent()
    if sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        from rich.console import Console

        from batchdrain.screens.live import LiveScreen

        stream: Any = Patient(sys.stdout)
        return LiveScreen(Console(file=stream, highlight=False, markup=False, emoji=False))
    return PlainScreen(Output())


def shape_of(given: str | None, known: Collection[str]) -> str:
    """The format asked for; the first of `known` when none is. Raises UsageError."""
    names = list(known)
    shape = names[0] if given is None else given
    if shape not in names:
        raise UsageError(f"--format: {shape!r} is no format here{did_you_mean(shape, names)}")
    return shape


def whole(flag: str, given: str | None, *, least: int = 1, most: int = 1_000_000) -> int | None:
    """A flag's whole number; None when it is not given. Raises UsageError."""
    if given is None:
        return None
    text = given.strip()
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise UsageError(f"{flag}: expected a whole number from {least} to {most}, got {given[:80]!r}")
    return int(text)


def _require_own_file(path: Path, settings: Settings) -> None:
    """Code is not imported at the word of a file that others may write."""
    names = [entry if isinstance(entry, str) else str(entry.get("name", "")) for entry in settings.policy]
    paths = [name for name in (*names, settings.engine) if ":" in name]
    if not paths or not path.is_file():
        return
    found = path.stat()
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or found.st_uid not in {os.geteuid(), 0}:
        raise ConfigError(
            f"{path}: names code to be imported ({paths[0]!r}), but others may write it",
            remedy=f"chmod go-w {path}, and own it",
        )


def _require_own_plugins(project: Project) -> None:
    """Code is named by the project's files and by people, never by the environment."""
    for name in ("POLICY", "ENGINE"):
        variable = PREFIX + name
        if ":" in project.environ.get(variable, ""):
            raise ConfigError(
                f"{variable}: a path to code is not taken from the environment", remedy="name it in invoke.yaml"
            )
