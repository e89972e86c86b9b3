"""Sums of what the rules are made of, and of what they make of texts that are known.

`python -m tests.failures.tables` writes them anew, after a change that is meant. One that changes fingerprints also needs another
VERSION, since ledgers, notes and plans keep them.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import zlib
from collections import defaultdict
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

from batchdrain import failures
from batchdrain.failures.categories import categorise
from batchdrain.failures.excerpt import excerpt_with_end, gist_of
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.failures.former_fingerprints import former_fingerprint
from batchdrain.failures.patterns import Uncompiled
from batchdrain.failures.rule_table import read_rules
from tests.failures.outputs import read_outputs

FOLDER = Path(failures.__file__).parent
FILE = Path(__file__).parents[1] / "data" / "tables-of-failures.json"
Sums = dict[str, int]
ENDS = ("", " [exit 3]", " [killed by signal 9]", " [exit 3; log: /logs/r/p.1.stderr.txt]")


def sums_of(module: str) -> Sums:
    """Of each constant that a module of `batchdrain.failures` defines: words, patterns and numbers."""
    found = importlib.import_module(f"batchdrain.failures.{module}")
    return {name: _sum_of(_plain(vars(found)[name])) for name in _constants_of(found)}


def sums_of_outputs() -> Sums:
    """Of each cause in tests/data/outputs: the reasons of its variants, where they stand, and what comes of them."""
    made: dict[str, list[Any]] = defaultdict(list)
    for output in [*read_outputs(), *read_outputs(unseen=True)]:
        reason = output.explain()
        made[f"{output.program}/{output.cause}"].append(
            (reason.text, reason.kind.name, reason.stream, *_made_of(reason.text))
        )
    return {cause: _sum_of(one) for cause, one in made.items()}


def sums_of_examples() -> Sums:
    """Of each rule: what comes of its two examples, alone and with the end of a command."""
    return {
        rule.pattern: _sum_of([_made_of(f"{text}{end}") for text in (rule.takes, rule.leaves) for end in ENDS])
        for rule in read_rules()
    }


def kept_sums() -> dict[str, Sums]:
    """The sums that were last written, by module and corpus."""
    found: dict[str, Sums] = json.loads(FILE.read_text())
    return found


def _made_of(text: str) -> tuple[str, ...]:
    return fingerprint(text), former_fingerprint(text), categorise(text), gist_of(text), excerpt_with_end(text)


def _sum_of(plain: Any) -> int:
    return zlib.crc32(ascii(plain).encode())


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
    kept = {name: sums_of(name) for name in list_modules()}
    FILE.write_text(json.dumps({**kept, "of outputs": sums_of_outputs(), "of rules": sums_of_examples()}, indent=0) + "\n")
