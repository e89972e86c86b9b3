"""The tables of the rules: each set of words, pattern and number of the modules that make reasons, categories and fingerprints.

`python -m tests.failures.tables` writes their sums anew, after a change that is meant. One that changes fingerprints also needs
another VERSION, since ledgers, notes and plans keep them.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import zlib
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

from batchdrain import failures
from batchdrain.failures.patterns import Uncompiled

FOLDER = Path(failures.__file__).parent
FILE = Path(__file__).parents[1] / "data" / "tables-of-failures.json"


def sums_of(name: str) -> dict[str, int]:
    """The sum of each constant that a module of `batchdrain.failures` defines."""
    module = importlib.import_module(f"batchdrain.failures.{name}")
    return {constant: zlib.crc32(ascii(_plain(vars(module)[constant])).encode()) for constant in _constants_of(module)}


def kept_sums() -> dict[str, dict[str, int]]:
    """The sums that were last written, by module."""
    found: dict[str, dict[str, int]] = json.loads(FILE.read_text())
    return found


def list_modules() -> list[str]:
    """The modules that have such constants."""
    return [path.stem for path in sorted(FOLDER.glob("[a-z]*.py")) if sums_of(path.stem)]


def _constants_of(module: ModuleType) -> list[str]:
    statements = ast.parse(Path(str(module.__file__)).read_text()).body
    targets = [one.target for one in statements if isinstance(one, ast.AnnAssign)]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return sorted(name for name in names if name.isupper() and not isinstance(vars(module)[name], Path))


def _plain(value: Any) -> Any:
    """The value as texts and numbers in one order."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, re.Pattern | Uncompiled):
        return value.pattern, value.flags
    if isinstance(value, frozenset):
        return sorted(map(_plain, value))
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return [(_plain(key), _plain(one)) for key, one in value.items()]
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    return value


if __name__ == "__main__":
    FILE.write_text(json.dumps({name: sums_of(name) for name in list_modules()}, indent=1) + "\n")
