"""Which keys of the users' table say that its ids are unique; without one twins are looked for."""

from __future__ import annotations

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.phases.row_counts import find_duplicate_ids, has_unique_ids, read_ambiguous_ids
from batchdrain.database.phases.table import PhaseTable
from tests.support.workplace import Workplace

COLUMNS = "run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, last_failure_reason TEXT"


@pytest.mark.parametrize(
    ("key", "is_unique"),
    [
        ("UNIQUE INDEX i ON steps (run_id, phase_id)", True),
        ("UNIQUE INDEX i ON steps (phase_id)", True),
        ("UNIQUE INDEX i ON steps (run_id, phase_id, state)", False),
        ("UNIQUE INDEX i ON steps (run_id, phase_id) WHERE state = 'QUEUED'", False),
        ("UNIQUE INDEX i ON steps (run_id, lower(phase_id))", False),
        ("INDEX i ON steps (run_id, phase_id)", False),
    ],
)
def test_only_a_key_over_the_ids_alone_and_over_all_rows_forbids_twins(
    sqlite_project: Workplace, key: str, is_unique: bool
) -> None:
    sqlite_project.sql(f"CREATE TABLE steps ({COLUMNS})")
    sqlite_project.sql(f"CREATE {key}")
    database = open_database(sqlite_project.url)
    table = PhaseTable.reflect(database, Source(table="steps"))
    may_have_twins = not is_unique and "lower" not in key
    for state in ("FAILED", "COMPLETE") if may_have_twins else ("FAILED",):
        sqlite_project.sql(f"INSERT INTO steps VALUES ('r', 'p', 0, '{state}', NULL), ('r', '{state}', 1, '{state}', NULL)")
    twins = {("r", "p")} if may_have_twins else set()
    with database.read() as connection:
        found = read_ambiguous_ids(connection, table, most=9)
        first = find_duplicate_ids(connection, table)
    database.close()
    assert (has_unique_ids(table), set(found), first is not None) == (is_unique, twins, bool(twins))
