"""Which way imports run."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

from tests.house.source import PACKAGE, When, imports, package

FLOORS: Final = (
    ("collection",),
    ("cli",),
    ("reports", "drain"),
    ("sessions",),
    ("planning",),
    ("policies", "database"),
    ("execution",),
    ("config", "runtime"),
    ("model",),
    ("failures",),
)
"""From the top down. Wings of one floor do not import each other; what is for type checking only counts as well:
who reads a type has to know the room that it stands in."""
SAMPLE: Final = "demo"
"""Stands beside the house: it knows nothing of the others, and only cli knows it."""
FLOOR_OF: Final = {room: number for number, floor in enumerate(FLOORS) for room in floor}
WINGS: Final = tuple(sorted({*FLOOR_OF, SAMPLE} - {"collection"}))


def wings(root: Path) -> list[str]:
    modules = package(root)
    found = []
    for name, module in modules.items():
        if module.room not in {*FLOOR_OF, SAMPLE, PACKAGE}:
            found.append(f"{module.path}:1: rooms at the package's root: allowed {', '.join(WINGS)}, found {module.room}")
            continue
        for one in imports(root)[name]:
            below = one.module.split(".")[1] if "." in one.module else PACKAGE
            if module.room != PACKAGE and below != module.room and not _may(module.room, below):
                found.append(
                    f"{module.path}:{one.line}: imports of {module.room}: allowed {_allowed(module.room)}, found {one.module}"
                )
    return found


def circles(root: Path) -> list[str]:
    """The first circle of modules that import each other."""
    modules = package(root)
    graph = {name: {one.module for one in found if one.module in modules} for name, found in imports(root).items()}
    graph[PACKAGE] = set()  # it names its public names lazily, and for type checking
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        first, *_ = circle = list(reversed(error.args[1]))
        line = next(one.line for one in imports(root)[first] if one.module == circle[1])
        return [f"{modules[first].path}:{line}: circles of imports: allowed none, found {' -> '.join(circle)}"]
    return []


def lazy_package(root: Path) -> list[str]:
    """`inv --list` and every guardian load batchdrain/__init__.py: it imports nothing of ours before it is asked."""
    top = package(root)[PACKAGE]
    return [
        f"{top.path}:{one.line}: imports at once: allowed none of our own, found {one.module}"
        for one in imports(root)[PACKAGE]
        if one.when is When.LOADED
    ]


def _may(above: str, below: str) -> bool:
    if SAMPLE in {above, below}:
        return (above, below) == ("cli", SAMPLE)
    return below in FLOOR_OF and FLOOR_OF[above] < FLOOR_OF[below]


def _allowed(room: str) -> str:
    below = [name for name in (*FLOOR_OF, SAMPLE) if _may(room, name)]
    return ", ".join(below) or "nothing of the other rooms"
