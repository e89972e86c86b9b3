"""The boundary to Invoke: turns a Context into an Invocation, and an error into an Exit. Imported when a task runs."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from invoke.config import Config
from invoke.context import Context
from invoke.exceptions import Exit

from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output, to_error_lines
from batchdrain.cli.tasks.called_as import called_as
from batchdrain.cli.tasks.flag import Flag
from batchdrain.config.environment import read_environ
from batchdrain.config.paths import with_home
from batchdrain.model.errors import BatchDrainError, ConfigError, FilesUnavailable
from batchdrain.runtime import leaving
from batchdrain.runtime.resources import shortage_of
from batchdrain.runtime.signals import Signalled

_MADE_BEFORE_A_COLLECTION: Final = 20_000
"""Objects made before Python collects garbage. With Python's own 700 that costs a tenth of a short task: the objects of
imports stay, and are looked through again and again."""


def run_command(body: Callable[..., int | None], flags: Iterable[Flag], c: Context, given: Mapping[str, Any]) -> None:
    """Call the body of a task with the values of its flags. Raises Exit for whatever users can mend.
    If other code hangs, the process ends here."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _MADE_BEFORE_A_COLLECTION) if before[0] else 0, *before[1:])
    try:
        _run_body(body, flags, c, given)
    except Exit as left:
        if leaving.is_hanging():
            leaving.end_process(left.code, left.message or "")
        raise
    finally:
        gc.set_threshold(*before)


def _run_body(body: Callable[..., int | None], flags: Iterable[Flag], c: Context, given: Mapping[str, Any]) -> None:
    try:
        invocation = invocation_of(c)
        from batchdrain.cli.tasks.flag_values import values_of  # heavy: there may be no memory for it

        words, mount = called_as(body.__name__, sys.argv)
        code = body(replace(invocation, words=words, mount=mount), **values_of(flags, given))
    except Signalled as signalled:
        raise Exit(code=signalled.exit_code) from None
    except KeyboardInterrupt:
        raise Exit(code=130) from None
    except Exception as error:
        mendable = _to_mendable(error)
        if mendable is None:
            raise
        raise Exit(Output(sys.stderr).fitted(to_error_lines(mendable)), code=mendable.exit_code) from None
    if code:
        raise Exit(code=code)


def _to_mendable(error: Exception) -> BatchDrainError | None:
    """The error that users see, with its cure; None if the fault is ours."""
    if isinstance(error, BatchDrainError):
        return error
    if isinstance(error, OSError):  # too few descriptors, no memory or no room, in an unexpected place
        place = error.filename or "the system"
        return FilesUnavailable(f"{place}: {error.strerror or error}", remedy="free what is missing, and try again")
    return shortage_of(error)


def invocation_of(c: Context) -> Invocation:
    """The invocation of a context.
    Raises ConfigError if a file given with `inv -f` does not exist, which Invoke does not report."""
    config = c.config
    runtime = getattr(config, "_runtime_path", None)
    if runtime:
        runtime = with_home(runtime)
    if runtime and not Path(runtime).is_file():
        raise ConfigError(f"inv -f {runtime}: there is no such file", remedy="name the file with your settings")
    root = getattr(config, "_project_prefix", None)
    return Invocation(
        section=config.get("batchdrain"),
        environ=read_environ(),
        root=Path(root) if root else Path.cwd(),
        dry=bool(config.run.dry),
        files=[*_files_of(config), *([Path(runtime)] if runtime else ())],
    )


def _files_of(config: Config) -> Iterator[Path]:
    """For each level the one file that Invoke reads: the first of four names that exists."""
    name = config.file_prefix or config.prefix
    for prefix in (getattr(config, f"_{level}_prefix", None) for level in ("system", "user", "project")):
        if prefix is not None:
            files = (Path(with_home(f"{prefix}{name}.{suffix}")) for suffix in ("yaml", "yml", "json", "py"))
            yield from [file for file in files if file.is_file()][:1]
