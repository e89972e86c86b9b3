"""The suite that everyone runs has a test of each promise and of each task; what the soak alone has, nobody sees day by day."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from batchdrain.collection import ns
from tests.conftest import COLLECTED

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"


@cache
def _collected() -> list[str]:
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return [line for line in listed.splitlines() if "::" in line]


@pytest.fixture
def everyday(request: pytest.FixtureRequest) -> dict[str, set[str]]:
    """The tests that `pytest` runs, by their files."""
    is_whole = {item.path for item in request.config.stash[COLLECTED]} >= set(TESTS.rglob("test_*.py"))
    names = [item.nodeid for item in request.session.items] if is_whole else _collected()
    found: dict[str, set[str]] = {}
    for name in names:
        file, _, test = name.partition("[")[0].partition("::")
        found.setdefault(file, set()).add(test)
    return found


def promises() -> dict[str, list[str]]:
    """The tests that the table names, by promise."""
    page = next(path for path in (ROOT / "docs" / "promises.md", ROOT / "README.md") if path.is_file())
    rows = re.findall(r"^\| ((?:P\d+(?:, )?)+) \|(.*)$", page.read_text(), re.MULTILINE)
    return {number: re.findall(r"`(test_\w+)`", row) for numbers, row in rows for number in numbers.split(", ")}


def test_each_promise_is_tried_every_day(everyday: dict[str, set[str]]) -> None:
    there = set().union(*everyday.values())
    named = promises()
    assert sorted(named) == sorted(f"P{number}" for number in range(1, 21))
    assert [promise for promise, tests in named.items() if there.isdisjoint(tests)] == []


def test_each_task_is_typed_every_day(everyday: dict[str, set[str]]) -> None:
    typed: set[str] = set()
    for file, tests in everyday.items():
        for node in ast.walk(ast.parse((ROOT / file).read_text())):
            if isinstance(node, ast.FunctionDef) and node.name in tests:
                typed |= {
                    leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
                }
    assert set(ns.task_names) - typed == set()
