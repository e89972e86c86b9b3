"""Makes an open project and a screen from an Invocation."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from batchdrain.cli.commands.quoted_ids import require_quoted_ids
from batchdrain.cli.commands.trust import require_own_files, require_own_names
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.stream import Outlet
from batchdrain.cli.screens.writer import Output
from batchdrain.config.load import Override, load
from batchdrain.config.settings import Settings
from batchdrain.drain.project import Project
from batchdrain.model.errors import ConfigError, UsageError
from batchdrain.runtime.text import safe_text

if TYPE_CHECKING:
    from batchdrain.drain.screen import Screen


def settings_of(invocation: Invocation, overrides: Sequence[Override] = ()) -> Settings:
    """The checked settings of an invocation. Raises ConfigError and UsageError."""
    require_own_names(invocation)
    require_quoted_ids(invocation.files)
    settings = load(invocation.section, invocation.environ, overrides)
    require_own_files(invocation, settings)
    _require_known(settings, {one.flag for one in overrides})
    return settings


def _require_known(settings: Settings, flags: Collection[str]) -> None:
    """Check that the things that flags name exist.
    Raises UsageError that names the flag, since the configuration is not at fault."""
    for name, check in (("policy", _require_policy), ("engine", _require_engine)):
        if f"--{name}" in flags:
            try:
                check(settings)
            except ConfigError as error:
                raise UsageError(error.message.replace(f"batchdrain.{name}", f"--{name}"), remedy=error.remedy) from error


def _require_policy(settings: Settings) -> None:
    from batchdrain.policies.ranking import ranking_of

    ranking_of(settings.policy)


def _require_engine(settings: Settings) -> None:
    from batchdrain.config.plugins import resolve_engine

    resolve_engine(settings.engine)


@contextmanager
def open_project(invocation: Invocation, overrides: Sequence[Override] = ()) -> Iterator[Project]:
    """The project, closed at the end. Raises ConfigError, UsageError and DatabaseUnavailable."""
    project = Project.open(settings_of(invocation, overrides), invocation.environ, invocation.root, tell_silence)
    try:
        yield project
    finally:
        project.close()


@contextmanager
def open_to_look(invocation: Invocation) -> Iterator[Project]:
    """The project for a task that starts no drain. If the table was renamed and no drain has followed that yet, what the ledger
    knows under the former name is found. Otherwise like `open_project`."""
    with open_project(invocation) as project:
        project.read_by_former_name()
        yield project


def tell_silence(sentence: str) -> None:
    """Tell that the database is silent. The line goes to stderr, so that scripts read an unchanged stdout."""
    Output(sys.stderr).line(f"batchdrain: {safe_text(sentence)}")


def screen_for(*, quiet: bool, shape: str) -> Screen:
    """A live display on a terminal, plain lines elsewhere, nothing if only the report is wanted."""
    from batchdrain.cli.screens.plain import PlainScreen
    from batchdrain.drain.screen import Silent

    if quiet or shape != "text":
        return Silent()
    if sys.stdout is None:
        return Silent()
    stream: Any = Outlet(sys.stdout)
    if sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        from batchdrain.cli.screens.live import LiveScreen

        return LiveScreen(stream, os.environ)
    return PlainScreen(Output(stream))


def output_after(*, was_stopped: bool) -> Output:
    """The output for the report of a drain. A reader may take any time, unless a signal asked us to stop."""
    stream: Any = Outlet(sys.stdout) if was_stopped and sys.stdout is not None else None
    return Output(stream)
