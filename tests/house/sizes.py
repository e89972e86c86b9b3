"""How much may stand in one place: entries at the root, lines, parameters, imports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.house.source import PACKAGE, imports, package

ENTRIES: Final = 16
FILE_LINES: Final = 250
FUNCTION_LINES: Final = 40
PARAMETERS: Final = 6
OWN_IMPORTS: Final = 15
TEST_FILE_LINES: Final = 300

LONG_APART: Final[Mapping[str, str]] = {}
"""`file:function`, and why it may be long."""
MANY_APART: Final[Mapping[str, str]] = {}
"""`file:function`, and why it may have many parameters."""


def root_entries(root: Path) -> list[str]:
    """py.typed counts, the interpreter's cache does not."""
    found = sorted(path.name for path in (root / PACKAGE).iterdir() if path.name != "__pycache__")
    if len(found) <= ENTRIES:
        return []
    return [f"{PACKAGE}/:1: entries at the package's root: allowed {ENTRIES}, found {len(found)} ({', '.join(found)})"]


def file_lines(root: Path) -> list[str]:
    return [
        f"{module.path}:{module.lines}: lines of a file: allowed {FILE_LINES}, found {module.lines}"
        for module in package(root).values()
        if module.lines > FILE_LINES
    ]


def function_lines(root: Path, apart: Mapping[str, str] = LONG_APART) -> list[str]:
    return [
        f"{module.path}:{one.node.lineno}: lines of {one.name}: allowed {FUNCTION_LINES}, found {one.lines}"
        for module in package(root).values()
        for one in module.functions
        if one.lines > FUNCTION_LINES and f"{module.path}:{one.name}" not in apart
    ]


def parameters(root: Path, apart: Mapping[str, str] = MANY_APART) -> list[str]:
    return [
        f"{module.path}:{one.node.lineno}: parameters of {one.name}: allowed {PARAMETERS}, found {one.parameters}"
        for module in package(root).values()
        for one in module.functions
        if one.parameters > PARAMETERS and f"{module.path}:{one.name}" not in apart
    ]


def own_imports(root: Path) -> list[str]:
    """Modules, not statements: `from batchdrain.cli.tasks import drain, notes` is two."""
    modules = package(root)
    return [
        f"{modules[name].path}:1: imports of our own: allowed {OWN_IMPORTS}, found {len(found)}"
        for name, found in imports(root).items()
        if len(found) > OWN_IMPORTS
    ]


def lines_of_test_files(root: Path) -> list[str]:
    found = {path: len(path.read_text().splitlines()) for path in sorted((root / "tests").rglob("*.py"))}
    return [
        f"{path.relative_to(root)}:{lines}: lines of a test file: allowed {TEST_FILE_LINES}, found {lines}"
        for path, lines in found.items()
        if lines > TEST_FILE_LINES
    ]
