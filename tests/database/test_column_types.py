"""Ids and states of every type: a row that is read is found again, counted and written by what was read, or the type is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.phases.checks import require_usable
from batchdrain.database.phases.row_counts import count_by_run, count_by_run_and_state, find_duplicate_ids
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.errors import ConfigError
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from tests.chaos.faults import fault

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

FOUND = {
    "postgresql": {
        "SMALLINT": ["7", "-7"],
        "BIGINT": ["9223372036854775807"],
        "OID": ["7"],
        "NUMERIC": ["1.50", "1.5000", "'NaN'", "123456789012345678901234567890.000000000001"],
        "NUMERIC(12,4)": ["1.5", "-0.0001"],
        "UUID": ["'11111111-2222-3333-4444-55555555AAAA'"],
        "BOOLEAN": ["true", "false"],
        "DATE": ["'2026-01-31'", "'infinity'", "'0044-03-15 BC'"],
        "TIME": ["'10:11:12.131415'"],
        "TIMESTAMP": ["'2026-01-31 10:11:12.131415'", "'-infinity'"],
        "TIMESTAMPTZ": ["'2026-01-31 10:11:12.131415+07'", "'infinity'", "'294276-12-31 23:59:59Z'"],
        "INET": ["'10.0.0.1/8'", "'::1'"],
        "CIDR": ["'10.0.0.0/8'"],
        "MACADDR": ["'08:00:2b:01:02:03'"],
        "BIT(8)": ["B'10101010'"],
        "VARBIT": ["B'1'"],
        "CHAR(9)": ["'padded'", "'Padded'", "' x'"],
        '"char"': ["'c'"],
        "NAME": ["'name'"],
        "mood": ["'Sad'", "'sad'", "'it''s %s'"],
        "shape": ["'FAILED'", "'Failed'"],
        "citext": ["'A'", "'ä'"],
        "yard": ["'A'"],
        'TEXT COLLATE "loose"': ["'A'"],
        "VARCHAR(200)": ["'a b '", "'%s'", "'ünï'"],
    },
    "mariadb": {
        "TINYINT(1)": ["1", "0"],
        "BIGINT UNSIGNED": ["18446744073709551615"],
        "INT(5) ZEROFILL": ["7"],
        "DECIMAL(30,10)": ["1.5", "12345678901234567890.0000000001"],
        "DATE": ["'2026-01-31'"],
        "DATETIME": ["'2026-01-31 10:11:12'"],
        "DATETIME(6)": ["'2026-01-31 10:11:12.131415'"],
        "TIMESTAMP(3) NULL": ["'2026-01-31 10:11:12.131'"],
        "TIME(6)": ["'-100:11:12.131415'"],
        "YEAR": ["2026"],
        "UUID": ["'11111111-2222-3333-4444-55555555AAAA'"],
        "INET6": ["'::1'"],
        "ENUM('Sad','glad','it''s')": ["'Sad'", "'it''s'"],
        "JSON": ["'{\"a\": 1}'"],
        "CHAR(20)": ["'padded'"],
        "VARCHAR(200)": ["'A'", "'a '", "'ä'", "'%s'"],
        "VARCHAR(200) COLLATE utf8mb4_bin": ["'A '"],
        "VARCHAR(200) CHARACTER SET latin1": ["'ä'", "'A'"],
        "MEDIUMTEXT": ["'A'"],
    },
    "sqlite": {
        kind: ["7", "'abc'", "1.5", "0.1", "1e300", "'legacy-1'", "'2026-01-31 10:11:12'", "9223372036854775807", "'1e5x'"]
        for kind in ("UUID", "STRING", "GUID", "ENUM", "DATETIME", "TIMESTAMP", "DATE", "BOOLEAN", "DECIMAL(10,2)", "BLOB",
                     "", "REAL", "INTEGER", "TEXT COLLATE NOCASE", "VARCHAR(9) COLLATE RTRIM", "ANY", "BINARY(16)", "FLOAT", "MONEY")
    },
}  # fmt: skip
REFUSED = {
    "postgresql": {"REAL": "0.1", "DOUBLE PRECISION": "0.1", "MONEY": "1", "JSON": "'1'", "JSONB": "'1'", "TEXT[]": "'{a}'",
                   "INT4RANGE": "'[1,2)'", "BYTEA": "'x'", "XML": "'<a/>'", "INTERVAL": "'1 day'", "POINT": "'(1,2)'",
                   "TSVECTOR": "'a'", "length": "0.1", "rowish": "ROW(1, 'a')"},
    "mariadb": {"FLOAT": "0.1", "DOUBLE": "0.1", "SET('a','b')": "'a,b'", "BIT(8)": "b'1'", "VARBINARY(9)": "'x'", "BLOB": "'x'",
                "POINT": "POINT(1, 2)"},
    "sqlite": {"JSON": "'1'", "JSONB": "'1'"},
}  # fmt: skip
TYPES = (
    "CREATE EXTENSION IF NOT EXISTS citext",
    "CREATE TYPE mood AS ENUM ('Sad', 'sad', 'it''s %s')",
    "CREATE DOMAIN shape AS VARCHAR(20) CHECK (length(VALUE) > 1)",
    "CREATE DOMAIN yard AS citext",
    "CREATE DOMAIN length AS REAL",
    "CREATE TYPE rowish AS (a INT, b TEXT)",
    "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
)


OPTIONAL = frozenset({"citext", "yard", 'TEXT COLLATE "loose"'})  #: of a server with contrib, and with ICU


def cases(of: Mapping[str, Mapping[str, object]]) -> list[object]:
    return [pytest.param(name, kind, id=f"{name}-{kind}") for name, kinds in of.items() for kind in kinds]


@contextmanager
def reflected(
    url: str, columns: str, *rows: str, source: Mapping[str, object] | None = None
) -> Iterator[tuple[Database, PhaseTable]]:
    """A table of these columns with these rows, as batchdrain sees it."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in TYPES if url.startswith("postgresql") else ():
            with suppress(sa.exc.DBAPIError), connection.begin_nested():
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"CREATE TABLE odd ({columns})")
        for row in rows:
            connection.exec_driver_sql(f"INSERT INTO odd VALUES ({row})")
    database = open_database(url)
    try:
        yield database, PhaseTable.reflect(database, Source.model_validate({"table": "odd", **(source or {})}))
    finally:
        database.close()


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{request.getfixturevalue('on')}_url")
    return found


def keys_in(database: Database, table: PhaseTable, state: PhaseState) -> list[PhaseKey]:
    with database.read() as connection:
        return [PhaseKey(row[0], row[1]) for page in table.read_pages(connection, state) for row in page.rows]


def require_each_found_once(database: Database, table: PhaseTable, rows: int) -> None:
    """Every row is read, found by what was read, and is the only one that is then written, and counted."""
    keys = keys_in(database, table, PhaseState.FAILED)
    assert len(set(keys)) == len(keys) == rows, keys
    for key in keys:
        require_only_one_written(database, table, key)
    assert sorted(keys_in(database, table, PhaseState.COMPLETE)) == sorted(keys)
    with database.read() as connection:
        assert count_by_run(connection, table, PhaseState.COMPLETE) == {key.run_id: 1 for key in keys}
        complete = table.states[PhaseState.COMPLETE].write
        assert count_by_run_and_state(connection, table) == {(key.run_id, complete): 1 for key in keys}
        assert find_duplicate_ids(connection, table) is None


def require_only_one_written(database: Database, table: PhaseTable, key: PhaseKey) -> None:
    executing, complete = table.states[PhaseState.EXECUTING].write, table.states[PhaseState.COMPLETE].write
    with database.read() as connection:
        prior = table.read_row_state(connection, key)
    assert prior is not None, key
    assert database.write(lambda connection: table.take(connection, key, prior)) == 1, key
    assert keys_in(database, table, PhaseState.EXECUTING) == [key]
    assert database.write(lambda connection: table.finish(connection, key, executing, complete, reason="x")) == 1, key


@fault(51)
@pytest.mark.parametrize(("on", "kind"), cases(FOUND))
def test_an_id_of_any_type_that_can_name_a_row_names_exactly_it(url: str, on: str, kind: str) -> None:
    rows = [f"{value}, 'p', 1, 'FAILED', NULL" for value in FOUND[on][kind]]
    columns = f"run_id {kind}, phase_id VARCHAR(20), phase_index INT, state VARCHAR(20), last_failure_reason TEXT"
    try:
        with reflected(url, columns, *rows) as (database, table):
            require_usable(table)
            require_each_found_once(database, table, len(rows))
    except sa.exc.DBAPIError:
        if kind not in OPTIONAL:
            raise
        pytest.skip(f"this server has no {kind}")


@fault(51)
@pytest.mark.parametrize(("on", "kind"), cases(REFUSED))
@pytest.mark.parametrize("column", ["run_id", "state"])
def test_a_type_that_can_not_name_a_row_is_refused(url: str, on: str, kind: str, column: str) -> None:
    columns = f"run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INT, {column}_ {kind}, state VARCHAR(20)"
    mapped = {column: f"{column}_", "last_failure_reason": None}
    with (
        reflected(url, columns, source={"columns": mapped}) as (_, table),
        pytest.raises(ConfigError, match=f"columns.{column}: column '{column}_' holds"),
    ):
        require_usable(table)
