"""A table of ours that lacks a column, as one that an unreleased batchdrain made: a line, and a cure that can be followed."""

from __future__ import annotations

import pytest

from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


def cure_of(project: Workplace, table: str, column: str) -> str:
    looked = project.inv("doctor")
    said = [number for number, line in enumerate(looked.lines) if f"{table} has no column {column}: it was dropped" in line]
    assert (looked.code, len(said)) == (78, 1), looked
    return looked.lines[said[0] + 1].strip()


def require_told(project: Workplace) -> None:
    for argv in (("drain",), ("status",), ("recover",)):
        ran = project.inv(*argv)
        assert "Traceback" not in ran.err, ran
        assert ran.code in {0, 78}, ran


@pytest.mark.parametrize("column", ["host", "from_example"])
def test_a_column_that_may_be_empty_is_put_back_by_the_statement_that_doctor_prints(project: Workplace, column: str) -> None:
    project.fail("r/p")
    project.inv("drain")
    project.sql(f"ALTER TABLE batchdrain_attempt DROP COLUMN {column}")
    project.fail("r/q")
    require_told(project)

    cure = cure_of(project, "batchdrain_attempt", column)
    assert cure.startswith("restore it, or add it empty: ALTER TABLE "), cure
    project.sql(cure.removeprefix("restore it, or add it empty: ").replace("`", '"'))

    assert project.inv("drain").code == 0
    assert project.states() == {"r/p": "COMPLETE", "r/q": "COMPLETE"}
    assert project.inv("doctor").code == 0


@pytest.mark.parametrize(("table", "column"), [("batchdrain_session", "progress"), ("batchdrain_group", "taken")])
def test_a_table_of_who_drains_now_is_made_anew(project: Workplace, table: str, column: str) -> None:
    project.fail("r/p")
    project.inv("drain")
    project.sql(f"ALTER TABLE {table} DROP COLUMN {column}")
    project.fail("r/q")
    require_told(project)

    cure = cure_of(project, table, column)
    assert cure == f"restore it; or end all drains, and DROP TABLE {table}: the next drain creates it again, empty"
    project.sql(f"DROP TABLE {table}")

    assert project.inv("drain", "--group=g").code == 0
    assert set(project.states().values()) == {"COMPLETE"}
    assert project.inv("doctor").code == 0


def test_a_table_without_which_nothing_can_be_settled_is_said_to_be_so(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/p")
    sqlite_project.inv("drain")
    sqlite_project.sql("ALTER TABLE batchdrain_claim DROP COLUMN attempts")
    assert cure_of(sqlite_project, "batchdrain_claim", "attempts") == ("restore it: drains and recovery need it")
