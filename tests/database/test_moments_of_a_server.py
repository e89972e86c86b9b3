"""A trigger may raise what otherwise a server says of its moment: the row alone is set aside where the server takes other writes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from batchdrain.database.connection import Database, open_database
from batchdrain.database.driver_errors import RowLocked
from batchdrain.model.errors import ConfigError, DatabaseUnavailable
from tests.database.test_what_errors_mean import Postgres, raised

SAYS = "DO $$ BEGIN RAISE EXCEPTION 'not this row' USING ERRCODE = '%s'; END $$"


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Database]:
    found = open_database(postgresql_url)
    yield found
    found.close()


class Work:
    """What a trigger raises so often; then 7."""

    def __init__(self, code: str, times: int = 99) -> None:
        self.code, self.times, self.sessions = code, times, list[int]()

    def __call__(self, connection: sa.Connection) -> int:
        self.sessions.append(int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()))
        if len(self.sessions) <= self.times:
            connection.exec_driver_sql(SAYS % self.code)
        return 7


@pytest.mark.parametrize("code", ["25006", "08006"])
def test_a_row_whose_trigger_says_so_twice_can_not_be_had_and_nothing_else_is_said_to_be_wrong(
    database: Database, code: str
) -> None:
    work = Work(code)
    with pytest.raises(RowLocked, match="not this row"):
        database.write(work, may_wait=False)
    assert len(set(work.sessions[-2:])) == 2, "it was tried once more, in a new session"
    assert database.write(lambda _: 7) == 7


def test_a_session_that_began_in_a_read_only_moment_is_left_for_another_one(database: Database) -> None:
    work = Work("25006", 1)
    assert database.write(work, may_wait=False) == 7
    assert len(set(work.sessions)) == len(work.sessions) == 2


def test_a_server_that_takes_no_write_at_all_is_an_outage(database: Database) -> None:
    with database.read() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
    admin = sa.create_engine(database.url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    database.engine.dispose()
    work = Work("25006")
    with pytest.raises(DatabaseUnavailable):
        database.write(work, may_wait=False)


def test_what_may_wait_is_no_matter_of_one_row(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="not this row"):
        database.write(Work("25006"))


@pytest.mark.parametrize(("error", "becomes", "kept"), [("53300", DatabaseUnavailable, 0), ("42P01", ConfigError, 1)])
def test_after_an_outage_the_next_try_may_find_another_server(
    database: Database, error: str, becomes: type[Exception], kept: int
) -> None:
    """After a failover the present one stays read-only: no connection to it is used again."""
    with pytest.raises(becomes), database.read():
        raise raised(Postgres(error))
    assert database.engine.pool.checkedin() == kept  # type: ignore[attr-defined]
