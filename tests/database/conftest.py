"""A database with the ledger, on each server; the transactions also behind a pooler."""

import pytest

from tests.conftest import DATABASES
from tests.database.bench import bench, database_mode
from tests.database.book import book

__all__ = ["bench", "book", "database_mode"]

_POOLED_TOO = {
    "test_beats",
    "test_claims",
    "test_isolation",
    "test_lessons",
    "test_locked_rows",
    "test_notes",
    "test_recovery",
}
"""What a drain does in transactions: a pooler must not change it."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames:
        pooled = ("pgbouncer",) if metafunc.module.__name__.rpartition(".")[2] in _POOLED_TOO else ()
        metafunc.parametrize("database_url", [*DATABASES, *pooled], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The one that is asked for above."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
