"""What of a table may refuse a write is named before anything is written, and what can't is not."""

from __future__ import annotations

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.phases.write_risks import find_write_risks
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql")
TRIGGERS = {
    "sqlite": "CREATE TRIGGER {name} BEFORE {event} ON phases BEGIN SELECT 1; END",
    "postgresql": "CREATE TRIGGER {name} BEFORE {event} ON phases FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "mysql": "CREATE TRIGGER {name} BEFORE {event} ON phases FOR EACH ROW SET @x = 1",
}
WORDS = "'FAILED', 'EXECUTING', 'COMPLETE', 'QUEUED'"


def risks(project: Workplace) -> list[str]:
    database = open_database(project.url)
    try:
        with database.read() as connection:
            return find_write_risks(connection, PhaseTable.reflect(database, Source()))
    finally:
        database.close()


def trigger(project: Workplace, name: str, event: str) -> None:
    project.sql(TRIGGERS[project.engine.dialect.name].format(name=name, event=event))


def with_check(project: Workplace, check: str) -> None:
    project.sql("DROP TABLE phases")
    project.sql(
        "CREATE TABLE phases (run_id VARCHAR(200), phase_id VARCHAR(200), phase_index INTEGER, state VARCHAR(40), "
        f"last_failure_reason VARCHAR(400), note VARCHAR(40), CONSTRAINT it CHECK ({check}), PRIMARY KEY (run_id, phase_id))"
    )


def test_a_table_without_triggers_and_constraints_has_none(project: Workplace) -> None:
    assert risks(project) == []


def test_a_trigger_of_an_update_is_one_and_one_of_an_insert_or_a_delete_is_none(project: Workplace) -> None:
    if project.engine.dialect.name == "postgresql":  # its function is one of updates alone
        trigger(project, "checks", "UPDATE")
    else:
        for name, event in (("checks", "UPDATE"), ("on_update", "INSERT"), ("update_too", "DELETE")):
            trigger(project, name, event)
    assert risks(project) == ["trigger 'checks'"]


def test_a_trigger_of_columns_that_nobody_writes_is_none(project: Workplace) -> None:
    if project.engine.dialect.name == "mysql":
        pytest.skip("its triggers are of all columns")
    trigger(project, "others", "UPDATE OF run_id, phase_index")
    trigger(project, "ours", "UPDATE OF phase_index, state")
    assert risks(project) == ["trigger 'ours'"]


@pytest.mark.parametrize(
    ("check", "found"),
    [
        (f"state IN ({WORDS})", []),
        ("state IN ('FAILED', 'DONE')", ["constraint 'it'"]),
        ("length(last_failure_reason) < 300", ["constraint 'it'"]),
        ("phase_index > 0", []),
    ],
    ids=["words", "other words", "reason", "index"],
)
def test_a_constraint_is_one_where_it_speaks_of_what_is_written_and_does_not_just_list_the_words(
    project: Workplace, check: str, found: list[str]
) -> None:
    with_check(project, check)
    assert risks(project) == found


def test_a_dry_run_says_up_to_where_only_a_write_tells(project: Workplace) -> None:
    project.fail("a/p", "b/q")
    before = project.inv("dry-run")
    trigger(project, "checks", "UPDATE")
    text, plan = project.inv("dry-run").out, project.inv("dry-run", "--format=json").json()
    chain = project.inv("--dry", "drain-all").out

    assert "Would drain 2 of 2" in before.out
    for told in (text, chain):
        assert "Would drain up to 2 of 2" in told, told
        assert "  fewer if the table refuses a write: trigger 'checks'; `inv doctor` tries them on a row\n" in told
    assert (plan["would_drain"], plan["is_upper_bound"], plan["may_refuse"]) == (2, True, ["trigger 'checks'"])
    project.configure(command={"result_from": "database"})
    assert "Would drain 2 of 2" in project.inv("dry-run").out
