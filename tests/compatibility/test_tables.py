"""batchdrain's tables are made as bd1f117 made them: on each database, column by column."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from batchdrain.database.ledger.tables import ADDED
from tests.compatibility.placing import Left
from tests.support.workplace import Workplace

ADDED_SINCE = {column for by in ADDED.values() for columns in by.values() for column in columns}
TABLES = ("batchdrain_meta", "batchdrain_claim", "batchdrain_attempt")


def test_the_tables_of_today_are_the_tables_of_bd1f117(left_anywhere: Left, tmp_path: Path) -> None:
    work = left_anywhere.work
    then = described(work)
    assert [len(table["columns"]) for table in then.values()] == [2, 17, 25]
    for table in TABLES:
        work.sql(f"DROP TABLE {table}")

    assert work.inv("drain", "--run-id=release-1").code == 0  # makes them anew

    assert described(work, but=ADDED_SINCE) == then


def described(project: Workplace, but: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """The tables without the columns `but`."""
    with project.engine.connect() as connection:
        inspector = sa.inspect(connection)
        found = {
            table: {
                "columns": [
                    (column["name"], repr(column["type"]), column["nullable"], column["default"])
                    for column in inspector.get_columns(table)
                    if column["name"] not in but
                ],
                "key": inspector.get_pk_constraint(table)["constrained_columns"],
                "indexes": sorted(
                    (index["name"], index["column_names"], index["unique"]) for index in inspector.get_indexes(table)
                ),
                "ddl": "",
            }
            for table in TABLES
        }
        for table in TABLES if project.engine.dialect.name != "postgresql" else ():
            found[table]["ddl"] = _without(but, _ddl(connection, table))
    return found


def _without(columns: Collection[str], ddl: str) -> str:
    for column in columns:
        ddl = re.sub(rf" [`\"]?{column}[`\"]? [^,]*,", "", ddl)
    return ddl


def _ddl(connection: sa.Connection, table: str) -> str:
    """As the database itself tells it."""
    if connection.dialect.name == "sqlite":
        text = connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{table}'").scalar_one()
    else:
        text = connection.exec_driver_sql(f"SHOW CREATE TABLE {table}").one()[1]
    return re.sub(r"\s+", " ", str(text))
