"""What is promised to readers: docstrings, public names, doors for plugins, tests that mirror the house."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from invoke.collection import Collection

from tests.house.order import WINGS
from tests.house.source import PACKAGE, Def, Module, package

TEST_FOLDERS_APART: Final[Mapping[str, str]] = {
    "benchmarks": "costs and the simulator of policies: run by hand and by .ci/run, not by pytest",
    "chaos": "breaks the whole house from outside",
    "compatibility": "files and a ledger that an earlier state wrote, read by the whole house",
    "data": "files that tests read",
    "docs": "holds README.md and docs/",
    "recipes": "docs/tables.md on the packages of other people themselves",
    "house": "the rules of tests/test_house.py",
    "support": "projects, servers, commands and forks that tests of all wings stand on",
}
"""Folders of tests that are no wing, and why."""
_DOORS: Final = {"batchdrain.policies": "policies", "batchdrain.engines": "execution/engines"}
"""Groups of entry points, and the folder whose modules come through them."""


def docstrings(root: Path) -> list[str]:
    """Every module, class, function and method whose name begins with no underscore. A method that only fulfils what a class
    or a protocol of ours documents needs none: the promise stands there."""
    found = []
    for module in package(root).values():
        if not ast.get_docstring(module.tree):
            found.append(f"{module.path}:1: modules without a docstring: allowed none, found {module.name}")
        for node, owner in _public(module.tree.body, None):
            if not ast.get_docstring(node) and not (owner and _is_documented_above(root, owner, node.name)):
                name = f"{owner.name}.{node.name}" if owner else node.name
                found.append(f"{module.path}:{node.lineno}: public names without a docstring: allowed none, found {name}")
    return found


def exact_all(root: Path) -> list[str]:
    """Where a module has `__all__`, it names each public name of the module once and nothing else. The package's own names
    exactly what it imports for type checking."""
    found = []
    for module in package(root).values():
        named, line = _all_of(module)
        if named is None:
            continue
        public = set(_own_names(module))
        again = sorted({name for name in named if named.count(name) > 1})
        found += [f"{module.path}:{line}: __all__: allowed each name once, found {name} again" for name in again]
        for name in sorted(public ^ set(named)):
            where = "missing" if name in public else "without a definition"
            found.append(f"{module.path}:{line}: __all__: allowed exactly the public names, found {name} {where}")
    return found


def plugins_through_doors(root: Path) -> list[str]:
    """What is declared in pyproject.toml is there, and each policy and engine that is there is declared."""
    declared = tomllib.loads((root / "pyproject.toml").read_text())["project"].get("entry-points", {})
    modules = package(root)
    found = []
    for group, folder in _DOORS.items():
        targets = {value.partition(":")[0]: value.partition(":")[2] for value in declared.get(group, {}).values()}
        for name, attribute in targets.items():
            if name not in modules or attribute not in _defined(modules[name]):
                found.append(f"pyproject.toml:1: {group}: allowed what is defined, found {name}:{attribute}")
        for module in modules.values():
            stem = module.name.rpartition(".")[2]
            is_plugin = {stem, f"{stem}_engine"} & set(_defined(module))
            inside = module.path.startswith(f"{PACKAGE}/{folder}/") and not module.is_init
            if inside and is_plugin and module.name not in targets:
                found.append(f"{module.path}:1: {group}: allowed only through an entry point, found {stem} beside it")
    return found


def folders_of_tests(root: Path) -> list[str]:
    """A folder for each wing, and no other that is not named above."""
    folders = {path.name for path in (root / "tests").iterdir() if path.is_dir() and _holds_files(path)}
    missing = [
        f"tests/{wing}:1: tests of a wing: allowed a folder for each, found none" for wing in WINGS if wing not in folders
    ]
    more = sorted(folders - {*WINGS, *TEST_FOLDERS_APART})
    return missing + [f"tests/{name}:1: folders of tests: allowed the wings and a few by name, found {name}" for name in more]


def tasks_without_help(tasks: Collection) -> list[str]:
    """Of a collection of Invoke: every task and every flag has help, and no flag has a short form that shadows Invoke's own."""
    found = []
    for name, task in tasks.tasks.items():
        texts = dict(task.help)
        arguments = task.get_arguments()
        task.help = texts  # Invoke takes each text out of the task as it reads it
        if not task.__doc__:
            found.append(f"{name}: a task: allowed with a docstring, found without")
        for argument in arguments:
            if not argument.help:
                found.append(f"{name} --{argument.name}: a flag: allowed with help, found without")
            found += [f"{name}: flags: allowed long ones, found -{flag}" for flag in argument.names if len(flag) == 1]
    return found


def _public(body: list[ast.stmt], owner: ast.ClassDef | None) -> Iterator[tuple[Def | ast.ClassDef, ast.ClassDef | None]]:
    """The public definitions in a body, with the class that each stands in."""
    for node in body:
        if isinstance(node, Def | ast.ClassDef) and not node.name.startswith("_"):
            yield node, owner
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, node)
        elif isinstance(node, ast.If | ast.Try):
            yield from _public([*node.body, *node.orelse], owner)


@cache
def _classes(root: Path) -> Mapping[str, list[ast.ClassDef]]:
    found: dict[str, list[ast.ClassDef]] = {}
    for module in package(root).values():
        for node in module.nodes:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(node)
    return found


def _is_documented_above(root: Path, owner: ast.ClassDef, method: str) -> bool:
    """By a base class, or by a protocol of which the class has every method."""
    classes = _classes(root)
    bases = [base for name in _bases(owner) for base in classes.get(name, ()) if base is not owner]
    has = _methods(owner) | {name for base in bases for name in _methods(base)}
    protocols = [
        one
        for named in classes.values()
        for one in named
        if "Protocol" in _bases(one) and one is not owner and _methods(one) <= has
    ]
    return any(
        isinstance(node, Def) and node.name == method and ast.get_docstring(node)
        for above in (*bases, *protocols)
        for node in above.body
    ) or any(_is_documented_above(root, base, method) for base in bases)


def _bases(owner: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in owner.bases}


def _methods(owner: ast.ClassDef) -> set[str]:
    return {node.name for node in owner.body if isinstance(node, Def) and not node.name.startswith("_")}


def _all_of(module: Module) -> tuple[list[str] | None, int]:
    for node in module.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            value = getattr(node, "value", None)
            return [] if value is None else list(ast.literal_eval(value)), node.lineno
    return None, 1


def _defined(module: Module) -> Iterator[str]:
    """The names that a module's top level makes itself."""
    for node in module.tree.body:
        if isinstance(node, Def | ast.ClassDef):
            yield node.name
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _own_names(module: Module) -> Iterator[str]:
    """The public ones; for a package also what it takes from its own modules, to pass it on."""
    yield from (name for name in _defined(module) if not name.startswith("_"))
    if module.is_init:
        for node in module.nodes:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
                yield from (alias.asname or alias.name for alias in node.names)


def _holds_files(folder: Path) -> bool:
    return any(path.is_file() and "__pycache__" not in path.parts for path in folder.rglob("*"))
