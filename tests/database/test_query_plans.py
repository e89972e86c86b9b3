"""A phase is found by the index of its ids, on each database: a claim costs the same with a thousand rows or a million."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from tests.database.composite import STEPS, make_steps, uuid_of
from tests.support.workplace import Workplace


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[tuple[str, object]]]:
    """What is said to the database, with its parameters."""
    said: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        said.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(engine, "before_cursor_execute", note)


def plan_of(connection: sa.Connection, statement: str, parameters: object) -> str:
    verb = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    rows = connection.exec_driver_sql(verb + statement, parameters)  # type: ignore[arg-type]
    return "\n".join(str(tuple(row)) for row in rows)


def looks_at_each_row(plan: str, dialect: str) -> bool:
    if dialect == "sqlite":
        return "SCAN " in plan
    return "Seq Scan" in plan if dialect == "postgresql" else "'ALL'" in plan


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_a_row_is_read_and_written_by_the_index_of_its_ids(project: Workplace) -> None:
    project.add(*((f"r{number // 100}", f"p{number}", 1, "FAILED", "boom") for number in range(5_000)))
    project.sql({"postgresql": "ANALYZE phases", "mysql": "ANALYZE TABLE phases"}.get(project.engine.dialect.name, "ANALYZE"))
    require_index(project, Source(), PhaseKey("r7", "p712"))


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_a_row_that_several_columns_name_is_read_and_written_by_the_index_of_its_key(project: Workplace) -> None:
    """Each column is compared with its own value."""
    make_steps(
        project, [(f"t{number // 100}", "e/tl", "2026-11-01", uuid_of(number), 1, "FAILED", None) for number in range(5_000)]
    )
    project.sql(
        {"postgresql": "ANALYZE", "mysql": "ANALYZE TABLE pipeline_steps"}.get(project.engine.dialect.name, "ANALYZE")
    )
    require_index(project, Source.model_validate(STEPS), PhaseKey("t7/e\\/tl/2026-11-01", uuid_of(712)))


def require_index(project: Workplace, source: Source, key: PhaseKey) -> None:
    """Nothing that a drain says of one phase looks at each row. The row has to be FAILED."""
    database = open_database(project.url)
    table = PhaseTable.reflect(database, source)
    executing = table.states[PhaseState.EXECUTING].write
    with database.engine.connect() as connection:
        with statements(database.engine) as said:
            table.read_row_state(connection, key)
            prior = table.read_row_state_in(connection, key, PhaseState.FAILED, for_update=True)
            assert prior is not None
            assert table.take(connection, key, prior) == 1
            assert table.finish(connection, key, executing, "FAILED", reason="again") == 1
        plans = {
            statement: plan_of(connection, statement, parameters)
            for statement, parameters in said
            if source.table in statement
        }
        connection.rollback()
    database.close()

    assert len(plans) == (3 if project.engine.dialect.name == "sqlite" else 4)  # SQLite has no FOR UPDATE
    assert {
        statement: plan for statement, plan in plans.items() if looks_at_each_row(plan, project.engine.dialect.name)
    } == {}


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_rows_of_several_words_and_of_null_are_found_by_the_index_of_the_state(project: Workplace) -> None:
    words = {0: "FAILED", 1: "ERROR", 2: None}
    project.add(*((f"r{number}", "p", 1, words.get(number, "DONE"), "boom") for number in range(5_000)))  # type: ignore[arg-type]
    project.sql("CREATE INDEX by_state ON phases (state)")
    if analyze := {"postgresql": "ANALYZE phases", "mysql": "ANALYZE TABLE phases"}.get(project.engine.dialect.name):
        project.sql(analyze)
    database = open_database(project.url)
    source = Source.model_validate({"states": {"failed": list(words.values()), "complete": "DONE"}})
    table = PhaseTable.reflect(database, source)
    query = table.narrow(sa.select(*table.run_id.selected), PhaseState.FAILED)
    with database.read() as connection:
        with statements(database.engine) as said:
            assert sorted(connection.execute(query).scalars()) == ["r0", "r1", "r2"]
        plan = plan_of(connection, *said[-1])
    database.close()

    assert not looks_at_each_row(plan, project.engine.dialect.name), plan
    assert "by_state" in plan
