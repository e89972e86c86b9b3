"""Checks the settings files that Invoke is about to read: a few lines of YAML can keep it busy for minutes, or end it with a
traceback of a hundred pages. Invoke imports the tasks file, and with it us, before it reads the project's settings.

The settings of the system and of the user are read before any of our code runs: Invoke itself reports their errors.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from invoke.exceptions import Exit
from invoke.program import Program
from invoke.vendor import yaml as _of_invoke

from batchdrain.cli.tasks.settings_nodes import problem_of_nodes

_yaml: Final[Any] = _of_invoke
_MOST_VALUES: Final = 100_000
_MOST_BYTES: Final = 1_000_000
_FLAT: Final = 300
"""With at most this many brackets a file can't be nested too deeply for Invoke."""
_CONFIGURATION: Final = 78
_CURE: Final = "remove the aliases from the file"


def require_sound_files() -> None:
    """Raises Exit for a file with aliases that contain themselves or stand for too many values, for one that is nested too
    deeply, and for invalid keys and dates. Does nothing if no program of Invoke is about to read settings."""
    program = _find_program()
    for path in [] if program is None else _files_of(program):
        try:
            problem = problem_of(path.read_bytes()) if path.is_file() else None
        except OSError:  # Invoke reports this
            continue
        if problem is not None:
            raise Exit(f"batchdrain: {path}: {problem}", code=_CONFIGURATION)


def problem_of(raw: bytes) -> str | None:
    """Why a YAML file must not be loaded; None if it may, or if loading it reports the error."""
    has_aliases = b"&" in raw and b"*" in raw
    is_flat = not has_aliases and raw.count(b"[") + raw.count(b"{") <= _FLAT
    if len(raw) > _MOST_BYTES:
        return None if is_flat else f"has more than {_MOST_BYTES} bytes; keep settings only in it"
    try:
        top = _yaml.compose(raw, Loader=_yaml.SafeLoader)
        count = 0 if is_flat else _count(top, {})
    except _yaml.YAMLError:
        return None
    except RecursionError:
        return "is nested too deeply; nest less in it"
    if count is None:
        return f"has a value that contains itself; {_CURE}"
    return f"expands to more than {_MOST_VALUES} values; {_CURE}" if count > _MOST_VALUES else problem_of_nodes(top)


def _count(node: Any, known: dict[int, int | None]) -> int | None:
    """How many values a node stands for once every alias is replaced; None if it contains itself."""
    if id(node) in known:
        return known[id(node)]
    if isinstance(node, _yaml.ScalarNode):
        return 1
    known[id(node)] = None  # so that it is noticed if it comes again below itself
    total = 1
    for inner in node.value:
        for one in inner if isinstance(inner, tuple) else (inner,):
            count = _count(one, known)
            if count is None:
                return None
            total += count
    known[id(node)] = total
    return total


def _find_program() -> Program | None:
    """The Invoke program that imports the tasks file, and us with it."""
    frame = inspect.currentframe()
    while frame is not None:
        if isinstance(found := frame.f_locals.get("self"), Program):
            return found
        frame = frame.f_back
    return None


def _files_of(program: Program) -> Iterator[Path]:
    """The project's file, the first of those that Invoke looks for, and the one given by the user."""
    config, args = program.config, program.args
    name = args.collection.value or config.tasks.collection_name
    loader: Any = program.loader_class
    spec = loader(config=config, start=args["search-root"].value).find(name)
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent
        folder = folder.parent if spec.parent else folder
        named = [folder / f"{config.file_prefix or config.prefix}.{suffix}" for suffix in ("yaml", "yml", "json", "py")]
        yield from (path for path in [path for path in named if path.is_file()][:1] if _is_readable(path))
    given = [os.environ.get("INVOKE_RUNTIME_CONFIG", ""), *_values_of("-f", "--config", program.argv)]
    yield from (path for path in map(Path, given) if _is_readable(path))


def _is_readable(path: Path) -> bool:
    """Whether it is YAML, of which JSON is a part. A settings file in Python is executed, and may do anything."""
    return path.suffix in {".yaml", ".yml", ".json"}


def _values_of(short: str, long: str, argv: list[str]) -> Iterator[str]:
    """The values of a flag, wherever it stands: Invoke has not yet read what comes after a task's name."""
    for place, argument in enumerate(argv):
        if argument in {short, long}:
            yield from argv[place + 1 : place + 2]
        elif argument.startswith(f"{long}="):
            yield argument.removeprefix(f"{long}=")
        elif argument.startswith(short) and not argument.startswith("--"):
            yield argument.removeprefix(short).removeprefix("=")
