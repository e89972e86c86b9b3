"""What each error of the drivers is taken for: provoked at a real database, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from batchdrain.database.driver_error_table import DRIVER_ERRORS, Code, Meaning, find_driver_error
from batchdrain.database.driver_errors import code_of, meaning_of, to_batchdrain_error
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable, FilesUnavailable
from tests.chaos.faults import fault
from tests.database.provoking import NATURAL, NOT_TO_BE_PROVOKED, all_codes, provoke
from tests.support import servers
from tests.support.databases import own_database

NAMES = {"mysql": "mariadb", "postgresql": "postgresql", "sqlite": "sqlite"}
PROVOKED = [(NAMES[database], code) for database, code in all_codes() if (database, code) not in NOT_TO_BE_PROVOKED]
EXIT: dict[Meaning, type[BatchDrainError]] = {
    Meaning.OUTAGE: DatabaseUnavailable,
    Meaning.CONFLICT: DatabaseUnavailable,
    Meaning.LOCK: DatabaseUnavailable,
    Meaning.LOST_CLAIM: ConfigError,
    Meaning.ROW: ConfigError,
    Meaning.CONFIGURATION: ConfigError,
    Meaning.ACCESS: ConfigError,
    Meaning.FILES: FilesUnavailable,
}
"""What becomes of it where no row is concerned, and nothing was reached before."""


@pytest.fixture(scope="module")
def postgresql_engine(postgresql_server: URL) -> Iterator[sa.Engine]:
    with own_database(postgresql_server) as url:
        yield from _engine(url)


@pytest.fixture(scope="module")
def mariadb_engine() -> Iterator[sa.Engine]:
    server = servers.mariadb()
    if server is None:
        pytest.skip("no MariaDB answers")
    with own_database(server) as url:
        yield from _engine(url)


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[sa.Engine]:
    yield from _engine(f"sqlite:///{tmp_path / 'work.db'}")


def _engine(url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    yield engine
    engine.dispose()


def test_each_code_stands_once_and_is_provoked_or_it_is_said_why_not() -> None:
    codes = list(all_codes())
    assert len(set(codes)) == len(codes)
    assert set(NOT_TO_BE_PROVOKED) | set(NATURAL) <= set(codes)
    assert not set(NOT_TO_BE_PROVOKED) & set(NATURAL)
    unsaid = [one for one in codes if one[0] == "sqlite" and one not in NOT_TO_BE_PROVOKED and one not in NATURAL]
    assert unsaid == [], "SQLite raises nothing by its number"


def test_each_meaning_has_errors_of_each_server() -> None:
    for database in ("postgresql", "mysql"):
        assert {error.meaning for error in DRIVER_ERRORS if error.database == database} == set(Meaning) - {Meaning.FILES}


@fault(58)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
@pytest.mark.parametrize(("database", "code"), PROVOKED, ids=[f"{database}-{code}" for database, code in PROVOKED])
def test_an_error_of_a_driver_is_taken_for_what_the_table_says(
    request: pytest.FixtureRequest, database: str, code: Code
) -> None:
    engine: sa.Engine = request.getfixturevalue(f"{database}_engine")
    with pytest.raises(sa.exc.DBAPIError) as caught:
        provoke(engine, code)

    known = find_driver_error(engine.dialect.name, code)
    assert known is not None
    found = code_of(caught.value.orig)
    if found is not None:  # what a server refuses at the door, psycopg tells as a text alone
        assert find_driver_error(*found) is known, caught.value
    else:
        assert (database, known.meaning) in {("postgresql", Meaning.ACCESS), ("postgresql", Meaning.OUTAGE)}, caught.value
    assert meaning_of(caught.value) is known.meaning
    assert isinstance(to_batchdrain_error(caught.value, "here"), EXIT[known.meaning])


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
@pytest.mark.parametrize(("database", "code"), [("postgresql", "3D"), ("mariadb", 1049), ("sqlite", 14)])
def test_what_refuses_us_is_an_outage_once_it_let_us_in_before(
    request: pytest.FixtureRequest, database: str, code: Code
) -> None:
    """A database that is put back, a password that another replica knows: it was right a moment ago."""
    with pytest.raises(sa.exc.DBAPIError) as caught:
        provoke(request.getfixturevalue(f"{database}_engine"), code)

    assert isinstance(to_batchdrain_error(caught.value, "here"), ConfigError)
    assert isinstance(to_batchdrain_error(caught.value, "here", was_reached=True), DatabaseUnavailable)
