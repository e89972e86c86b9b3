"""The modules of a checkout, each parsed once: what they define, bind and import."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Final

PACKAGE: Final = "batchdrain"
Def = ast.FunctionDef | ast.AsyncFunctionDef


class When(IntEnum):
    """When an import happens: as the file is loaded, in a call, or never (under `if TYPE_CHECKING`)."""

    LOADED = 0
    CALLED = 1
    NEVER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One module of our own that a file imports, wherever the import stands."""

    module: str
    line: int
    when: When


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function or a method, with its name inside its module: `Judge.judge`."""

    name: str
    node: Def
    is_method: bool

    @property
    def lines(self) -> int:
        """From `def` to the last line; decorators are not counted, the docstring is."""
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    @property
    def parameters(self) -> int:
        """As a caller sees them: without self or cls."""
        of = self.node.args
        found = len(of.posonlyargs) + len(of.args) + len(of.kwonlyargs) + (of.vararg is not None) + (of.kwarg is not None)
        static = any(isinstance(item, ast.Name) and item.id == "staticmethod" for item in self.node.decorator_list)
        return found - (self.is_method and not static)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A name that a file gives to something. `role`: class, function, module, variable, parameter or field."""

    name: str
    role: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Module:
    """One file of the package."""

    path: str  #: from the checkout's root
    name: str  #: batchdrain.drain.loop; that of the folder for an __init__.py
    is_init: bool
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...] = field(repr=False)
    functions: tuple[Function, ...] = field(repr=False)
    statements: tuple[tuple[ast.stmt | ast.Call, When], ...] = field(repr=False)  #: those that import

    @property
    def room(self) -> str:
        """What stands at the package's root: a wing, or the name of a file; "batchdrain" for the package itself."""
        return self.name.split(".")[1] if "." in self.name else self.name

    @property
    def folder(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.is_init else self.name.rpartition(".")[0]

    @cached_property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def bound(self) -> tuple[Bound, ...]:
        """Every name that is bound here, the module's own among them."""
        own = [] if self.is_init else [Bound(name=self.name.rpartition(".")[2], role="module", line=1)]
        return (*own, *(bound for node in self.nodes for bound in _bound(node)))


@cache
def package(root: Path) -> Mapping[str, Module]:
    """The modules of the package below `root`, by their dotted names."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        is_init = parts[-1] == "__init__"
        text = path.read_text()
        tree = ast.parse(text, path)
        nodes, functions, statements = _walked(tree)
        name = ".".join(parts[:-1] if is_init else parts)
        found[name] = Module(
            path=path.relative_to(root).as_posix(),
            name=name,
            is_init=is_init,
            text=text,
            tree=tree,
            nodes=nodes,
            functions=functions,
            statements=statements,
        )
    return found


@cache
def imports(root: Path) -> Mapping[str, tuple[Import, ...]]:
    """What each module imports of our own, at any depth, each module once."""
    modules = package(root)
    return {name: tuple(_distinct(_imports(module, modules))) for name, module in modules.items()}


def outside(module: Module) -> Iterator[tuple[str, int]]:
    """The dotted names that a module imports from elsewhere, with their lines."""
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if not _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module and not _is_ours(node.module):
            yield node.module, node.lineno


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """The calls of plain and dotted names: `os.fork`, with the call."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            yield name, node


def dotted(node: ast.AST) -> str:
    """`os.path.join` of a name and its attributes; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    above = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{above}.{node.attr}" if above and isinstance(node, ast.Attribute) else ""


def _is_ours(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


Walked = tuple[tuple[ast.AST, ...], tuple[Function, ...], tuple[tuple[ast.stmt | ast.Call, When], ...]]


def _walked(tree: ast.Module) -> Walked:
    nodes: list[ast.AST] = []
    functions: list[Function] = []
    statements: list[tuple[ast.stmt | ast.Call, When]] = []
    waiting: list[tuple[ast.AST, str, bool, When]] = [(tree, "", False, When.LOADED)]
    while waiting:
        node, scope, in_class, when = waiting.pop()
        nodes.append(node)
        if isinstance(node, Def):
            functions.append(Function(name=f"{scope}{node.name}", node=node, is_method=in_class))
            when = max(when, When.CALLED)
        elif isinstance(node, ast.Import | ast.ImportFrom | ast.Call):
            statements.append((node, when))
        if isinstance(node, Def | ast.ClassDef):
            scope = f"{scope}{node.name}."
            in_class = isinstance(node, ast.ClassDef)
        if isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"):
            waiting += [(child, scope, in_class, When.NEVER) for child in node.body]
            waiting += [(child, scope, in_class, when) for child in node.orelse]
        else:
            waiting += [(child, scope, in_class, when) for child in ast.iter_child_nodes(node)]
    return tuple(nodes), tuple(functions), tuple(statements)


def _bound(node: ast.AST) -> Iterator[Bound]:
    match node:
        case ast.ClassDef():
            yield Bound(name=node.name, role="class", line=node.lineno)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield Bound(name=node.name, role="function", line=node.lineno)
        case ast.arg():
            yield Bound(name=node.arg, role="parameter", line=node.lineno)
        case ast.Name(ctx=ast.Store()):
            yield Bound(name=node.id, role="variable", line=node.lineno)
        case ast.Attribute(ctx=ast.Store()):
            yield Bound(name=node.attr, role="field", line=node.lineno)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield Bound(name=name, role="variable", line=node.lineno)
        case ast.alias(asname=str(name)):
            yield Bound(name=name, role="variable", line=node.lineno)


def _distinct(found: Iterator[Import]) -> Iterator[Import]:
    """Each module once, where it is imported first: as the file is loaded, if it is anywhere."""
    by_module: dict[str, Import] = {}
    for one in sorted(found, key=lambda one: (one.when, one.line)):
        by_module.setdefault(one.module, one)
    yield from sorted(by_module.values(), key=lambda one: one.line)


def _imports(module: Module, modules: Mapping[str, Module]) -> Iterator[Import]:
    for node, when in module.statements:
        for name in _named(node, module, modules):
            yield Import(module=name, line=node.lineno, when=when)


def _named(node: ast.AST, module: Module, modules: Mapping[str, Module]) -> Iterator[str]:
    """The modules of our own that one statement imports; `import_module` of a text counts too."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if _is_ours(alias.name))
    elif isinstance(node, ast.ImportFrom):
        start = module.folder.split(".")
        above = ".".join(start[: len(start) - node.level + 1]) if node.level else ""
        source = ".".join(part for part in (above, node.module) if part)
        if _is_ours(source):
            yield from (inner if (inner := f"{source}.{alias.name}") in modules else source for alias in node.names)
    elif isinstance(node, ast.Call) and dotted(node.func).endswith("import_module"):
        given = node.args[0] if node.args else None
        if isinstance(given, ast.Constant) and isinstance(given.value, str) and _is_ours(given.value):
            yield given.value
