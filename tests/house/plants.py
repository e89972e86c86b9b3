"""A breach for every rule, planted into a small sound house: the rule has to report it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.house import sizes

Files = Mapping[str, str | None]
_GUARDIAN: Final = "batchdrain/execution/guardian"
_ABOVE: Final = "batchdrain/execution/__init__.py"
HOUSE: Final[Files] = {"batchdrain/__init__.py": '"""The package."""\n'}
"""What every planted house has."""
_TASKS: Final[Files] = {
    "tasks.py": '"""Tasks."""\nfrom invoke.tasks import task\n\n\n@task\ndef drain(c):\n    """Drain."""\n'
}
_GUARDED: Final[Files] = {
    _ABOVE: '"""Executing."""\n',
    f"{_GUARDIAN}/__init__.py": '"""The guardian."""\n',
    f"{_GUARDIAN}/server.py": '"""Serves."""\nimport json\nfrom batchdrain.execution.guardian import wire\n',
    f"{_GUARDIAN}/wire.py": '"""The line."""\nimport os\n',
    "batchdrain/collection.py": '"""Ours, and none of the guardian."""\n',
}


@dataclass(frozen=True, slots=True)
class Plant:
    """`breach` is laid over `sound`, which is laid over HOUSE. A file that is None there is taken away."""

    rule: str
    at: str  #: file:line of the one breach
    found: str  #: how its line ends
    breach: Files
    sound: Files

    def __str__(self) -> str:
        return f"{self.rule}: {self.found}"


def build(root: Path, *layers: Files) -> Path:
    """Writes the files of all layers, the later over the earlier."""
    for name, text in {name: text for layer in (HOUSE, *layers) for name, text in layer.items()}.items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    return root


def code_of(code: str) -> str:
    """A module with a docstring on line 1, and `code` from line 2 on."""
    return f'"""A module."""\n{code}\n'


def _lines(count: int) -> str:
    return "#\n" * count


def _function(lines: int, parameters: int = 0) -> str:
    given = ", ".join(f"p{number}" for number in range(parameters))
    return code_of(f"@wrapped\ndef long({given}):\n" + '    """Long."""\n' + "    pass\n" * (lines - 2))


def _method(parameters: int, decorator: str) -> str:
    given = ", ".join(f"p{number}" for number in range(parameters))
    return code_of(f"class Some:\n    {decorator}\n    def one({given}, *, last): ...\n")


def _imports(count: int) -> Files:
    return {
        "batchdrain/cli/sound.py": code_of("\n".join(f"import batchdrain.model.m{number}" for number in range(count))),
        **{f"batchdrain/model/m{number}.py": code_of("") for number in range(16)},
    }


def _sizes() -> Iterator[Plant]:
    entries = {f"batchdrain/room{number}/__init__.py": code_of("") for number in range(sizes.ENTRIES - 1)}
    cache: Files = {"batchdrain/__pycache__/some.pyc": ""}
    yield Plant(
        "at most 16 entries at the root", "batchdrain/:1", "wide.py)", {"batchdrain/wide.py": ""}, {**entries, **cache}
    )
    yield Plant(
        "at most 250 lines a file",
        "batchdrain/drain/long.py:251",
        "found 251",
        {"batchdrain/drain/long.py": _lines(251)},
        {"batchdrain/drain/sound.py": _lines(250)},
    )
    yield Plant(
        "at most 40 lines a function",
        "batchdrain/drain/long.py:3",
        "found 41",
        {"batchdrain/drain/long.py": _function(41)},
        {"batchdrain/drain/sound.py": _function(40)},
    )
    wide, fits = _function(2, parameters=7), _function(2, parameters=6)
    rule = "at most 6 parameters"
    yield Plant(rule, "batchdrain/drain/a.py:3", "found 7", {"batchdrain/drain/a.py": wide}, {"batchdrain/drain/b.py": fits})
    for decorator, most in (("@staticmethod", 5), ("@classmethod", 6), ("@property", 6)):
        breach, sound = (_method(count, decorator) for count in (most + 1, most))
        yield Plant(rule, "batchdrain/drain/a.py:4", "found 7", {"batchdrain/drain/a.py": breach}, {"batchdrain/b.py": sound})
    yield Plant("at most 15 imports of our own", "batchdrain/cli/sound.py:1", "found 16", _imports(16), _imports(15))
    yield Plant(
        "at most 300 lines a test file",
        "tests/drain/test_long.py:301",
        "found 301",
        {"tests/drain/test_long.py": _lines(301)},
        {"tests/drain/test_sound.py": _lines(300)},
    )


_WAYS: Final = (  # from, an import, what is found of it
    ("batchdrain/model/a.py", "from batchdrain.drain import loop", "batchdrain.drain.loop"),
    ("batchdrain/model/a.py", "import batchdrain.drain.loop", "batchdrain.drain.loop"),
    ("batchdrain/reports/a.py", "from ..drain.loop import run", "batchdrain.drain.loop"),
    ("batchdrain/config/a.py", "from batchdrain.runtime.clock import now", "batchdrain.runtime.clock"),
    ("batchdrain/drain/a.py", "def f():\n    from batchdrain.collection import ns", "batchdrain.collection"),
    ("batchdrain/drain/a.py", "if TYPE_CHECKING:\n    from batchdrain.cli.open import x", "batchdrain.cli.open"),
    ("batchdrain/drain/a.py", "from batchdrain.demo.backlog import fill", "batchdrain.demo.backlog"),
    ("batchdrain/demo/a.py", "from batchdrain.failures.excerpt import cut", "batchdrain.failures.excerpt"),
    ("batchdrain/drain/a.py", 'import_module("batchdrain.cli.open")', "batchdrain.cli.open"),
    ("batchdrain/drain/a.py", "from batchdrain import Phase", "batchdrain"),
)
_SOUND_WAYS: Final[Files] = {
    **{
        f"batchdrain/{name}.py": code_of("")
        for name in ("drain/loop", "runtime/clock", "demo/backlog", "failures/excerpt", "sessions/record")
    },
    "batchdrain/cli/open.py": code_of("from batchdrain.demo import backlog\nfrom batchdrain.drain import loop"),
    "batchdrain/collection.py": code_of("from batchdrain.cli import open"),
    "batchdrain/drain/other.py": code_of("from . import loop\nfrom ..sessions import record\nimport json"),
}


def _order() -> Iterator[Plant]:
    rule = "imports run one way"
    for path, code, found in _WAYS:
        yield Plant(rule, f"{path}:{2 + code.count(chr(10))}", f"found {found}", {path: code_of(code)}, _SOUND_WAYS)
    yield Plant(rule, "batchdrain/utils/a.py:1", "found utils", {"batchdrain/utils/a.py": code_of("")}, _SOUND_WAYS)
    yield Plant(
        "no circles of imports",
        "batchdrain/drain/a.py:2",
        "found batchdrain.drain.a -> batchdrain.drain.b -> batchdrain.drain.a",
        {"batchdrain/drain/b.py": code_of("def f():\n    from batchdrain.drain.a import x")},
        {"batchdrain/drain/a.py": code_of("from batchdrain.drain import b"), "batchdrain/drain/b.py": code_of("")},
    )
    lazy = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from batchdrain.model.phase import Phase"
    lazy += "\ndef __getattr__(name):\n    from batchdrain.model import phase"
    yield Plant(
        "the package is lazy",
        "batchdrain/__init__.py:2",
        "found batchdrain.model.phase",
        {"batchdrain/__init__.py": code_of("from batchdrain.model.phase import Phase")},
        {"batchdrain/__init__.py": code_of(lazy), "batchdrain/model/phase.py": code_of("")},
    )


def _walls() -> Iterator[Plant]:
    rule, at = "no SQL beside processes", "batchdrain/drain/c.py:2"
    apart: Files = {
        "batchdrain/drain/a.py": code_of("import sqlalchemy\nos.execute = 1"),
        "batchdrain/drain/b.py": code_of("import subprocess"),
    }
    both: Files = {"batchdrain/drain/c.py": code_of("import sqlalchemy\ndef f():\n    import subprocess")}
    yield Plant(rule, at, "found sqlalchemy, subprocess", both, apart)
    both = {"batchdrain/drain/c.py": code_of("from sqlalchemy.orm import Session\nos.fork()")}
    yield Plant(rule, at, "found sqlalchemy, os.fork", both, apart)
    sound: Files = {"batchdrain/drain/b.py": code_of('run(["sh", "run.sh"], shell=False)\nos.execvp("sh", argv)')}
    for code, found in (
        ("run(argv, shell=True)", "shell=True"),
        ("run(argv, shell=maybe)", "shell=maybe"),
        ("os.system(line)", "os.system"),
        ("os.popen(line)", "os.popen"),
        ('run(["/bin/sh", "-c", x])', "['/bin/sh', '-c', x]"),
    ):
        yield Plant("no shell", "batchdrain/drain/a.py:2", f"found {found}", {"batchdrain/drain/a.py": code_of(code)}, sound)
    rule, sound = "nothing is printed past the sink", {"batchdrain/runtime/json_text.py": code_of("json.dumps(a)")}
    for name in ("print", "sys.stdout.write", "sys.stderr.buffer.write", "stdout.writelines", "orjson.dumps", "json.dump"):
        breach: Files = {"batchdrain/cli/a.py": code_of(f"{name}(a)")}
        yield Plant(rule, "batchdrain/cli/a.py:2", f"found {name}", breach, sound)
    rule = "the guardian imports the standard library alone"
    for module in ("psutil", "batchdrain.runtime.clock"):
        code = code_of(f"def f():\n    import {module}")
        yield Plant(rule, f"{_GUARDIAN}/wire.py:3", f"found {module}", {f"{_GUARDIAN}/wire.py": code}, _GUARDED)
    yield Plant(rule, f"{_ABOVE}:2", "found code", {_ABOVE: code_of("import json")}, _GUARDED)
    rule, at = "the guardian loads the standard library alone", f"{_GUARDIAN}/server.py:1"
    yield Plant(rule, at, "found batchdrain.collection", {_ABOVE: code_of("import batchdrain.collection")}, _GUARDED)
    wrong: Files = {f"{_GUARDIAN}/wire.py": code_of("import psutil")}
    yield Plant(rule, at, "found ModuleNotFoundError: No module named 'psutil'", wrong, _GUARDED)
    heavy: Files = {"tasks.py": f"import psutil\n{_TASKS['tasks.py']}"}
    yield Plant("inv --list loads nothing heavy", "tasks.py:1", "found psutil", heavy, _TASKS)
    for folder in ("work", "root", "farm", "tmp/q"):
        text = f"See \n/{folder}/notes and x/{folder}/notes"
        sound = {"README.md": f"sqlite://{{home}}/{folder}.db, https://a.b/{folder}, /{folder}ing, /tmp/plan.json"}
        yield Plant("no path of a machine", "docs/a.md:2", f"found /{folder}", {"docs/a.md": text}, sound)


def plants() -> Iterator[Plant]:
    yield from _sizes()
    yield from _order()
    yield from _walls()
