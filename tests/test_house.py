"""The house rules that a machine can hold: sizes, one direction of imports, help, documented contracts."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import batchdrain
from batchdrain.cli.tasks.invoke_edge import HELP
from batchdrain.collection import ns
from batchdrain.config import plugins

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "batchdrain"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))


def _imports(path: Path) -> set[str]:
    """The modules of the package that a file imports, at any depth; not those for type checking only."""
    found: set[str] = set()
    tree = ast.parse(path.read_text())
    checked_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in checked_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("batchdrain"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if _file_of(inner) else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("batchdrain")}
    return found


def _file_of(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    if path.with_suffix(".py").is_file():
        return path.with_suffix(".py")
    return path / "__init__.py" if (path / "__init__.py").is_file() else None


def _module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_file_is_longer_than_250_lines() -> None:
    assert {str(path.relative_to(ROOT)): n for path in FILES if (n := len(path.read_text().splitlines())) > 250} == {}


def test_imports_never_run_in_a_circle() -> None:
    graph = {_module_of(path): _imports(path) for path in FILES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module in done:
            return
        for other in graph.get(module, ()):
            visit(other, (*path, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def test_a_guardian_needs_nothing_but_the_standard_library() -> None:
    for path in (PACKAGE / "guardian").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert (
                    name.startswith("batchdrain.execution.guardian") or name.partition(".")[0] in sys.stdlib_module_names
                ), (
                    path,
                    name,
                )


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def test_rooms_never_import_each_other_in_a_circle() -> None:
    """A folder is one room: what two rooms need of each other belongs below both."""
    graph: dict[str, set[str]] = {}
    for path in FILES:
        room = _room(_module_of(path))
        graph.setdefault(room, set()).update(_room(found) for found in _imports(path))
    for room, below in graph.items():
        below.discard(room)
    order: list[str] = []
    while ready := sorted(room for room, below in graph.items() if room not in order and below <= set(order)):
        order += ready
    assert set(graph) == set(order), {room: below - set(order) for room, below in graph.items() if room not in order}


FLOORS = [
    ("batchdrain.collection", "batchdrain.cli.tasks"),
    ("batchdrain.cli.commands",),
    (
        "batchdrain.drain.start",
        "batchdrain.drain.session_run",
        "batchdrain.drain.loop",
        "batchdrain.drain",
        "batchdrain.drain.request",
    ),
    ("batchdrain.sessions",),
    ("batchdrain.planning",),
    ("batchdrain.database",),
    ("batchdrain.execution",),
    ("batchdrain.failures", "batchdrain.model.states", "batchdrain.model.errors"),
]
"""From the top down."""


def _stands_on(module: str, floor: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in floor)


@pytest.mark.parametrize("floor", range(1, len(FLOORS)))
def test_a_floor_never_imports_from_a_higher_one(floor: int) -> None:
    higher = tuple(name for names in FLOORS[:floor] for name in names)
    for path in FILES:
        module = _module_of(path)
        if not _stands_on(module, FLOORS[floor]):
            continue
        upward = {found for found in _imports(path) if _stands_on(found, higher)}
        assert not upward, f"{module} imports {upward}"


def test_no_name_of_a_room_says_nothing() -> None:
    words = {"utils", "util", "common", "helpers", "base", "misc", "manager", "controller"}
    assert not {path.stem for path in FILES} & words


def test_no_module_touches_both_sql_and_processes() -> None:
    for path in FILES:
        text = path.read_text()
        assert not ("import sqlalchemy" in text and "import subprocess" in text), path


def test_nothing_is_ever_given_to_a_shell() -> None:
    for path in FILES:
        assert not re.search(r"shell\s*=\s*True|os\.system|os\.popen", path.read_text()), path


def test_the_public_names_are_exactly_these() -> None:
    assert batchdrain.__all__ == ["Attempt", "BatchDrainError", "Lane", "Phase", "Settings"]
    for name in batchdrain.__all__:
        assert getattr(batchdrain, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = batchdrain.nothing


def test_every_task_and_flag_has_help_and_no_short_flag() -> None:
    for name, task in ns.tasks.items():
        assert task.__doc__, name
        for argument in task.get_arguments():
            assert argument.help, f"{name} --{argument.name}"
            assert not [flag for flag in argument.names if len(flag) == 1], f"{name} --{argument.name}"
    assert HELP


def test_every_policy_and_engine_comes_through_the_same_door() -> None:
    declared = {point.name for point in importlib.metadata.entry_points(group=plugins.POLICIES)}
    assert declared >= {"hints", "smart", "untried-first", "fewest-failures", "run-order"}
    assert plugins.known(plugins.ENGINES) == ["local"]


def test_listing_the_tasks_imports_nothing_heavier_than_invoke() -> None:
    code = "import sys; from invoke import Program\n"
    code += "try: Program().run(['inv', '--list'])\nexcept SystemExit: pass\n"
    code += (
        "print(sorted({'sqlalchemy', 'pydantic', 'rich', 'structlog', 'tenacity', 'orjson', 'psutil'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "drain-all" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_path_of_a_machine_is_in_the_project() -> None:
    names = [str(path.relative_to(ROOT)) for path in FILES]
    if shutil.which("git"):
        tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
        names += tracked.stdout.splitlines()
    for name in names:
        text = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        assert not re.search(rb"(?<![\w.])/(?:work|root|farm)/", text), name
