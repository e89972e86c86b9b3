"""Tables without transactions: nothing is written to them, not even to try it, and the way out is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.faults import fault
from tests.support import servers
from tests.support.workplace import Ran, Workplace

COLUMNS = (
    "run_id VARCHAR(20) NOT NULL, phase_id VARCHAR(20) NOT NULL, phase_index INT NOT NULL, state VARCHAR(20) NOT NULL, "
    "last_failure_reason VARCHAR(500) NOT NULL"
)
ROWS = {("q", "QUEUED", "as it was"), ("f", "FAILED", "as it was")}
WRITING = ("drain", "drain-queued --run-id=q", "chain-with-queued --run-id=q", "drain-all", "recover")


@pytest.fixture
def place(tmp_path: Path, mariadb_url: str) -> Workplace:
    """A project on MariaDB without a table."""
    root = tmp_path / "project"
    root.mkdir()
    return Workplace(root=root, url=mariadb_url)


@pytest.fixture
def postgresql_place(tmp_path: Path, postgresql_url: str) -> Workplace:
    root = tmp_path / "project"
    root.mkdir()
    place = Workplace(root=root, url=postgresql_url)
    place.make_table()
    return place


def fill(place: Workplace, table: str = "phases") -> None:
    place.sql(f"INSERT INTO {table} VALUES ('q', '1', 1, 'QUEUED', 'as it was'), ('f', '1', 1, 'FAILED', 'as it was')")


def stands(place: Workplace) -> set[tuple[str, ...]]:
    return set(place.sql("SELECT run_id, state, last_failure_reason FROM phases"))


def told(ran: Ran, *parts: str) -> None:
    assert ran.code == 78, ran
    assert "Traceback" not in ran.err
    for part in parts:
        assert part in ran.out + ran.err, (part, ran)


@fault(55)
@pytest.mark.parametrize("engine", ["MyISAM", "MEMORY", "Aria", "CSV"])
def test_a_table_without_transactions_is_refused_before_anything_is_written(place: Workplace, engine: str) -> None:
    index = "phase_index INT NOT NULL"
    assert index in COLUMNS
    place.sql(f"CREATE TABLE phases ({COLUMNS}) ENGINE={engine}")
    fill(place)

    looked = place.inv("doctor")
    ran = [place.inv(*task.split()) for task in WRITING]

    told(looked, f"has the engine {engine}, which knows no transactions", "ALTER TABLE phases ENGINE=InnoDB")
    for one in ran:
        told(one, f"has the engine {engine}", "ALTER TABLE phases ENGINE=InnoDB")
    assert stands(place) == ROWS
    assert [name for (name,) in place.sql("SHOW TABLES")] == ["phases"]
    told(place.inv("dry-run"), f"has the engine {engine}")

    place.sql("ALTER TABLE phases ENGINE=InnoDB")
    assert (place.inv("doctor").code, place.inv("drain-all").code) == (0, 0)


@fault(55)
@pytest.mark.parametrize("kind", ["partitions", "merge", "view of a view"])
def test_what_stands_behind_a_table_is_looked_at(place: Workplace, kind: str) -> None:
    base = "base" if kind != "partitions" else "phases"
    place.sql(f"CREATE TABLE {base} ({COLUMNS}) ENGINE=MyISAM" + (" PARTITION BY KEY (run_id)" if base == "phases" else ""))
    fill(place, base)
    if kind == "merge":
        place.sql(f"CREATE TABLE phases ({COLUMNS}) ENGINE=MERGE UNION=(base)")
    elif kind == "view of a view":
        place.sql("CREATE VIEW `a view` AS SELECT * FROM base")
        place.sql("CREATE VIEW phases AS SELECT * FROM `a view` WHERE phase_index > 0")

    told(place.inv("doctor"), "ENGINE=InnoDB")
    told(place.inv("drain"), "ENGINE=InnoDB")

    assert stands(place) == ROWS


@fault(55)
def test_a_trigger_that_writes_to_such_a_table_is_not_fired_to_try_it(place: Workplace) -> None:
    place.make_table()
    place.fail("r/p")
    place.sql("CREATE TABLE audit (said VARCHAR(20)) ENGINE=MyISAM")
    place.sql("CREATE TRIGGER noted AFTER UPDATE ON phases FOR EACH ROW INSERT INTO audit VALUES (NEW.state)")

    looked = place.inv("doctor")

    assert (looked.code, "warn table: the trigger 'noted' of table 'phases' writes to 'audit'" in looked.out) == (0, True), (
        looked
    )
    assert place.sql("SELECT * FROM audit") == []
    assert place.inv("drain").code == 0
    assert place.sql("SELECT * FROM audit") == [("EXECUTING",), ("COMPLETE",)]


@fault(55)
def test_a_ledger_without_transactions_is_told_by_doctor_and_refused_by_whatever_writes(place: Workplace) -> None:
    place.make_table()
    place.fail("r/p~fail", "s/p")
    place.inv("drain", "--run-id=r")
    place.sql("ALTER TABLE batchdrain_claim ENGINE=MyISAM")

    cure = "ALTER TABLE batchdrain_claim ENGINE=InnoDB"
    told(place.inv("doctor"), "FAIL ledger: table 'batchdrain_claim' has the engine MyISAM", cure)
    for task in ("drain", "recover", "hint --run-id=r --priority=3", "accept --run-id=r --reason=known"):
        told(place.inv(*task.split()), cure)
    assert place.sql("SELECT count(*) FROM batchdrain_claim") == [(1,)]
    assert place.states()["s/p"] == "FAILED"

    place.sql(cure)
    assert (place.inv("doctor").code, place.inv("drain", "--run-id=s").code) == (0, 0)


@pytest.fixture
def myisam_server() -> Iterator[servers.OwnServer]:
    """Its default engine knows no transactions."""
    if not servers.mariadb_programs():
        pytest.skip("no programs of MariaDB on this machine to start a server of our own")
    with servers.own_mariadb("--default-storage-engine=MyISAM") as server:
        yield server


@fault(55)
def test_the_ledger_knows_transactions_whatever_the_servers_default_is(
    tmp_path: Path, myisam_server: servers.OwnServer
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    place = Workplace(root=root, url=myisam_server.url.set(database="test").render_as_string(hide_password=False))
    admin = sa.create_engine(myisam_server.url, poolclass=sa.pool.NullPool)
    with admin.begin() as connection:
        connection.exec_driver_sql("CREATE DATABASE test")
    place.sql(f"CREATE TABLE phases ({COLUMNS}) ENGINE=InnoDB")
    fill(place)

    assert (place.inv("drain").code, place.inv("doctor").code) == (0, 0)

    ours = "SELECT engine FROM information_schema.tables WHERE table_name LIKE 'batchdrain%'"
    assert set(place.sql(ours)) == {("InnoDB",)}
    assert "ENGINE=InnoDB" in _ddl_of(place)


def _ddl_of(place: Workplace) -> str:
    """What the doctor prints where the tables may not be made."""
    from batchdrain.config.settings import Source
    from batchdrain.database.connection import open_database
    from batchdrain.database.ledger.schema import Ledger
    from batchdrain.database.phases.table import PhaseTable

    database = open_database(place.url)
    try:
        return Ledger.of(PhaseTable.reflect(database, Source())).to_ddl(database.engine.dialect)
    finally:
        database.close()


@pytest.mark.parametrize("name", ["dry-write", "rehearsal"])
def test_a_row_that_an_earlier_try_left_behind_is_in_no_doctors_way(project: Workplace, name: str) -> None:
    project.fail("r/p")
    project.inv("drain")
    project.fail("r/q")
    project.sql(f"INSERT INTO batchdrain_meta (name, value) VALUES ('{name}', '')")
    project.sql(
        "INSERT INTO batchdrain_claim (source, " + ("`key`" if "mysql" in project.url else "key") + ", epoch, orphan_count, "
        f"attempts) VALUES ('phases', '{name}', 1, 0, 0)"
    )  # fmt: skip

    looked = project.inv("doctor")

    assert (looked.code, looked.lines[-1]) == (0, "All is well."), looked
    assert (project.inv("recover").code, project.inv("sessions").code) == (0, 0)


def test_a_table_that_a_crash_empties_is_a_warning(postgresql_place: Workplace) -> None:
    postgresql_place.fail("r/p")
    postgresql_place.sql("ALTER TABLE phases SET UNLOGGED")

    looked = postgresql_place.inv("doctor")

    assert looked.code == 0
    assert "warn table: phases is UNLOGGED: the server empties it after a crash" in looked.out
    assert "ALTER TABLE phases SET LOGGED" in looked.out
    assert postgresql_place.inv("drain").code == 0


def test_a_foreign_table_of_an_unknown_wrapper_is_written_by_nothing_that_only_tries(postgresql_place: Workplace) -> None:
    if postgresql_place.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'file_fdw'") == [(0,)]:
        pytest.skip("this server has no file_fdw")
    postgresql_place.sql("DROP TABLE phases")
    postgresql_place.sql("CREATE EXTENSION file_fdw")
    postgresql_place.sql("CREATE SERVER files FOREIGN DATA WRAPPER file_fdw")
    postgresql_place.sql(
        "CREATE FOREIGN TABLE phases (run_id TEXT, phase_id TEXT, phase_index INT, state TEXT, last_failure_reason TEXT) "
        "SERVER files OPTIONS (filename '/dev/null')"
    )

    looked = postgresql_place.inv("doctor")

    assert "warn table: phases is a foreign table of file_fdw" in looked.out, looked


def test_a_virtual_table_of_sqlite_is_drained_and_tried_without_a_trace(sqlite_project: Workplace) -> None:
    sqlite_project.sql("DROP TABLE phases")
    sqlite_project.sql("CREATE VIRTUAL TABLE phases USING fts5(run_id, phase_id, phase_index, state, last_failure_reason)")
    sqlite_project.add(("r", "p", 1, "FAILED", "as it was"), ("r", "q~fail", 2, "FAILED", "as it was"))

    looked = sqlite_project.inv("doctor")

    assert looked.code == 0, looked
    assert sqlite_project.phases() == {"r/p": ("FAILED", "as it was"), "r/q~fail": ("FAILED", "as it was")}
    assert sqlite_project.inv("drain").code == 1
    assert sqlite_project.states() == {"r/p": "COMPLETE", "r/q~fail": "FAILED"}
