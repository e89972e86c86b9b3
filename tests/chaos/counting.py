"""What a collection of the tests would try, by fault and database: printed as JSON instead of the tests' names."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest

from tests.chaos.faults import EACH

KEY = "tried: "


def pytest_collection_finish(session: pytest.Session) -> None:
    tried: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(EACH, 0))
    for item in session.items:
        for mark in item.iter_markers("fault"):
            number, each = mark.args
            tried[number][_database(item)] += each
    print(f"\n{KEY}{json.dumps(tried)}")


def _database(item: pytest.Item) -> str:
    """Of those that a test is repeated on; SQLite where it is not."""
    spec: Any = getattr(item, "callspec", None)
    on = [] if spec is None else [value for value in spec.params.values() if value in EACH]
    return on[0] if on else EACH[0]
