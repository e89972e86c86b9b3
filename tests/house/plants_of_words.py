"""More plants: names, docstrings, public names, doors, and where tests stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.house import names
from tests.house.order import WINGS
from tests.house.plants import Files, Plant, code_of

_A: Final = "batchdrain/drain/a.py"
_SOUND_NAMES: Final[Files] = {
    "batchdrain/drain/heartbeat.py": code_of("class Heartbeat:\n    def retry(self): ..."),
    "batchdrain/drain/project.py": code_of("@dataclass(slots=True)\nclass Project:\n    outage_s: float"),
    "batchdrain/planning/backlog.py": code_of("class Backlog:\n    def look(self): ..."),
    "batchdrain/cli/screens/live.py": code_of("def show(slots, parts): ..."),
    "batchdrain/drain/b.py": code_of(
        "parts = line.split()\nhost, tree = parts\ndef ago(): ...\nbooks_of.heart(site=1, go=2)"
    ),
    "batchdrain/drain/c.py": code_of("class Trying:\n    guard = late = 1\ndef leave(): ..."),
}
_RETIRED: Final = (  # file, what stands on its second line, what is found of it
    (_A, "class Heart: ...", "class Heart"),
    (_A, "class _Late: ...", "class _Late"),
    (_A, "class Try: ...", "class Try"),
    (_A, "class Parts: ...", "class Parts"),
    (_A, "class Guard: ...", "class Guard"),
    (_A, "class HeartThread: ...", "class HeartThread"),
    (_A, "heart_thread = 1", "variable heart_thread"),
    (_A, "def go(order): ...", "function go"),
    (_A, "def outlast(self): ...", "function outlast"),
    (_A, "def heed(self): ...", "function heed"),
    (_A, "def _note(parts): ...", "parameter parts"),
    (_A, "self._slots = 1", "field _slots"),
    (_A, "def note(*, site=None): ...", "parameter site"),
    (_A, "with f() as went: ...", "variable went"),
    (_A, "import json as books", "variable books"),
    (_A, "for _, tally in f(): ...", "variable tally"),
    (_A, "class Backlog: ...", "found one here"),
    ("batchdrain/cli/a.py", "class Project: ...", "found one here"),
    ("batchdrain/drain/triage/a.py", "def look(self): ...", "function look"),
    ("batchdrain/database/a.py", "def versions(): ...", "function versions"),
)
_MIRROR: Final[Files] = {
    **{f"tests/{wing}/test_sound.py": "" for wing in WINGS},
    **dict.fromkeys(
        ("tests/data/old.json", "tests/model/deep/test_a.py", "tests/test_a.py", "tests/old/__pycache__/a.pyc"), ""
    ),
}
_DOORS: Final[Files] = {
    "pyproject.toml": "[project.entry-points.'batchdrain.policies']\nsmart = 'batchdrain.policies.smart:smart'\n"
    "[project.entry-points.'batchdrain.engines']\nlocal = 'batchdrain.execution.engines.local:local_engine'\n",
    "batchdrain/execution/engines/__init__.py": code_of(""),
    "batchdrain/execution/engines/local.py": code_of("def local_engine(): ..."),
    "batchdrain/policies/smart.py": code_of("def smart(lane): ..."),
    "batchdrain/policies/ranking.py": code_of("def rank(lane): ..."),
}
_DOCUMENTED: Final = (
    "class Shape(Protocol):\n    '''A shape.'''\n    def area(self):\n        '''In m2.'''\n"
    "    def _inner(self): ...\n    def __len__(self): ...\n"
    "class Round:\n    '''Of the protocol.'''\n    def area(self): ...\n"
    "class Disc(Round):\n    '''Of a base.'''\n    def area(self): ...\n"
    "class _Hidden:\n    def anything(self): ...\n"
    "def f():\n    '''F.'''\n    def inner(): ..."
)
_ALL: Final = (
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from batchdrain.model.phase import Phase\n"
    "__all__ = ['Phase']\n_HOMES = {}\ndef __getattr__(name): ..."
)


def plants() -> Iterator[Plant]:
    """Every participle and every word that says nothing has one of its own."""
    yield from _names()
    yield from _contracts()


def _names() -> Iterator[Plant]:
    for path, code, found in _RETIRED:
        yield Plant("no retired name", f"{path}:2", found, {path: code_of(code)}, _SOUND_NAMES)
    for stem in ("weather", "go", "host"):
        path = f"batchdrain/drain/{stem}.py"
        yield Plant("no retired name", f"{path}:1", f"module {stem}", {path: code_of("")}, _SOUND_NAMES)
    sound: Files = {"batchdrain/drain/b.py": code_of("def tell(): ...\ndef is_kept(): ...\nopened = closed = 1\nx.closed()")}
    for name in sorted(names.PARTICIPLES):
        breach: Files = {_A: code_of(f"class Some:\n    def _{name}(self): ...")}
        yield Plant("no bare participle", f"{_A}:3", f"function _{name}", breach, sound)
    sound = {
        "batchdrain/drain/b.py": code_of("words = [wording.word]\ndef take(bookmark, final_word): ...\nremark = said_by = 1")
    }
    rule = "no word, mark or said"
    for code, found in (
        ("def f(word): ...", "parameter word"),
        ("mark = 1", "variable mark"),
        ("_MARK: Final = 1", "variable _MARK"),
        ("self.said = 1", "field said"),
        ("x = [1 for word in f()]", "variable word"),
        ("if (said := f()): ...", "variable said"),
        ("lambda mark: 1", "parameter mark"),
        ("def said(self): ...", "function said"),
    ):
        yield Plant(rule, f"{_A}:2", f"found {found}", {_A: code_of(code)}, sound)
    rule = "no room that says nothing"
    sound = {"batchdrain/drain/database.py": code_of("class Controllers2: ...\nclass Managed: ...")}
    for path in ("batchdrain/drain/utils.py", "batchdrain/common/run.py", "batchdrain/drain/base.py"):
        found = path.split("/")[1 if "common" in path else 2].removesuffix(".py")
        yield Plant(rule, f"{path}:1", f"found {found}", {path: code_of("")}, sound)
    for name in ("Manager", "DrainController"):
        yield Plant(rule, f"{_A}:2", f"found {name}", {_A: code_of(f"class {name}: ...")}, sound)


def _contracts() -> Iterator[Plant]:
    rule = "every public name documented"
    sound: Files = {"batchdrain/drain/b.py": code_of(_DOCUMENTED)}
    for code, line, found in (
        ("def f(): ...", 2, "found f"),
        ("class Some: ...", 2, "found Some"),
        ("class Some:\n    '''Some.'''\n    @property\n    def part(self): ...", 5, "found Some.part"),
        ("class Half:\n    '''Not the protocol.'''\n    def volume(self): ...", 4, "found Half.volume"),
    ):
        yield Plant(rule, f"{_A}:{line}", found, {_A: code_of(code)}, sound)
    yield Plant(rule, f"{_A}:1", "found batchdrain.drain.a", {_A: "import json\n"}, sound)
    rule = "__all__ is exact"
    sound = {
        "batchdrain/__init__.py": code_of(_ALL),
        "batchdrain/drain/b.py": code_of("__all__ = ['f']\ndef f(): ...\n_x = 1"),
    }
    for names_, found in (("[]", "f missing"), ("['f', 'g']", "g without a definition"), ("['f', 'f']", "f again")):
        breach: Files = {_A: code_of(f"__all__ = {names_}\nimport json\ndef f(): ...")}
        yield Plant(rule, f"{_A}:2", found, breach, sound)
    more = _ALL.replace("['Phase']", "['Lane', 'Phase']")
    yield Plant(
        rule, "batchdrain/__init__.py:5", "found Lane without a definition", {"batchdrain/__init__.py": code_of(more)}, sound
    )
    rule = "policies and engines come through one door"
    beside: Files = {"batchdrain/policies/hints.py": code_of("def hints(lane): ...")}
    yield Plant(rule, "batchdrain/policies/hints.py:1", "found hints beside it", beside, _DOORS)
    beside = {"batchdrain/execution/engines/fleet.py": code_of("fleet_engine = 1")}
    yield Plant(rule, "batchdrain/execution/engines/fleet.py:1", "found fleet beside it", beside, _DOORS)
    missing: Files = {"pyproject.toml": f"{_DOORS['pyproject.toml']}more = 'batchdrain.execution.engines.local:gone'\n"}
    yield Plant(rule, "pyproject.toml:1", "found batchdrain.execution.engines.local:gone", missing, _DOORS)
    rule = "tests mirror the house"
    yield Plant(rule, "tests/odds:1", "found odds", {"tests/odds/test_a.py": ""}, _MIRROR)
    gone: Files = {"tests/runtime/test_sound.py": None}
    yield Plant(rule, "tests/runtime:1", "found none", gone, _MIRROR)
