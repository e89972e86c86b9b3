"""Imports code only if files that nobody else may write name it, and only from such files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from batchdrain.cli.commands.import_guard import ImportGuard, guard_imports
from batchdrain.cli.commands.own_files import require_own
from batchdrain.cli.invocation import Invocation
from batchdrain.config.environment import PREFIX
from batchdrain.config.load import split_list
from batchdrain.config.settings import Settings
from batchdrain.model.errors import ConfigError


def require_own_files(invocation: Invocation, settings: Settings) -> None:
    """If settings name code by its path, check every file that may have named it, the project's folder, and the code's own
    files. Files that these import are checked when they are imported. Raises ConfigError for a file that others may write."""
    names = [entry if isinstance(entry, str) else str(entry.get("name", "")) for entry in settings.policy]
    paths = [name for name in (*names, settings.engine) if ":" in name]
    if not paths:
        return
    guard = guard_imports()
    files = [(invocation.root, f"is where code is imported from ({paths[0]!r})")]
    files += [(file, f"names code to be imported ({paths[0]!r})") for file in invocation.files]
    files += [
        (file, f"is code to be imported ({name!r})") for name in paths for file in _files_of(name.partition(":")[0], guard)
    ]
    problems = list(dict.fromkeys(_problems_of(files)))
    if problems:
        raise ConfigError.of(problems)


def _problems_of(files: Iterable[tuple[Path, str]]) -> Iterator[str]:
    """All problems at once: what makes one file shared often makes its neighbours shared too."""
    for file, what in files:
        try:
            require_own(file, what)
        except ConfigError as error:
            yield str(error)


def require_own_names(invocation: Invocation) -> None:
    """Raises ConfigError if the environment names code by its path: only the project's files and people may."""
    given = {name: invocation.environ.get(PREFIX + name, "") for name in ("POLICY", "ENGINE")}
    named = {"POLICY": _named_in(given["POLICY"]), "ENGINE": [given["ENGINE"]]}
    for name, names in named.items():
        variable = PREFIX + name
        if any(":" in one for one in names):
            raise ConfigError(
                f"{variable}: a path to code is not accepted from the environment", remedy="name it in invoke.yaml"
            )


def _named_in(text: str) -> list[str]:
    """The names of the policies in a variable; of a mapping only its name.
    Empty if the text is no list, which is reported elsewhere."""
    entries = split_list(text)
    found = entries if isinstance(entries, list) else []
    return [str(entry.get("name", "") if isinstance(entry, dict) else entry) for entry in found]


def _files_of(module: str, guard: ImportGuard) -> Iterator[Path]:
    """The files that importing a module would read. The tasks file may have imported it before. Imports nothing."""
    places = None
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        try:
            spec = PathFinder.find_spec(".".join(parts[:count]), places)
        except (ImportError, ValueError, OSError):  # the import itself reports this
            return
        if spec is None:
            return
        yield from guard.files_of(spec)
        places = spec.submodule_search_locations
        if places is None:
            return
