"""What a collection of the tests would try, by fault: printed as JSON instead of the tests' names."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from tests.chaos.faults import EACH

KEY = "tried: "
Counts = dict[int, dict[str, int]]


def counted(items: Iterable[pytest.Item]) -> Counts:
    """How often on each database, and how many cases: tests and their parameters, but for repetitions and databases."""
    tried: Counts = defaultdict(lambda: dict.fromkeys(EACH, 0))
    cases: dict[int, set[str]] = defaultdict(set)
    for item in items:
        for mark in item.iter_markers("fault"):
            number, each = mark.args
            tried[number][_database(item)] += each
            cases[number].add(_case(item))
    return {number: {**tried[number], "cases": len(cases[number])} for number in tried}


def pytest_collection_finish(session: pytest.Session) -> None:
    print(f"\n{KEY}{json.dumps(counted(session.items))}")


def _database(item: pytest.Item) -> str:
    """Of those that a test is repeated on; SQLite where it is not."""
    on = [value for value in _parameters(item).values() if value in EACH]
    return on[0] if on else EACH[0]


def _case(item: pytest.Item) -> str:
    parameters = _parameters(item).items()
    own = [f"{name}={value!r}" for name, value in parameters if name != "again" and value not in EACH]
    return " ".join([item.nodeid.partition("[")[0], *sorted(own)])


def _parameters(item: pytest.Item) -> dict[str, Any]:
    spec: Any = getattr(item, "callspec", None)
    return {} if spec is None else spec.params
