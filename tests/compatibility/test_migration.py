"""The tables that bd1f117 left get what later versions added to them, and never under somebody's feet."""

from __future__ import annotations

import sys
import threading

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.tables import ADDED, ADDED_TABLES, SCHEMA_VERSION
from tests.compatibility.placing import Left
from tests.compatibility.test_tables import described
from tests.support.workplace import Workplace

LATER_TABLES = {table for tables in ADDED_TABLES.values() for table in tables}
LATER = {
    (table, column)
    for by in ADDED.values()
    for table, columns in by.items()
    for column in columns
    if table not in LATER_TABLES
}


def version(work: Workplace) -> str:
    return str(work.sql("SELECT value FROM batchdrain_meta WHERE name = 'schema_version'")[0][0])


def later_columns(work: Workplace) -> set[tuple[str, str]]:
    """Of the columns that came later, those that are there."""
    return {(table, column[0]) for table, found in described(work).items() for column in found["columns"]} & LATER


def later_tables(work: Workplace) -> set[str]:
    """Of the tables that came later, those that are there."""
    return set(sa.inspect(work.engine).get_table_names()) & LATER_TABLES


def hold_for_ever(work: Workplace) -> None:
    """The controllers that bd1f117 left behind live on another machine, and have all the time."""
    work.sql("UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms + 1000000000000 WHERE owner IS NOT NULL")


def test_a_drain_gives_the_tables_what_came_later_once_what_was_held_is_settled(left_anywhere: Left) -> None:
    work = left_anywhere.work
    before = work.sql("SELECT run_id, phase_id, epoch, outcome FROM batchdrain_attempt WHERE run_id NOT LIKE 'held-%'")
    assert (version(work), later_columns(work), later_tables(work)) == ("1", set(), set())

    left_anywhere.say("drain", "--run-id=release-1")

    assert (version(work), later_columns(work), later_tables(work)) == (str(SCHEMA_VERSION), LATER, LATER_TABLES)
    after = work.sql("SELECT run_id, phase_id, epoch, outcome FROM batchdrain_attempt WHERE run_id NOT LIKE 'held-%'")
    assert set(before) <= set(after), "what was recorded before stands as it was"
    assert "ok   ledger: batchdrain's tables are there" in left_anywhere.say("doctor"), "and nothing is left to be done"


def test_the_tables_stay_as_they_are_while_somebody_holds_a_claim(left_anywhere: Left) -> None:
    work = left_anywhere.work
    hold_for_ever(work)

    left_anywhere.say("drain", "--run-id=release-1")

    assert (version(work), later_columns(work), later_tables(work)) == ("1", set(), set())
    assert work.states()["release-1/a~ok"] == "COMPLETE", "a drain works with them as they are"


def test_tables_that_were_altered_in_part_are_brought_to_the_end(left_anywhere: Left) -> None:
    work = left_anywhere.work
    table, column = max(LATER)
    work.sql(f"ALTER TABLE {table} ADD COLUMN {column} TEXT")

    left_anywhere.say("drain", "--run-id=release-1")

    assert (version(work), later_columns(work)) == (str(SCHEMA_VERSION), LATER)


def test_two_drains_that_begin_at_once_alter_the_tables_once(left_anywhere: Left) -> None:
    work = left_anywhere.work
    work.inv("recover")
    ran: list[int] = []
    drains = [
        threading.Thread(target=lambda run=run: ran.append(work.inv("drain", f"--run-id={run}").code))
        for run in ("release-1", "triage-1")
    ]
    for drain in drains:
        drain.start()
    for drain in drains:
        drain.join()

    assert set(ran) <= {0, 1}, ran
    left_anywhere.say("drain", "--run-id=release-1")
    assert (version(work), later_columns(work)) == (str(SCHEMA_VERSION), LATER)


def test_the_doctor_prints_what_alters_the_tables_and_it_does_so(left_anywhere: Left) -> None:
    work = left_anywhere.work
    ran = work.inv("doctor")

    assert "warn ledger: batchdrain's tables are of version 1; the next drain" in ran.out
    assert ran.lines[-1].endswith("found."), "which is a warning, and not well"
    printed = ran.out[ran.out.index("have these statements executed") :].partition("\n")[2]
    for statement in printed[: printed.rindex("WHERE name = 'schema_version'") + 29].split(";"):
        work.sql(statement)
    assert (version(work), later_columns(work)) == (str(SCHEMA_VERSION), LATER)


@pytest.mark.everyday("sqlite", "postgresql")
def test_tables_of_version_2_get_what_came_later_and_keep_what_they_hold(project: Workplace) -> None:
    project.fail("r/a", "r/b")
    project.inv("drain", "--batch-size=1")
    for table in LATER_TABLES:
        project.sql(f"DROP TABLE {table}")
    project.sql("UPDATE batchdrain_meta SET value = '2' WHERE name = 'schema_version'")

    assert project.inv("drain").code == 0

    assert (version(project), later_tables(project)) == (str(SCHEMA_VERSION), LATER_TABLES)
    assert project.sql("SELECT count(*) FROM batchdrain_attempt") == [(2,)]


@pytest.mark.everyday("sqlite", "postgresql")
def test_tables_of_version_3_are_written_as_they_are_while_somebody_holds_a_claim_and_then_get_the_log_of_stdout(
    project: Workplace,
) -> None:
    project.fail("r/a~fail", "r/b~fail", "r/c~fail")
    project.inv("drain", "--batch-size=1")
    project.sql("ALTER TABLE batchdrain_attempt DROP COLUMN stdout_path")
    project.sql("UPDATE batchdrain_meta SET value = '3' WHERE name = 'schema_version'")
    held = "owner = 'somebody', host_id = 'elsewhere', lease_until_ms = 99999999999999"
    project.sql(f"UPDATE batchdrain_claim SET {held}")

    ran = project.inv("drain", "--run-id=r", "--batch-size=1")
    assert (ran.code, version(project)) == (1, "3"), ran
    assert project.sql("SELECT count(*) FROM batchdrain_attempt WHERE log_path IS NOT NULL") == [(2,)]
    project.sql("UPDATE batchdrain_claim SET owner = NULL, lease_until_ms = NULL, host_id = NULL")
    project.inv("drain", "--batch-size=1")

    assert version(project) == str(SCHEMA_VERSION)
    told = project.sql("SELECT stdout_path FROM batchdrain_attempt ORDER BY started_ms")
    assert [path is not None for (path,) in told] == [False, False, True]


@pytest.mark.everyday("sqlite", "postgresql")
def test_tables_of_version_3_get_what_came_later_also_those_that_came_whole(project: Workplace) -> None:
    project.fail("r/a", "r/b")
    project.inv("drain", "--batch-size=1")
    for table, columns in ADDED[4].items():
        for column in columns:
            project.sql(f"ALTER TABLE {table} DROP COLUMN {column}")
    project.sql("UPDATE batchdrain_meta SET value = '3' WHERE name = 'schema_version'")

    assert project.inv("dry-run").code == 0, "reading goes on with them as they are"
    assert project.inv("drain").code == 0

    assert version(project) == str(SCHEMA_VERSION)
    there = {column["name"] for column in sa.inspect(project.engine).get_columns("batchdrain_attempt_sum")}
    assert set(ADDED[4]["batchdrain_attempt_sum"]) <= there
    assert project.sql("SELECT count(*) FROM batchdrain_attempt") == [(2,)]


def test_a_drain_that_may_not_alter_the_tables_says_so_and_goes_with_them(left_anywhere: Left) -> None:
    work = left_anywhere.work
    if work.engine.dialect.name == "sqlite":
        pytest.skip("SQLite knows no users")
    user = lesser_user(work)
    try:
        ran = work.inv("drain", "--run-id=release-1", env={"INVOKE_BATCHDRAIN_DATABASE_URL": user})
        assert ran.code == 0, ran
        assert "are of version 1, and may not be altered" in ran.out
        assert (version(work), work.states()["release-1/a~ok"]) == ("1", "COMPLETE")
    finally:
        drop_user(work)


def test_whoever_reads_the_tables_for_long_does_not_keep_a_drain_waiting(left_anywhere: Left) -> None:
    work = left_anywhere.work
    if work.engine.dialect.name == "sqlite":
        pytest.skip("SQLite's readers keep nobody waiting")
    work.inv("recover")
    with work.engine.connect() as reader:
        reader.execute(sa.text("SELECT count(*) FROM batchdrain_claim")).all()  # its transaction stays open
        left_anywhere.say("drain", "--run-id=release-1")
        assert version(work) == "1"
    left_anywhere.say("drain", "--run-id=release-1")
    assert version(work) == str(SCHEMA_VERSION)


def test_a_drain_that_meets_the_tables_of_a_newer_batchdrain_ends(project: Workplace) -> None:
    project.fail("r/a", "r/b")
    raise_version = "UPDATE batchdrain_meta SET value = '99' WHERE name = 'schema_version'"
    project.configure(command={"argv": say_in_sql(project, raise_version)})

    ran = project.inv("drain")

    assert ran.code == 78, ran
    assert "of version '99', this program knows up to" in ran.err
    assert sorted(project.states().values()) == ["COMPLETE", "FAILED"], "what ran is recorded, and nothing more is started"
    assert project.inv("drain").code == 78
    assert project.inv("recover").code == 78


def test_an_emptied_table_of_names_ends_a_drain_with_a_word(project: Workplace) -> None:
    project.fail("r/a", "r/b")
    project.configure(command={"argv": say_in_sql(project, "DELETE FROM batchdrain_meta")})

    ran = project.inv("drain")

    assert (ran.code, "somebody emptied it" in ran.err) == (78, True), ran
    assert sorted(project.states().values()) == ["COMPLETE", "FAILED"]


def say_in_sql(work: Workplace, statement: str) -> list[str]:
    """A command that says it to the database."""
    program = "import sys, sqlalchemy as sa; c = sa.create_engine(sys.argv[1]).connect(); c.exec_driver_sql(sys.argv[2]); c.commit()"
    return [sys.executable, "-c", program, work.url, statement]


def lesser_user(work: Workplace) -> str:
    """The URL of one who may read and write every table, and alter none."""
    url = work.engine.url
    name = f"lesser_{url.database}"[:30]
    if work.engine.dialect.name == "postgresql":
        work.sql(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
        work.sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}")
    else:
        work.sql(f"CREATE USER {name}@'%' IDENTIFIED BY 'x'")
        work.sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {url.database}.* TO {name}@'%'")
    return url.set(username=name, password="x").render_as_string(hide_password=False)


def drop_user(work: Workplace) -> None:
    name = f"lesser_{work.engine.url.database}"[:30]
    if work.engine.dialect.name == "postgresql":
        work.sql(f"DROP OWNED BY {name}")
        work.sql(f"DROP ROLE {name}")
    else:
        work.sql(f"DROP USER {name}@'%'")
