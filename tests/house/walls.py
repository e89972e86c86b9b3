"""The walls that stand for a reason: the guardian, the shell, SQL and processes, the light listing, machines' paths."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.house.source import PACKAGE, Module, calls, imports, outside, package

GUARDIAN: Final = f"{PACKAGE}.execution.guardian"
WORKER: Final = f"{PACKAGE}.execution.worker"
HEAVY: Final = ("sqlalchemy", "pydantic", "rich", "structlog", "tenacity", "orjson", "psutil", "re2")
_SQL: Final = frozenset({"sqlalchemy", "sqlite3", "psycopg", "pymysql"})
_PROCESSES: Final = frozenset({"subprocess", "multiprocessing"})
_STARTS: Final = re.compile(r"os\.(fork|forkpty|posix_spawnp?|exec\w+|spawn\w+)|asyncio\.create_subprocess_\w+")
_SHELL_CALLS: Final = re.compile(
    r"os\.(system|popen)|subprocess\.(getoutput|getstatusoutput)|asyncio\.create_subprocess_shell"
)
_SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh"})
_OF_A_MACHINE: Final = re.compile(r"(?<![\w./}])/(?:work|root|farm|tmp/[a-z])(?![\w.-])")
_PAST_THE_SINK: Final = re.compile(r"print|(?:sys\.)?std(?:out|err)\.\S*write\w*|orjson\.dumps|json\.dumps?")
_SINKS: Final[Mapping[str, str]] = {
    "runtime/json_text.py": "the sink of all JSON that anybody sees",
    "model/phase.py": "a digest is made of it",
    "drain/request.py": "a digest is made of it",
    "planning/acceptances.py": "the name of a note",
    "database/ledger/notes.py": "a value of the ledger",
    "database/ledger/attempt_fields.py": "a value of the ledger",
    "execution/guardian/guardian.py": "a line between processes of ours",
    "execution/guardian/spool_writer.py": "read by recovery alone",
    "execution/guardian/wire.py": "a line between processes of ours",
    "execution/worker/carrier.py": "a message between processes of ours",
    "execution/worker/files.py": "read by recovery alone",
    "execution/worker/runner.py": "a message between processes of ours",
    "demo/worker.py": "a command as users write it",
}
"""Where something is written that no person reads, and why."""
_LOADED: Final = """
import sys
sys.path.insert(0, sys.argv[1])
import batchdrain.execution.guardian.server
ours = ("batchdrain", "batchdrain.execution", "batchdrain.execution.guardian")
for name in sorted(sys.modules):
    if name.partition(".")[0] not in sys.stdlib_module_names | {"__main__", "batchdrain"}:
        print(name)
    elif name.startswith("batchdrain") and name not in ours and not name.startswith(ours[2] + "."):
        print(name)
"""
_LISTED: Final = f"""
import sys
from invoke import Program
try:
    Program().run(["inv", "--list"])
except SystemExit as error:
    print("exit", error.code)
print("heavy", *sorted(set({HEAVY!r}) & set(sys.modules)))
"""


def sql_beside_processes(root: Path) -> list[str]:
    """No module touches both."""
    found = []
    for module in package(root).values():
        named = {name.partition(".")[0]: line for name, line in outside(module)}
        sql = sorted(_SQL & set(named))
        processes = sorted(_PROCESSES & set(named)) + [name for name, _ in calls(module) if _STARTS.fullmatch(name)]
        if sql and processes:
            found.append(
                f"{module.path}:{named[sql[0]]}: SQL and processes: allowed one of them, found {sql[0]}, {processes[0]}"
            )
    return found


def shells(root: Path) -> list[str]:
    """Nothing is given to one."""
    return [
        f"{module.path}:{line}: shells: allowed none, found {what}"
        for module in package(root).values()
        for what, line in _shells(module)
    ]


def past_the_sink(root: Path) -> list[str]:
    """What people and scripts read goes through screens.writer and runtime.json_text, which make it harmless."""
    return [
        f"{module.path}:{call.lineno}: what is printed, and JSON: allowed through their sinks, found {name}"
        for module in package(root).values()
        if module.path.removeprefix(f"{PACKAGE}/") not in _SINKS
        for name, call in calls(module)
        if _PAST_THE_SINK.fullmatch(name)
    ]


def guardian_imports(root: Path) -> list[str]:
    """A guardian needs the standard library alone, and the packages above it are a docstring and nothing else. What runs on a
    worker needs the guardian beside it."""
    found = []
    for name, module in package(root).items():
        if f"{name}.".startswith((f"{GUARDIAN}.", f"{WORKER}.")):
            rooms = (f"{GUARDIAN}.",) if f"{name}.".startswith(f"{GUARDIAN}.") else (f"{GUARDIAN}.", f"{WORKER}.")
            named = [*outside(module), *((one.module, one.line) for one in imports(root)[name])]
            found += [
                f"{module.path}:{line}: imports of the guardian: allowed the standard library and its room, found {what}"
                for what, line in sorted(named, key=lambda one: one[1])
                if what.partition(".")[0] not in sys.stdlib_module_names and not f"{what}.".startswith(rooms)
            ]
        if name in {GUARDIAN, GUARDIAN.rpartition(".")[0]} and len(module.tree.body) > 1:
            second = module.tree.body[1]
            found.append(f"{module.path}:{second.lineno}: packages above the guardian: allowed a docstring, found code")
    return found


def guardian_loads(root: Path) -> list[str]:
    """What its interpreter really holds once it is loaded, started as the controller starts it."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", _LOADED, str(root)], capture_output=True, text=True, check=False
    )
    loaded = done.stdout.split() if done.returncode == 0 else [*done.stderr.splitlines()[-1:]]
    where = f"{PACKAGE}/execution/guardian/server.py:1"
    return [f"{where}: loaded with the guardian: allowed the standard library and its room, found {one}" for one in loaded]


def light_listing(root: Path) -> list[str]:
    """`inv --list` imports nothing heavier than Invoke."""
    done = subprocess.run([sys.executable, "-B", "-c", _LISTED], cwd=root, capture_output=True, text=True, check=False)
    *listed, last = done.stdout.splitlines() or [""]
    if not any("drain" in line for line in listed) or not last.startswith("heavy"):
        return [f"tasks.py:1: inv --list: allowed a list of tasks, found {(done.stderr or done.stdout).strip()[-300:]}"]
    return [f"tasks.py:1: loaded by inv --list: allowed Invoke, found {name}" for name in last.split()[1:]]


def paths_of_machines(root: Path) -> list[str]:
    found = []
    for path in _tracked(root):
        text = path.read_bytes().decode(errors="replace")
        for hit in _OF_A_MACHINE.finditer(text):
            line = text.count("\n", 0, hit.start()) + 1
            found.append(f"{path.relative_to(root)}:{line}: paths of a machine: allowed none, found {hit.group()}")
    return found


def _shells(module: Module) -> Iterator[tuple[str, int]]:
    for name, call in calls(module):
        if _SHELL_CALLS.fullmatch(name):
            yield name, call.lineno
        for keyword in call.keywords:
            if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False):
                yield f"shell={ast.unparse(keyword.value)}", call.lineno
    for node in module.nodes:
        if isinstance(node, ast.List | ast.Tuple) and len(node.elts) > 1:
            first, second = (getattr(item, "value", None) for item in node.elts[:2])
            if isinstance(first, str) and first.rpartition("/")[2] in _SHELLS and str(second).startswith("-"):
                yield ast.unparse(node), node.lineno


def _tracked(root: Path) -> list[Path]:
    """What git tracks; without a repository, the files at the root and those of our folders."""
    found = [*root.glob("*"), *(path for folder in (PACKAGE, "docs", "tests") for path in (root / folder).rglob("*"))]
    if (root / ".git").exists() and shutil.which("git"):
        done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            found = [root / name for name in done.stdout.split("\0") if name]
    return sorted(path for path in found if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts)
