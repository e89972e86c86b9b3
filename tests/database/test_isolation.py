"""What a transaction sees of others, and what an error shows of its values."""

from __future__ import annotations

import traceback

import pytest
import sqlalchemy as sa

from batchdrain.database.connection import open_database
from batchdrain.model.errors import BatchDrainError
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


def test_a_write_runs_in_read_committed_whatever_the_server_is_set_to(server_project: Workplace) -> None:
    """MariaDB stands on REPEATABLE READ by itself."""
    if server_project.url.startswith("postgresql"):
        name = sa.make_url(server_project.url).database
        server_project.sql(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    server_project.fail("r/p")
    with server_project.engine.connect() as plain:
        assert plain.get_isolation_level() != "READ COMMITTED"
    seen: list[str] = []

    def work(connection: sa.Connection) -> str:
        query = sa.text("SELECT state FROM phases")
        seen.append(connection.execute(query).scalar_one())
        server_project.sql("UPDATE phases SET state = 'COMPLETE'")
        seen.append(connection.execute(query).scalar_one())
        return connection.get_isolation_level()

    database = open_database(server_project.url)
    assert database.write(work) == "READ COMMITTED"
    database.close()
    assert seen == ["FAILED", "COMPLETE"]


def test_an_error_of_the_database_shows_no_bound_value_not_even_in_its_traceback(project: Workplace) -> None:
    column = "INTEGER PRIMARY KEY" if project.url.startswith("sqlite") else "VARCHAR(5)"
    project.sql(f"CREATE TABLE narrow (x {column})")
    canary = "-".join(["canary", "in", "a", "bound", "value"])

    database = open_database(project.url)
    with pytest.raises((BatchDrainError, sa.exc.IntegrityError)) as caught:  # SQLite's is one of integrity
        database.write(lambda connection: connection.execute(sa.text("INSERT INTO narrow (x) VALUES (:x)"), {"x": canary}))
    database.close()

    shown = "".join(traceback.format_exception(caught.value))
    assert ("INSERT INTO narrow" in shown, canary in shown) == (True, False), shown
