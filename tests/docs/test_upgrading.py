"""docs/upgrading.md lists what each version of batchdrain's own tables added."""

from __future__ import annotations

import re

from batchdrain.database.ledger.tables import ADDED, ADDED_TABLES, SCHEMA_VERSION
from tests.docs.pages import DOCS, text_of

NAMES = re.compile(r"`([a-z_]+)`")


def told() -> set[tuple[int, str, str]]:
    """(version, table, column); '' for a table that is new itself."""
    rows = re.findall(r"^\| (\d) \| (.+) \| (.+) \| .+ \|$", text_of(DOCS / "upgrading.md"), re.MULTILINE)
    return {
        (int(version), table, column)
        for version, tables, added in rows
        for table in NAMES.findall(tables)
        for column in NAMES.findall(added) or [""]
    }


def test_the_page_lists_the_columns_and_tables_of_every_version() -> None:
    columns = {(since, table, column) for since, by in ADDED.items() for table in by for column in by[table]}
    tables = {(since, table, "") for since, names in ADDED_TABLES.items() for table in names}
    first = {(1, f"batchdrain_{name}", "") for name in ("meta", "claim", "attempt")}
    assert told() == columns | tables | first


def test_the_page_names_the_present_version() -> None:
    assert f"batchdrain's own tables now have version {SCHEMA_VERSION}." in text_of(DOCS / "upgrading.md")
