"""The table of the drivers' errors in docs/databases.md is the one that the code goes by."""

from __future__ import annotations

from batchdrain.database.driver_error_table import DRIVER_ERRORS, DriverError, Meaning
from tests.docs.pages import ROOT

HEADING = "## Errors of the drivers"
NAMES = {"postgresql": "PostgreSQL", "mysql": "MariaDB, MySQL", "sqlite": "SQLite"}


def row_of(error: DriverError) -> str:
    codes = " ".join(f"{code}…" if isinstance(code, str) and len(code) == 2 else str(code) for code in error.codes)
    return f"| {NAMES[error.database]} | {codes} | {error.meaning} | {error.what} |"


def section() -> str:
    return (ROOT / "docs" / "databases.md").read_text().partition(HEADING)[2].partition("\n## ")[0]


def test_the_page_has_each_error_of_the_table_and_no_other() -> None:
    rows = [line for line in section().splitlines() if line.startswith(tuple(f"| {name} |" for name in NAMES.values()))]
    assert rows == [row_of(error) for error in DRIVER_ERRORS]


def test_the_page_says_what_is_done_about_each_meaning() -> None:
    assert all(f"| {meaning} | " in section() for meaning in Meaning)
