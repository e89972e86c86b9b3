"""What doctor says of rows that this user does not see, of views, and of a server that only reads: on real roles and tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batchdrain.cli.commands.doctor.database_checks import check_ids
from batchdrain.cli.commands.doctor.reach_checks import check_hidden_rows, check_takes_writes
from batchdrain.cli.commands.doctor.state_checks import check_writes
from batchdrain.model.errors import DatabaseUnavailable
from tests.cli.called import found_by
from tests.support.opened import opened
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
POSTGRESQL = on("database_url", ["postgresql"], indirect=True)
HIDDEN = "table 'phases' has row security: rows that its policies hide from this user are neither counted nor drained"
BYPASS = "if they are meant, drain as a user who may see and update all of them (BYPASSRLS)"
OTHERS = "rows of the other partitions are neither counted nor drained"


@pytest.fixture
def somebody(project: Workplace) -> Iterator[Workplace]:
    """The project as a user who owns nothing, and may read and write the table of phases."""
    role = f"{project.engine.url.database}_somebody"
    project.sql(f"CREATE ROLE {role} LOGIN")
    project.sql(f"GRANT ALL ON phases TO {role}")
    project.sql(f"GRANT ALL ON SCHEMA public TO {role}")
    try:
        yield Workplace(root=project.root, url=project.url.replace("postgres@", f"{role}@"))
    finally:
        project.sql(f"DROP OWNED BY {role}")
        project.sql(f"DROP ROLE {role}")


@POSTGRESQL
def test_row_security_hides_rows_and_that_is_told_to_whom_it_applies(project: Workplace, somebody: Workplace) -> None:
    project.fail("r/a", "q/b")
    assert found_by(check_hidden_rows, somebody, with_ledger=False) == []
    project.sql("ALTER TABLE phases ENABLE ROW LEVEL SECURITY")
    project.sql("CREATE POLICY mine ON phases USING (run_id = 'r')")
    assert found_by(check_hidden_rows, project, with_ledger=False) == []
    assert found_by(check_hidden_rows, somebody, with_ledger=False) == [("source", "warn", HIDDEN, BYPASS)]
    looked = somebody.inv("doctor")
    assert (looked.code, f"warn source: {HIDDEN}" in looked.out, "1 failed" in looked.out) == (0, True, True), looked


@POSTGRESQL
def test_rows_that_may_be_read_and_not_updated_are_not_said_to_be_missing(project: Workplace, somebody: Workplace) -> None:
    project.fail("r/a", "r/b", "q/c")
    project.sql("ALTER TABLE phases ENABLE ROW LEVEL SECURITY")
    project.sql("CREATE POLICY readers ON phases FOR SELECT USING (true)")
    found = found_by(check_writes, somebody, with_ledger=False)
    assert found
    assert all("the row of table 'phases' is not found again by its ids" in one[2] for one in found), found


@POSTGRESQL
def test_a_partition_is_told_with_the_table_whose_other_rows_are_not_drained(project: Workplace) -> None:
    project.sql("ALTER TABLE phases RENAME TO whole")
    project.sql("CREATE TABLE parted (LIKE whole) PARTITION BY LIST (run_id)")
    project.sql("CREATE TABLE phases PARTITION OF parted FOR VALUES IN ('r')")
    told = ("source", "warn", f"table 'phases' is one partition of parted: {OTHERS}", "map parted, if they are meant")
    assert found_by(check_hidden_rows, project) == [told]
    project.source = {"table": "parted"}
    assert found_by(check_hidden_rows, project) == []


@on("database_url", ["postgresql", "mariadb"], indirect=True)
@on(
    ("condition", "shows"),
    [
        ("", "every row of its table"),
        (" WHERE run_id = 'r'", "maybe not every row of its table, and the others are not drained"),
    ],
)
def test_a_view_that_can_be_updated_is_told_with_what_it_shows(project: Workplace, condition: str, shows: str) -> None:
    project.sql(f"CREATE VIEW seen AS SELECT * FROM phases{condition}")
    project.source = {"table": "seen"}
    told = f"view 'seen' can be updated: a drain writes through it; it shows {shows}"
    assert found_by(check_hidden_rows, project) == [("source", "ok", told, "")]


@on("database_url", ["postgresql", "mariadb"], indirect=True)
def test_a_view_whose_condition_leaves_out_what_a_drain_writes_names_the_cure(project: Workplace) -> None:
    project.fail("r/a")
    project.sql("CREATE VIEW failures AS SELECT * FROM phases WHERE state = 'FAILED'")
    project.source = {"table": "failures"}
    [(_, verdict, message, _)] = found_by(check_writes, project)
    assert (verdict, message.rpartition("; ")[2]) == ("fail", "does the view leave such rows out? Map the table behind it")
    assert project.states() == {"r/a": "FAILED"}


@POSTGRESQL
def test_a_server_that_only_reads_is_told_with_the_cure_and_nothing_else_is_tried(
    project: Workplace, somebody: Workplace
) -> None:
    project.fail("r/a")
    assert found_by(check_takes_writes, somebody, with_ledger=False) == []
    project.sql(f"ALTER ROLE {somebody.engine.url.username} SET default_transaction_read_only = on")
    with opened(somebody, with_ledger=False) as found, pytest.raises(DatabaseUnavailable, match="takes no writes") as caught:
        list(check_takes_writes(found))
    assert caught.value.remedy.startswith("connect to the primary, or as a user without that setting")
    looked = somebody.inv("doctor")
    assert (looked.code, looked.lines[-1], looked.out.count("FAIL")) == (75, "1 problem found.", 1), looked


@POSTGRESQL
def test_a_key_does_not_reach_the_rows_of_tables_that_inherit(project: Workplace) -> None:
    project.fail("r/a")
    project.sql("CREATE TABLE heir () INHERITS (phases)")
    project.sql("INSERT INTO heir (run_id, phase_id, state) VALUES ('r', 'a', 'FAILED')")
    assert found_by(check_ids, project) == [("ids", "fail", "r / a names 2 rows", "map columns that are unique together")]


@on("database_url", ["sqlite", "postgresql"], indirect=True)
@on("index", ["(run_id, phase_id) WHERE note = 'live'", "(run_id, lower(phase_id))"], ids=["partial", "expression"])
def test_an_index_of_some_rows_or_of_an_expression_is_no_key(project: Workplace, index: str) -> None:
    project.sql("DROP TABLE phases")
    project.sql(
        "CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, last_failure_reason TEXT, note TEXT)"
    )
    project.sql(f"CREATE UNIQUE INDEX one ON phases {index}")
    told = ("ids", "ok", "are unique now, though no key of the table says so", "")
    assert found_by(check_ids, project) == [told]
