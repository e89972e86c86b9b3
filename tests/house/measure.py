"""`python -m tests.house.measure [checkout …]`: the figures of a house, a column for each checkout (default: this one)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import mean, median

from tests.house.sizes import FUNCTION_LINES, PARAMETERS
from tests.house.source import PACKAGE, When, imports, package

HERE = Path(__file__).parents[2]


def figures(root: Path) -> Mapping[str, str]:
    """A file of a docstring alone is no file here, so that empty __init__.py do not lower a median or a mean. No figure knows
    an exemption, and imports for type checking only are left out."""
    modules = package(root)
    files = {name: module for name, module in modules.items() if not (module.is_init and len(module.tree.body) <= 1)}
    functions = [one for module in modules.values() for one in module.functions]
    largest = max(files.values(), key=lambda module: module.lines)
    own = {name: sum(one.when is not When.NEVER for one in imports(root)[name]) for name in files}
    most = max(own, key=lambda name: own[name])
    rooms = _rooms(root)
    entries = [path for path in (root / PACKAGE).iterdir() if path.name != "__pycache__"]
    return {
        "entries at the package's root": str(len(entries)),
        "of these folders (wings)": str(sum(path.is_dir() for path in entries)),
        "floors": _floors(rooms),
        "arrows between rooms": str(sum(len(below) for below in rooms.values())),
        "files": str(len(files)),
        "lines": str(sum(module.lines for module in files.values())),
        "median file, lines": f"{median(module.lines for module in files.values()):g}",
        "largest file, lines": f"{largest.lines} ({largest.path.removeprefix(PACKAGE + '/')})",
        "functions": str(len(functions)),
        f"functions over {FUNCTION_LINES} lines": str(sum(one.lines > FUNCTION_LINES for one in functions)),
        f"functions with {PARAMETERS + 1} parameters or more": str(sum(one.parameters > PARAMETERS for one in functions)),
        "own imports a file, mean": f"{mean(own.values()):.1f}",
        "own imports a file, largest": f"{own[most]} ({files[most].path.removeprefix(PACKAGE + '/')})",
    }


def main(arguments: list[str]) -> None:
    roots = [Path(name).resolve() for name in arguments] or [HERE]
    columns = [figures(root) for root in roots]
    for name in columns[0]:
        print(f"{name:36}", *(f"{column[name]:44}" for column in columns))


def _rooms(root: Path) -> dict[str, set[str]]:
    """What each entry of the root, the package itself among them, imports of the others."""
    modules = package(root)
    found: dict[str, set[str]] = {module.room: set() for module in modules.values()}
    for name, module in modules.items():
        below = {one.module.split(".")[1] for one in imports(root)[name] if one.when is not When.NEVER and "." in one.module}
        found[module.room] |= below - {module.room}
    return found


def _floors(rooms: Mapping[str, set[str]]) -> str:
    """How many rooms stand above each other on the longest way of imports."""
    sorter = TopologicalSorter(rooms)
    try:
        sorter.prepare()
    except CycleError as error:
        return f"a circle: {' -> '.join(error.args[1])}"
    count = 0
    while sorter.is_active():
        sorter.done(*sorter.get_ready())
        count += 1
    return str(count)


if __name__ == "__main__":
    main(sys.argv[1:])
