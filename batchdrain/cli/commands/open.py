"""From an Invocation to an open project and a screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from batchdrain.cli.commands.quoted_ids import require_quoted_ids
from batchdrain.cli.commands.trust import require_own_files, require_own_names
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.plain import PlainScreen
from batchdrain.cli.screens.stream import Outlet
from batchdrain.cli.screens.writer import Output
from batchdrain.config.load import Override, load
from batchdrain.config.plugins import resolve_engine
from batchdrain.config.settings import Settings
from batchdrain.drain.project import Project
from batchdrain.drain.screen import Screen, Silent
from batchdrain.model.errors import ConfigError, UsageError
from batchdrain.policies.ranking import ranking_of


def settings_of(invocation: Invocation, overrides: Sequence[Override] = ()) -> Settings:
    """Raises ConfigError, UsageError."""
    require_own_names(invocation)
    require_quoted_ids(invocation.files)
    settings = load(invocation.section, invocation.environ, overrides)
    require_own_files(invocation, settings)
    _require_known(settings, {one.flag for one in overrides})
    return settings


def _require_known(settings: Settings, flags: Collection[str]) -> None:
    """What a flag names is there. Raises UsageError, which names the flag: the configuration is not to be mended."""
    checks: dict[str, Callable[[], object]] = {
        "policy": lambda: ranking_of(settings.policy),
        "engine": lambda: resolve_engine(settings.engine),
    }
    for name, check in checks.items():
        if f"--{name}" in flags:
            try:
                check()
            except ConfigError as error:
                raise UsageError(error.message.replace(f"batchdrain.{name}", f"--{name}"), remedy=error.remedy) from error


@contextmanager
def open_project(invocation: Invocation, overrides: Sequence[Override] = ()) -> Iterator[Project]:
    """The project, closed at the end. Raises ConfigError, UsageError, DatabaseUnavailable."""
    project = Project.open(settings_of(invocation, overrides), invocation.environ, invocation.root)
    try:
        yield project
    finally:
        project.close()


def screen_for(*, quiet: bool, shape: str) -> Screen:
    """A live display on a terminal, plain lines elsewhere, nothing where only the report is wanted."""
    if quiet or shape != "text":
        return Silent()
    if sys.stdout is None:
        return Silent()
    stream: Any = Outlet(sys.stdout)
    if sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        from rich.console import Console

        from batchdrain.cli.screens.live import LiveScreen

        return LiveScreen(Console(file=stream, highlight=False, markup=False, emoji=False))
    return PlainScreen(Output(stream))


def output_after(*, was_stopped: bool) -> Output:
    """Where the report of a drain goes. A reader may take his time, unless a signal asked us to stop."""
    stream: Any = Outlet(sys.stdout) if was_stopped and sys.stdout is not None else None
    return Output(stream)
