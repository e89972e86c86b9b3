"""An error that somebody can mend says how: where it is made, its cure is given with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import batchdrain

ROOT = Path(batchdrain.__file__).parent
WITH_A_CURE = {
    "BadData", "ConfigError", "DatabaseUnavailable", "EngineUnavailable", "FilesUnavailable", "RowRefused", "SessionInUse",
    "StatementLost",
}  # fmt: skip
CURED_ELSEWHERE = {
    "database/ledger/migration.py": "it is raised anew with its cure",
    "database/ledger/way_back.py": "`blocked` says what to do",
    "database/store.py": "a row that is gone is passed over",
    "drain/preview/failure.py": "it is the sentence of a plan",
}
"""Of each file one error may lack its cure, and why."""


def made_without_a_cure(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WITH_A_CURE:
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            cure = given.get("remedy")
            if cure is None or (isinstance(cure, ast.Constant) and not cure.value):
                yield node.lineno


@pytest.mark.parametrize(
    "room", sorted(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("_"))
)
def test_each_error_that_somebody_can_mend_has_its_cure(room: str) -> None:
    for path in sorted((ROOT / room).rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        lacking = list(made_without_a_cure(path))
        assert len(lacking) == (place in CURED_ELSEWHERE), (place, lacking)
