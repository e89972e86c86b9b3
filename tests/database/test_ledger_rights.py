"""The doctor finds what a user of fewer rights may not do with batchdrain's own tables; and a drain right after it does what
was promised."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from tests.support.workplace import Ran, Workplace

Grant = Callable[[Sequence[str]], str]
EVERY = "SELECT, INSERT, UPDATE, DELETE"
LEDGER = ("meta", "claim", "attempt", "attempt_sum", "chain", "group", "session")


@pytest.fixture
def grant(server_project: Workplace) -> Iterator[Grant]:
    """Makes a user with these rights, and lets the project be his. Returns his name."""
    mysql, name = server_project.url.startswith("mysql"), f"bd_{uuid.uuid4().hex[:12]}"
    who = f"{name}@'%'" if mysql else name
    server_project.sql(f"CREATE USER {who}")

    def let(rights: Sequence[str]) -> str:
        for right in rights:
            server_project.sql(f"GRANT {right} TO {who}")
        url = sa.make_url(server_project.url).set(username=name, password=None)
        server_project.configure(database_url=url.render_as_string(hide_password=False))
        return who

    yield let
    if not mysql:
        server_project.sql(f"DROP OWNED BY {name}")
    server_project.sql(f"DROP USER {who}")


def every_but(table: str, lacking: str) -> list[str]:
    """Every right on each table, without one of one."""
    rights = {f"batchdrain_{name}": EVERY for name in LEDGER} | {"phases": EVERY}
    rights[table] = ", ".join(one for one in EVERY.split(", ") if one != lacking)
    return [f"{may} ON {name}" for name, may in rights.items()]


def failures(ran: Ran) -> list[str]:
    return [line for line in ran.lines if line.startswith("FAIL ")]


NEEDED = [("meta", "INSERT"), ("meta", "UPDATE"), ("meta", "DELETE"), ("claim", "INSERT"), ("claim", "UPDATE"),
          ("attempt", "INSERT"), ("attempt", "UPDATE"), ("chain", "INSERT"), ("chain", "UPDATE"), ("session", "INSERT"), ("session", "UPDATE")]  # fmt: skip


@pytest.mark.parametrize(("table", "lacking"), NEEDED, ids=[" ".join(one) for one in NEEDED])
def test_a_right_that_a_drain_needs_on_a_table_of_the_ledger_is_missed_by_the_doctor(
    server_project: Workplace, grant: Grant, table: str, lacking: str
) -> None:
    server_project.fail("r/p~fail")
    assert server_project.inv("drain").code == 1
    grant(every_but(f"batchdrain_{table}", lacking))

    looked = server_project.inv("doctor")

    assert looked.code == 78, looked
    assert any(f"batchdrain_{table} can't be written ({lacking.lower()})" in line for line in failures(looked)), looked


@pytest.mark.parametrize(("table", "lacking"), [("attempt", "DELETE"), ("attempt_sum", "INSERT"), ("chain", "DELETE"),
                                               ("group", "INSERT"), ("group", "UPDATE"), ("session", "DELETE")])  # fmt: skip
def test_a_right_that_prune_or_a_group_alone_needs_is_a_warning_and_a_drain_does_without(
    server_project: Workplace, grant: Grant, table: str, lacking: str
) -> None:
    server_project.fail("r/p")
    assert server_project.inv("drain").code == 0
    server_project.fail("s/p")
    grant(every_but(f"batchdrain_{table}", lacking))

    looked, ran = server_project.inv("doctor"), server_project.inv("drain-all")

    assert (looked.code, ran.code) == (0, 0), (looked, ran)
    assert f"warn ledger: batchdrain_{table} can't be written ({lacking.lower()})" in looked.out, looked
    assert server_project.states() == {"r/p": "COMPLETE", "s/p": "COMPLETE"}


def test_a_user_who_may_not_make_the_tables_is_told_before_the_first_drain(server_project: Workplace, grant: Grant) -> None:
    server_project.fail("r/p")
    grant([f"{EVERY} ON phases"])

    looked, ran = server_project.inv("doctor"), server_project.inv("drain")

    assert (looked.code, ran.code) == (78, 78), (looked, ran)
    [told] = failures(looked)
    if server_project.url.startswith("mysql"):  # it does not even say whether a table is there that one has no right on
        assert "batchdrain_meta" in told, looked
        assert "GRANT SELECT, INSERT, UPDATE, DELETE on batchdrain's tables, and CREATE and INDEX" in looked.out
    else:
        assert told.startswith("FAIL ledger: batchdrain's tables may not be created: "), looked
        assert "CREATE TABLE batchdrain_chain" in looked.out
    assert sa.inspect(server_project.engine).get_table_names() == ["phases"]


@pytest.mark.parametrize("lacking", ["INDEX", "UPDATE", "CREATE"])
def test_on_mariadb_each_right_that_the_first_drain_needs_is_looked_for(
    server_project: Workplace, grant: Grant, lacking: str
) -> None:
    if not server_project.url.startswith("mysql"):
        pytest.skip("PostgreSQL gives a table's rights to who makes it")
    server_project.fail("r/p")
    database = sa.make_url(server_project.url).database
    whole = ", ".join(one for one in [*EVERY.split(", "), "CREATE", "INDEX"] if one != lacking)
    grant([f"{whole} ON {database}.*", f"{EVERY} ON phases"])

    looked, ran = server_project.inv("doctor"), server_project.inv("drain")

    assert (looked.code, ran.code) == (78, 78), (looked, ran)
    assert failures(looked), looked
    assert "FAIL writes" not in looked.out


def test_who_may_not_bring_the_tables_up_to_date_is_told_and_a_drain_goes_with_them_as_they_are(
    server_project: Workplace, grant: Grant
) -> None:
    server_project.fail("r/p")
    database = open_database(server_project.url)
    Ledger.of(PhaseTable.reflect(database, Source()), 3).create(database)
    database.close()
    may = "batchdrain's tables are of version 3; the next drain that finds no held claim upgrades them to version"
    assert may in server_project.inv("doctor").out
    old = ("meta", "claim", "attempt", "attempt_sum", "chain")
    grant([f"{EVERY} ON {name}" for name in ("phases", *(f"batchdrain_{one}" for one in old))])

    looked, ran = server_project.inv("doctor"), server_project.inv("drain")

    assert "batchdrain's tables are of version 3; this user may not upgrade them to version 4 (" in looked.out, looked
    assert (looked.code, ran.code) == (0, 0), (looked, ran)
    assert "batchdrain_session" not in sa.inspect(server_project.engine).get_table_names()


def test_who_may_make_the_tables_is_told_that_all_is_well_and_nothing_is_made(
    server_project: Workplace, grant: Grant
) -> None:
    server_project.fail("r/p")
    mysql, database = server_project.url.startswith("mysql"), sa.make_url(server_project.url).database
    grant([f"{EVERY}, CREATE, INDEX ON {database}.*"] if mysql else [f"{EVERY} ON phases", "ALL ON SCHEMA public"])

    looked = server_project.inv("doctor")

    assert (looked.code, looked.lines[-1]) == (0, "All is well."), looked
    assert sa.inspect(server_project.engine).get_table_names() == ["phases"]
    assert server_project.inv("drain").code == 0


def test_rights_on_the_columns_that_are_written_are_enough_for_the_table(server_project: Workplace, grant: Grant) -> None:
    server_project.fail("r/p")
    assert server_project.inv("drain", "--run-id=none").code == 0
    grant(["SELECT ON phases", "UPDATE (state, last_failure_reason) ON phases", *every_but("phases", "UPDATE")[:-1]])

    looked, ran = server_project.inv("doctor"), server_project.inv("drain")

    assert (looked.code, ran.code) == (0, 0), (looked, ran)


def test_who_may_not_write_the_state_is_told_of_the_right_and_not_of_the_mapping(
    server_project: Workplace, grant: Grant
) -> None:
    server_project.fail("r/p")
    assert server_project.inv("drain", "--run-id=none").code == 0
    grant(["SELECT ON phases", "UPDATE (last_failure_reason) ON phases", *every_but("phases", "UPDATE")[:-1]])
    looked = server_project.inv("doctor")
    assert (looked.code, "map words and columns" in looked.out) == (78, False), looked
    assert "GRANT SELECT and UPDATE on your table" in looked.out


def test_a_file_that_somebody_holds_locked_can_not_be_tried_and_is_not_said_to_be_well(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/p")
    sqlite_project.configure(patience={"lock_s": 1})
    with sqlite_project.engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")

        looked = sqlite_project.inv("doctor")

        other.exec_driver_sql("ROLLBACK")
    assert (looked.code, "database is locked" in looked.out) == (75, True), looked
    assert "ok   ledger" not in looked.out


def test_nothing_stands_after_the_tables_were_tried_on_sqlite(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/p")

    looked = sqlite_project.inv("doctor")

    assert (looked.code, looked.lines[-1]) == (0, "All is well."), looked
    assert sa.inspect(sqlite_project.engine).get_table_names() == ["phases"]
