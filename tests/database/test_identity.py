"""Another table that takes the name of the mapped one is told where the database shows it, and one that only moved never is."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.phases.change import find_change
from batchdrain.database.phases.table import PhaseTable
from tests.support.workplace import Workplace

TABLE = "CREATE TABLE {} (run_id VARCHAR(200), phase_id VARCHAR(200), phase_index INTEGER, state VARCHAR(40), last_failure_reason TEXT)"
SWAP = (
    TABLE.format("phases_new"),
    "INSERT INTO phases_new SELECT * FROM phases",
    "ALTER TABLE phases RENAME TO phases_old",
    "ALTER TABLE phases_new RENAME TO phases",
)
DROPPED = (*SWAP[:2], "DROP TABLE phases", SWAP[3])
OLDER = ("ALTER TABLE phases RENAME TO phases_old", "ALTER TABLE older RENAME TO phases")
EVERY = ("sqlite", "postgresql", "mysql")


@pytest.mark.parametrize(
    ("statements", "of", "is_told"),
    [
        (SWAP, EVERY, EVERY),
        (DROPPED, EVERY, ("sqlite", "postgresql")),
        (OLDER, EVERY, EVERY),
        (("DROP TABLE older", "VACUUM"), ("sqlite",), ()),
        ((*SWAP, "VACUUM"), ("sqlite",), ("sqlite",)),
        (("VACUUM FULL phases",), ("postgresql",), ()),
        (("OPTIMIZE TABLE phases",), ("mysql",), ()),
        (("ALTER TABLE phases ENGINE=InnoDB",), ("mysql",), ()),
        (("ALTER TABLE phases ADD more INTEGER", "CREATE INDEX by_index ON phases (phase_index)"), EVERY, ()),
    ],
    ids=[
        "swapped",
        "dropped",
        "an older one",
        "vacuum",
        "swapped and vacuum",
        "vacuum full",
        "optimize",
        "rebuilt",
        "altered",
    ],
)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_another_table_of_the_same_columns_is_told_and_one_that_only_moved_is_not(
    database_url: str, tmp_path: Path, statements: tuple[str, ...], of: tuple[str, ...], is_told: tuple[str, ...]
) -> None:
    place = Workplace(root=tmp_path, url=database_url)
    dialect = place.engine.dialect.name
    if dialect not in of:
        pytest.skip("another database's word")
    assert (find_of(place, database_url, statements) is not None) is (dialect in is_told)


def test_a_user_without_the_right_to_the_catalogue_is_told_nothing(tmp_path: Path, mariadb_url: str) -> None:
    place, url = Workplace(root=tmp_path, url=mariadb_url), sa.make_url(mariadb_url)
    user = f"{url.database}_u"[-32:]
    place.sql(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'secret'")
    try:
        place.sql(f"GRANT ALL ON `{url.database}`.* TO '{user}'@'%'")
        theirs = url.set(username=user, password="secret").render_as_string(hide_password=False)
        assert find_of(place, theirs, SWAP) is None
    finally:
        place.sql(f"DROP USER '{user}'@'%'")


def find_of(place: Workplace, url: str, statements: tuple[str, ...]) -> str | None:
    """What is told once the statements were executed beside whoever opened the table."""
    for name in ("older", "phases"):
        place.sql(TABLE.format(name))
    place.fail("r/a", "r/b")
    database = open_database(url)
    try:
        table = PhaseTable.reflect(database, Source())
        with place.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        with database.read() as connection:
            found = find_change(connection, table)
    finally:
        database.close()
    return None if found is None else found.message
