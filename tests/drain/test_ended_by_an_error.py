"""A drain that an error ends is summarised all the same, and a row whose trigger speaks like an outage is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.chaos.faults import fault
from tests.support.workplace import Workplace

SAY = "import sys, sqlalchemy as sa; c = sa.create_engine(sys.argv[1]).connect(); [c.exec_driver_sql(s) for s in sys.argv[2:]]; c.commit()"
TABLES = ("batchdrain_claim", "batchdrain_attempt", "batchdrain_meta")


@fault(71)
def test_a_drain_whose_ledger_is_dropped_is_summarised_and_names_what_it_held(project: Workplace) -> None:
    project.fail("r/a", "r/b")
    project.configure(command={"argv": [sys.executable, "-c", SAY, project.url, *(f"DROP TABLE {name}" for name in TABLES)]})

    ran = project.inv("drain")

    assert ran.code == 78, ran
    assert "BATCH DRAIN SUMMARY" in ran.out.upper(), ran.out
    assert "Traceback" not in ran.err


@fault(57)
@pytest.mark.parametrize("code", ["08001", "25006", "40001", "HV000"])
def test_a_row_whose_trigger_speaks_like_an_outage_is_passed_over(tmp_path: Path, postgresql_url: str, code: str) -> None:
    project = Workplace(root=tmp_path, url=postgresql_url)
    project.make_table()
    project.fail("a/1", "b/1", "c/1")
    project.sql(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF old.run_id = 'b' THEN "
        f"RAISE EXCEPTION 'not b' USING ERRCODE = '{code}'; END IF; RETURN new; END $$"
    )
    project.sql("CREATE TRIGGER t BEFORE UPDATE ON phases FOR EACH ROW EXECUTE FUNCTION f()")
    project.configure(command={"argv": ["true"]})

    ran = project.inv("drain")

    assert project.states() == {"a/1": "COMPLETE", "b/1": "FAILED", "c/1": "COMPLETE"}, ran
    assert (ran.code, "not b" in ran.out) == (75, True), ran
