"""A row that is read, and not found again by its ids: the doctor tells it, and a drain that could do nothing does not look well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.faults import fault
from tests.support.workplace import Workplace


@pytest.fixture
def hidden(postgresql_url: str, tmp_path: Path) -> Iterator[Workplace]:
    """A user to whom a policy shows the phases named 'hidden', and lets them not be updated."""
    project = Workplace(root=tmp_path, url=postgresql_url)
    role = f"drainer_{postgresql_url[-8:]}"
    project.make_table()
    for statement in (
        f"CREATE ROLE {role} LOGIN",
        f"GRANT ALL ON SCHEMA public TO {role}",
        f"GRANT ALL ON phases TO {role}",
        "ALTER TABLE phases ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY look ON phases FOR SELECT TO {role} USING (true)",
        f"CREATE POLICY change ON phases FOR UPDATE TO {role} USING (phase_id <> 'hidden')",
    ):
        project.sql(statement)
    project.configure(database_url=postgresql_url.replace("postgres@", f"{role}@"))
    yield project
    project.sql(f"DROP OWNED BY {role}")
    project.sql(f"DROP ROLE {role}")


@fault(52)
def test_a_row_that_can_not_be_found_again_is_told_before_anything_is_executed(hidden: Workplace) -> None:
    hidden.fail("r/hidden")

    looked, ran = hidden.inv("doctor"), hidden.inv("drain")

    told = "r / hidden: the row of table 'phases' is not found again by its ids"
    assert (looked.code, told in looked.out) == (78, True), looked
    assert (ran.code, told in ran.err) == (78, True), ran


@fault(52)
def test_a_row_that_is_not_found_again_keeps_no_other_waiting_and_is_no_success(hidden: Workplace) -> None:
    hidden.fail("s/open", "r/hidden")

    ran = hidden.inv("drain")

    assert (ran.code, "1 row was not found again by its ids: r / hidden" in ran.err) == (65, True), ran
    assert "its row was not found again by its ids" in ran.out
    assert hidden.states() == {"s/open": "COMPLETE", "r/hidden": "FAILED"}


@fault(52)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_ids_that_change_with_each_look_are_told_and_are_no_success(project: Workplace) -> None:
    random = {"sqlite": "hex(randomblob(8))", "postgresql": "md5(CAST(random() AS TEXT))", "mysql": "CAST(uuid() AS CHAR)"}
    project.fail("r/a", "s/b")
    drawn = random[project.engine.dialect.name]
    project.sql(
        f"CREATE VIEW drawn AS SELECT {drawn} AS run_id, phase_id, phase_index, state, last_failure_reason FROM phases"
    )
    project.source = {"table": "drawn"}
    project.configure(command={"result_from": "database", "settle_s": 0})

    ran = project.inv("drain")

    assert (ran.code, "2 rows were not found again by their ids" in ran.err) == (65, True), ran
    assert "its row was not found again by its ids" in ran.out
    assert project.states() == {"r/a": "FAILED", "s/b": "FAILED"}
    assert not (project.root / "witness.txt").exists()
