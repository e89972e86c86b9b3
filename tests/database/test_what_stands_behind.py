"""What stands behind a table, asked of the servers themselves: what keeps what was rolled back, and what a crash empties."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.storage import Remark, can_be_tried, examine_storage, require_transactions
from batchdrain.model.errors import ConfigError
from tests.support.workplace import Workplace

OURS = "run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INT, state VARCHAR(20), last_failure_reason VARCHAR(90)"


@pytest.fixture
def postgresql(tmp_path: Path, postgresql_url: str) -> Workplace:
    return Workplace(root=tmp_path, url=postgresql_url)


@pytest.fixture
def mariadb(tmp_path: Path, mariadb_url: str) -> Workplace:
    return Workplace(root=tmp_path, url=mariadb_url)


@contextmanager
def looked_at(place: Workplace, *names: str) -> Iterator[tuple[Database, list[sa.Table]]]:
    """`names`: of the tables; with a dot: of another schema."""
    database = open_database(place.url)
    try:
        yield database, [PhaseTable.reflect(database, Source.model_validate({"table": name})).table for name in names]
    finally:
        database.close()


def remarks(place: Workplace, *names: str) -> list[Remark]:
    with looked_at(place, *names) as (database, tables):
        found = examine_storage(database, tables)
        assert can_be_tried(database, tables) is not any(remark.keeps_what_is_tried for remark in found)
        return found


def said(place: Workplace, *names: str) -> list[tuple[str, str, bool, bool]]:
    return [(one.message, one.cure, one.is_refused, one.keeps_what_is_tried) for one in remarks(place, *names)]


def unlogged(name: str) -> tuple[str, str, bool, bool]:
    return f"{name} is UNLOGGED: the server empties it after a crash", f"ALTER TABLE {name} SET LOGGED", False, False


def test_nothing_is_to_be_said_of_a_file_of_sqlite(sqlite_project: Workplace) -> None:
    assert said(sqlite_project, "phases") == []


def test_what_a_crash_empties_is_named_wherever_it_stands(postgresql: Workplace) -> None:
    """The table itself, what is behind a view of a view, a partition, an heir of such a one; each once."""
    postgresql.sql(f"CREATE UNLOGGED TABLE plain ({OURS})")
    postgresql.sql(f'CREATE SCHEMA "Other"; CREATE UNLOGGED TABLE "Other".behind ({OURS})')
    postgresql.sql('CREATE VIEW middle AS SELECT * FROM "Other".behind')
    postgresql.sql("CREATE VIEW shown AS SELECT m.* FROM middle m JOIN middle n USING (run_id)")
    postgresql.sql(f"CREATE TABLE parent ({OURS}) PARTITION BY LIST (run_id)")
    postgresql.sql("CREATE TABLE part_a PARTITION OF parent FOR VALUES IN ('a')")
    postgresql.sql("CREATE UNLOGGED TABLE part_b PARTITION OF parent FOR VALUES IN ('b')")
    postgresql.sql(f"CREATE TABLE sound ({OURS})")
    assert said(postgresql, "plain") == [unlogged("plain")]
    assert said(postgresql, "shown") == [unlogged('"Other".behind')]
    assert said(postgresql, "Other.behind") == [unlogged('"Other".behind')]
    assert said(postgresql, "parent") == [unlogged("part_b")]
    assert said(postgresql, "part_a") == said(postgresql, "sound") == []
    assert said(postgresql, "plain", "sound", "parent") == [unlogged("plain"), unlogged("part_b")]


def test_a_foreign_table_is_tried_where_its_wrapper_ends_its_transaction_with_ours(postgresql: Workplace) -> None:
    known = {name for (name,) in postgresql.sql("SELECT name FROM pg_available_extensions")}
    if not {"file_fdw", "postgres_fdw"} <= known:
        pytest.skip("this server has no file_fdw, or no postgres_fdw")
    for wrapper in ("file_fdw", "postgres_fdw"):
        postgresql.sql(f"CREATE EXTENSION {wrapper}")
        postgresql.sql(f"CREATE SERVER of_{wrapper} FOREIGN DATA WRAPPER {wrapper}")
        options = "OPTIONS (filename '/dev/null')" if wrapper == "file_fdw" else ""
        postgresql.sql(f"CREATE FOREIGN TABLE by_{wrapper} ({OURS}) SERVER of_{wrapper} {options}")
        postgresql.sql(f"CREATE VIEW shown_{wrapper} AS SELECT * FROM by_{wrapper}")
    assert said(postgresql, "shown_postgres_fdw") == []
    [(message, cure, is_refused, keeps)] = said(postgresql, "shown_file_fdw")
    assert message.startswith("by_file_fdw is a foreign table of file_fdw: whether it is locked and rolled back with ours")
    assert (cure, is_refused, keeps) == ("map a table of this server", False, True)
    with looked_at(postgresql, "by_file_fdw") as (database, tables):
        require_transactions(database, tables)


@pytest.mark.parametrize("wrapper", ["postgres_fdw", "oracle_fdw", "mysql_fdw", "sqlite_fdw", "redis_fdw"])
def test_each_wrapper_that_ends_its_transaction_with_ours_is_known_by_its_name(postgresql: Workplace, wrapper: str) -> None:
    """A name is enough: nothing is read from the other server."""
    postgresql.sql(f"CREATE FOREIGN DATA WRAPPER {wrapper}; CREATE SERVER far FOREIGN DATA WRAPPER {wrapper}")
    try:
        postgresql.sql(f"CREATE FOREIGN TABLE far ({OURS}) SERVER far")
        assert [keeps for _, _, _, keeps in said(postgresql, "far")] == ([True] if wrapper == "redis_fdw" else [])
    finally:
        postgresql.sql(f"DROP FOREIGN DATA WRAPPER {wrapper} CASCADE")


def myisam(name: str, of: str | None = None) -> str:
    behind = "" if of is None else f", which is behind {of!r},"
    return f"table {name!r}{behind} has the engine MyISAM, which knows no transactions: nothing is rolled back there"


def test_a_table_without_transactions_is_refused_with_each_of_its_kind(mariadb: Workplace) -> None:
    mariadb.sql(f"CREATE TABLE `a``b` ({OURS}) ENGINE=MyISAM")
    mariadb.sql(f"CREATE TABLE b ({OURS}) ENGINE=MyISAM")
    mariadb.sql(f"CREATE TABLE sound ({OURS}) ENGINE=InnoDB")
    mariadb.sql("CREATE VIEW middle AS SELECT `a``b`.* FROM `a``b` JOIN sound USING (run_id) JOIN b USING (run_id)")
    mariadb.sql("CREATE VIEW shown AS SELECT m.* FROM middle m JOIN b ON b.run_id = m.run_id")
    assert said(mariadb, "sound") == []
    assert said(mariadb, "b") == [(myisam("b"), "ALTER TABLE b ENGINE=InnoDB", True, True)]
    assert sorted(said(mariadb, "shown")) == [
        (myisam("a`b", "shown"), "ALTER TABLE `a``b` ENGINE=InnoDB", True, True),
        (myisam("b", "shown"), "ALTER TABLE b ENGINE=InnoDB", True, True),
    ]
    with looked_at(mariadb, "b", "sound", "shown") as (database, tables), pytest.raises(ConfigError) as refused:
        require_transactions(database, tables)
    lines = refused.value.message.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"database {database.name}: table ") for line in lines)
    assert refused.value.remedy is not None
    assert (refused.value.remedy.count("ENGINE=InnoDB"), refused.value.remedy[-1]) == (3, "B")


def test_a_table_of_another_schema_is_named_with_it(mariadb: Workplace) -> None:
    other = f"{sa.make_url(mariadb.url).database}_beside"
    mariadb.sql(f"CREATE DATABASE {other}")
    try:
        mariadb.sql(f"CREATE TABLE {other}.behind ({OURS}) ENGINE=MyISAM")
        mariadb.sql(f"CREATE VIEW shown AS SELECT * FROM {other}.behind")
        cure = f"ALTER TABLE {other}.behind ENGINE=InnoDB"
        assert said(mariadb, "shown") == [(myisam("behind", "shown"), cure, True, True)]
        assert said(mariadb, f"{other}.behind")[0][0] == myisam("behind")
    finally:
        mariadb.sql(f"DROP DATABASE {other}")


@pytest.mark.parametrize("shows", ["the view between", "nothing"])
def test_a_view_behind_which_we_do_not_see_is_not_tried(mariadb: Workplace, shows: str) -> None:
    mariadb.sql(f"CREATE TABLE behind ({OURS}) ENGINE=MyISAM")
    mariadb.sql("CREATE VIEW middle AS SELECT * FROM behind")
    mariadb.sql("CREATE VIEW shown AS SELECT * FROM middle")
    url = sa.make_url(mariadb.url)
    user = f"{url.database}_v"[-32:]
    mariadb.sql(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'secret'")
    try:
        mariadb.sql(f"GRANT SELECT, UPDATE, SHOW VIEW ON `{url.database}`.shown TO '{user}'@'%'")
        if shows == "the view between":
            mariadb.sql(f"GRANT SELECT, UPDATE ON `{url.database}`.middle TO '{user}'@'%'")
        theirs = url.set(username=user, password="secret").render_as_string(hide_password=False)
        [(message, cure, is_refused, keeps)] = said(Workplace(root=mariadb.root, url=theirs), "shown")
    finally:
        mariadb.sql(f"DROP USER '{user}'@'%'")
    view, missing = ("middle", "SHOW VIEW") if shows == "the view between" else ("shown", "SELECT, SHOW VIEW")
    assert message.startswith(f"what is behind the view '{view}' is hidden from this user")
    assert (cure, is_refused, keeps) == (f"GRANT {missing} ON middle", False, True)
