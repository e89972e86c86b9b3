"""Guards what plugins import themselves: nothing is imported from a file that others may write, now or later."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from batchdrain.cli.commands.own_files import require_own


class ImportGuard(MetaPathFinder):
    """A finder that checks each module's file before Python imports it, unless it belongs to the installation.
    It finds no module itself."""

    def __init__(self) -> None:
        names = ("stdlib", "platstdlib", "purelib", "platlib")
        self._installed = {Path(path).resolve() for path in map(sysconfig.get_path, names) if path}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Always None. Raises ConfigError for a module that others may write."""
        spec = PathFinder.find_spec(fullname, path, target)
        for file in () if spec is None else self.files_of(spec):
            require_own(file, f"is code to be imported ({fullname!r})")
        return None

    def files_of(self, spec: ModuleSpec) -> Iterator[Path]:
        """The files that importing a module reads, with their folders: source, compiled code, the folders of a package."""
        for name in (spec.origin if spec.has_location else None, *(spec.submodule_search_locations or ())):
            if name is not None and not self._is_installed(Path(name)):
                yield from (Path(name), Path(name).parent)
                compiled = Path(spec.cached) if spec.cached else None
                if compiled is not None and compiled.parent.is_dir():
                    yield from (compiled, compiled.parent)

    def _is_installed(self, path: Path) -> bool:
        """Whether the path is in the installation. The path itself counts; a link into the installation does not."""
        place = path.parent.resolve() / path.name
        return any(place.is_relative_to(folder) for folder in self._installed) and not path.is_symlink()


def guard_imports() -> ImportGuard:
    """Guard all imports from now on, until this process ends."""
    for finder in sys.meta_path:
        if isinstance(finder, ImportGuard):
            return finder
    guard = ImportGuard()
    sys.meta_path.insert(0, guard)
    return guard
