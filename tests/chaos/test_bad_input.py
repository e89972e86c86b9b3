"""Each kind of bad input has tests, which are there under the names that the table has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.chaos.bad_input import BAD_INPUT

TESTS = Path(__file__).parents[1]
NAMES = {
    name for path in TESTS.rglob("test_*.py") for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
}


@pytest.mark.parametrize("kind", BAD_INPUT)
def test_each_kind_of_bad_input_is_tried_by_tests_that_are_there(kind: str) -> None:
    named = BAD_INPUT[kind]
    assert named, "a row without a test promises nothing"
    assert [name for name in named if name not in NAMES] == []
