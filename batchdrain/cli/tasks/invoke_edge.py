"""The edge to Invoke: a Context becomes a Project, an error becomes an Exit. Imports nothing heavier than Invoke."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

from invoke.config import Config
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import to_error_lines
from batchdrain.config.environment import read_environ
from batchdrain.model.errors import BatchDrainError, ConfigError, FilesUnavailable
from batchdrain.runtime.resources import shortage_of
from batchdrain.runtime.text import to_printable

HELP: Mapping[str, str] = {
    "batch_size": "how many phases to drain at most",
    "run_id": "only this run",
    "exclude_run": "leave out runs that match this glob (repeatable)",
    "category": "only phases whose failure is of this category (repeatable)",
    "policy": "selection policies, with commas: each breaks the ties of those before it",
    "workers": "how many phases of different runs to execute side by side",
    "engine": "where to execute: a name or package.module:factory",
    "phase_timeout": "the time limit of every phase, e.g. 90, 90s, 10m",
    "max_total_minutes": "take no new phase after so many minutes",
    "max_attempts": "how often one phase is tried in this session",
    "max_timeouts_per_run": "leave a run alone after so many timeouts",
    "max_repeats": "park all phases of one fingerprint after so many equal failures",
    "min_success_rate": "exit 0 from this rate on (0.0-1.0), else only when all succeeded",
    "dry_run": "show what would be drained; write nothing",
    "resume": "go on with the newest incomplete session",
    "plan": "drain exactly the phases of this file, in its order (see dry-run --output)",
    "cluster": "only phases of this failure cluster (its id stands in dry-run, summary and clusters; several with commas)",
    "include_quarantined": "also phases that were given back three times in a row, as their controller died",
    "triage": "diagnose what comes next (triage.argv) while phases drain, and heed the verdicts",
    "finish_current": "on the first Ctrl-C let the running phases end; the second ends them",
    "profile": "a named set of limits: classic, conservative, triage or throughput",
    "canary": "of a big cluster first one phase, then two, then four, and on only while they succeed",
    "quiet": "print nothing while draining",
    "format": "text, json or markdown",
    "session_id": "this session instead of the newest",
    "output": "write to this file",
    "explain": "give every phase its one reason, chosen or skipped",
    "max_batches": "how many batches of queued phases at most",
    "stop_on_first_failure": "end with the first queued phase that fails",
}


def invocation_of(c: Context) -> Invocation:
    """Raises ConfigError for a file given with `inv -f` that is not there: Invoke says nothing."""
    config = c.config
    runtime = getattr(config, "_runtime_path", None)
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
    """Of each level the one file that Invoke reads: the first of four that is there."""
    name = config.file_prefix or config.prefix
    for prefix in (getattr(config, f"_{level}_prefix", None) for level in ("system", "user", "project")):
        if prefix is not None:
            files = (Path(f"{prefix}{name}.{suffix}").expanduser() for suffix in ("yaml", "yml", "json", "py"))
            yield from [file for file in files if file.is_file()][:1]


def command(*, help: Mapping[str, str] | None = None, iterable: tuple[str, ...] = ()) -> Callable[..., Any]:  # noqa: A002
    """An Invoke task without automatic short flags (they shadow Invoke's own), whose errors are exits."""

    def decorated(body: Callable[..., int | None]) -> Any:
        @wraps(body)
        def run(c: Context, /, *args: Any, **kwargs: Any) -> None:
            try:
                code = body(c, *args, **kwargs)
            except BatchDrainError as error:
                raise Exit(_said(error), code=error.exit_code) from None
            except KeyboardInterrupt:
                raise Exit(code=130) from None
            except OSError as error:  # too few descriptors, no memory, no room: where we did not expect it
                said = f"{error.filename or 'the system'}: {error.strerror or error}"
                raise Exit(_said(FilesUnavailable(said, remedy="free what it lacks and try again")), code=74) from None
            except Exception as error:
                told = shortage_of(error)
                if told is None:
                    raise
                raise Exit(_said(told), code=told.exit_code) from None
            if code:
                raise Exit(code=code)

        names = body.__code__.co_varnames[1 : body.__code__.co_argcount]
        texts = {name: (help or {}).get(name) or HELP[name] for name in names}
        return task(run, help=texts, iterable=list(iterable), auto_shortflags=False)

    return decorated


def _said(error: BatchDrainError) -> str:
    return to_printable(to_error_lines(error), getattr(sys.stderr, "encoding", None))
