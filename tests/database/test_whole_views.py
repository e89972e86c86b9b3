"""Views that show every row of one table: a row that is not in them any more was deleted, and is not merely hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.database.phases.relation import Relation
from batchdrain.database.phases.whole_view import find_only_table, shows_every_row
from tests.chaos.faults import fault
from tests.database.test_gone_rows import DELETE, drain, queue, recorded
from tests.support.workplace import Workplace

STATE = "CASE WHEN state = 'FAILED' THEN 'FAILED' ELSE 'QUEUED' END AS state"
WHOLE = f"SELECT run_id, phase_id, phase_index, last_failure_reason, {STATE} FROM phases"


@pytest.mark.parametrize(
    ("definition", "table"),
    [
        ('CREATE VIEW "v" AS\nSELECT id AS phase_id,\n CASE WHEN failed_at IS NOT NULL THEN \'F\' END AS s\nFROM "jobs"', '"jobs"'),
        (" SELECT 'all'::text AS run_id,\n  CASE\n WHEN (a IS NOT NULL) THEN 'F'::text\n END AS state\n   FROM jobs;", "jobs"),
        ("select `db`.`j`.`id` AS `phase_id` from `db`.`j`", "`db`.`j`"),
        ("SELECT (SELECT x FROM u WHERE u.i = t.i) AS r, lower(hex(id)) AS p FROM a.t t", "a.t"),
        ("SELECT a, ' where ' AS b FROM t", "t"),
        (" SELECT ( SELECT max(u.x) AS x\n FROM u\n WHERE (u.i = one.i)) AS r FROM work.t one;", "work.t"),
        ("SELECT substring(a from 2) AS r FROM t", "t"),
        ("SELECT a FROM t WHERE x", None),
        ('SELECT "max"(a) AS a FROM t', None),
        ("select `db`.`newest`(`t`.`a`) AS `a` from `t`", None),
        ("SELECT mine.lower(a) AS a FROM t", None),
        ("SELECT DISTINCT a FROM t", None),
        ("SELECT max(a) FROM t", None),
        ("SELECT unnest(a) FROM t", None),
        ("SELECT lower(min(a)) FROM t", None),
        ("SELECT row_number() OVER (ORDER BY a) FROM t", None),
        ("SELECT a FROM t JOIN u ON (t.a = u.a)", None),
        ("SELECT a FROM t, u", None),
        ("SELECT a FROM t LIMIT 3", None),
        ("SELECT a FROM t UNION ALL SELECT a FROM u", None),
        ("WITH x AS (SELECT 1 AS a) SELECT a FROM x", None),
        ("SELECT a FROM (SELECT a FROM t WHERE x) s", None),
        ("SELECT a FROM t -- WHERE x", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_view_of_one_whole_table_is_told_from_all_others(definition: str, table: str | None) -> None:
    assert find_only_table(definition) == table


@fault(69)
def test_a_row_that_leaves_a_view_of_the_whole_table_is_complete(project: Workplace) -> None:
    queue(project, "0", by="database", table="shown")
    project.sql(f"CREATE VIEW shown AS {WHOLE}")
    looked = project.inv("doctor")
    code, out = drain(project, DELETE)

    assert (code, recorded(project), project.states()) == (0, [("complete", "gone")], {"b/other": "FAILED"}), out
    assert "source.gone_is" not in looked.out, looked


@fault(69)
@pytest.mark.parametrize("between", ["SELECT * FROM phases WHERE note <> 'hidden'", "SELECT * FROM phases"], ids=["condition", "none"])  # fmt: skip
def test_a_view_of_a_view_is_not_looked_through(project: Workplace, between: str) -> None:
    queue(project, "0", by="database", table="shown")
    project.sql(f"CREATE VIEW beneath AS {between}")
    project.sql(f"CREATE VIEW shown AS {WHOLE.replace('FROM phases', 'FROM beneath')}")
    code, out = drain(project, DELETE)

    assert (code, recorded(project)) == (1, [("failed", "gone")]), out


@fault(69)
def test_a_view_of_a_table_with_row_security_may_hide_rows(tmp_path: Path, postgresql_url: str) -> None:
    project = Workplace(root=tmp_path, url=postgresql_url)
    project.make_table()
    queue(project, "0", by="database", table="shown")
    project.sql(f"CREATE VIEW shown AS {WHOLE}")
    project.sql("ALTER TABLE phases ENABLE ROW LEVEL SECURITY")
    assert "source.gone_is" not in project.inv("doctor").out  # a superuser, and the table's owner, see every row
    name = f"bd_{postgresql_url.rpartition('_')[2][:20]}"
    project.sql(f"CREATE ROLE {name}")
    try:
        project.sql(f"GRANT ALL ON phases TO {name}")
        project.sql(f"ALTER VIEW shown OWNER TO {name}")
        looked = project.inv("doctor")
    finally:
        project.sql("DROP VIEW shown")
        project.sql(f"DROP OWNED BY {name}")
        project.sql(f"DROP ROLE {name}")

    assert "warn source.gone_is: the source is a view" in looked.out, looked


@fault(69)
@pytest.mark.parametrize(("returns", "is_whole"), [("text", True), ("SETOF text", False)])
def test_a_function_of_the_users_with_a_known_name_may_return_several_rows(
    tmp_path: Path, postgresql_url: str, returns: str, is_whole: bool
) -> None:
    place = Workplace(root=tmp_path, url=postgresql_url)
    place.make_table()
    place.sql(f"CREATE FUNCTION hex(text) RETURNS {returns} LANGUAGE sql AS 'SELECT $1'")
    place.sql("CREATE VIEW shown AS SELECT hex(run_id) AS run_id, phase_id FROM phases")
    engine = sa.create_engine(postgresql_url)
    with engine.connect() as connection:
        assert shows_every_row(connection, Relation.VIEW, "shown", None) is is_whole
    engine.dispose()
