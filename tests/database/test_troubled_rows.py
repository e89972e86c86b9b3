"""What is in one row, whatever it is, ends no drain, no doctor and no dry run: it is named, it is skipped, the rest goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from tests.chaos.faults import fault
from tests.support import servers
from tests.support.databases import own_database
from tests.support.workplace import Ran, Workplace

LOOKING = ("doctor", "dry-run --explain", "list-run-counts")
IDS = "run_id VARCHAR(50), phase_id VARCHAR(50)"
GOOD = {("g1", "COMPLETE"), ("g2", "COMPLETE")}


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A table with two good rows, and one that is none."""

    database: str
    columns: str = f"{IDS}, phase_index INTEGER, state VARCHAR(40), last_failure_reason TEXT, note VARCHAR(40) DEFAULT '1'"
    row: str = "'r', 'bad', 0, 'FAILED', 'x', '1'"
    index: str = "0"  #: of the good rows
    then: tuple[str, ...] = ()  #: what makes it one
    source: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    code: int = 0  #: of the drain
    state: str = "FAILED"  #: in which the row is afterwards
    told: str = ""  #: of the row, by the drain


_FUNCTION = "CREATE FUNCTION hit() RETURNS trigger AS $$ BEGIN IF NEW.phase_id = 'bad' THEN {} END IF; RETURN NEW; END $$ LANGUAGE plpgsql"
_TRIGGER = "CREATE TRIGGER hit BEFORE UPDATE ON phases FOR EACH ROW EXECUTE FUNCTION hit()"
_SIGNAL = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'"


def _on_postgresql(act: str) -> tuple[str, ...]:
    return (_FUNCTION.format(act), _TRIGGER)


def _on_mariadb(act: str) -> tuple[str, ...]:
    return (f"CREATE TRIGGER hit BEFORE UPDATE ON phases FOR EACH ROW IF NEW.phase_id = 'bad' THEN {act}; END IF",)


def _on_sqlite(act: str) -> tuple[str, ...]:
    return (f"CREATE TRIGGER hit BEFORE UPDATE ON phases WHEN NEW.phase_id = 'bad' BEGIN SELECT {act}; END",)


def _indexed(kind: str) -> str:
    return f"{IDS}, phase_index {kind}, state VARCHAR(40), last_failure_reason TEXT, note VARCHAR(40)"


LARGE = f"{IDS}, phase_index INTEGER, state VARCHAR(40), last_failure_reason LONGTEXT, note VARCHAR(40)"
TROUBLES = {
    # What the driver can't make a value of is read as text: such a row is drained as any other.
    "a moment that is infinite": Trouble(
        database="postgresql", columns=_indexed("TIMESTAMPTZ"), index="now()",
        row="'r', 'bad', 'infinity', 'FAILED', 'x', ''", state="COMPLETE",
    ),
    "a year that Python does not have": Trouble(
        database="postgresql", columns=_indexed("DATE"), index="now()",
        row="'r', 'bad', '12000-01-01', 'FAILED', 'x', ''", state="COMPLETE",
    ),
    "a number that is none": Trouble(
        database="postgresql", columns=_indexed("NUMERIC"), row="'r', 'bad', 'NaN', 'FAILED', 'x', ''", state="COMPLETE"
    ),
    "a date of zeros": Trouble(
        database="mariadb", columns=_indexed("DATE"), index="'2024-01-01'",
        row="'r', 'bad', '0000-00-00', 'FAILED', 'x', ''", state="COMPLETE",
    ),
    # A trigger raises for the row, or breaks the connection.
    "a trigger of PostgreSQL that raises": Trouble(
        database="postgresql", then=_on_postgresql("RAISE EXCEPTION 'not this one';"), code=78, told="not this one"
    ),
    "a trigger of MariaDB that raises": Trouble(database="mariadb", then=_on_mariadb(_SIGNAL), code=78, told="not this one"),
    "a trigger of SQLite that raises": Trouble(
        database="sqlite", then=_on_sqlite("RAISE(ABORT, 'not this one')"), code=78, told="not this one"
    ),
    "a function that fails in a trigger": Trouble(
        database="sqlite", then=_on_sqlite("json_extract('{no json', '$')"), code=78, told="malformed JSON"
    ),
    "a trigger of PostgreSQL that ends its session": Trouble(
        database="postgresql", then=_on_postgresql("PERFORM pg_terminate_backend(pg_backend_pid());"), code=65,
        told="r / bad: this row can't be drained",
    ),
    "a trigger of MariaDB that kills its connection": Trouble(
        database="mariadb", then=_on_mariadb("KILL CONNECTION_ID()"), code=65, told="r / bad: this row can't be drained"
    ),
    "a trigger that takes longer than a statement may": Trouble(
        database="postgresql", code=75,
        then=(
            *_on_postgresql("PERFORM pg_sleep(600);"),
            "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET statement_timeout = 2000'; END $$",
        ),
        told="statement timeout",
    ),
    "a constraint that it broke before there was one": Trouble(
        database="postgresql", then=("ALTER TABLE phases ADD CONSTRAINT one CHECK (phase_id <> 'bad') NOT VALID",), code=78,
        told='violates check constraint "one"',
    ),
    # The end of it is refused: it is given back.
    "an end that a trigger does not take": Trouble(
        database="postgresql", code=1, told="r / bad",
        then=_on_postgresql("IF NEW.state = 'COMPLETE' THEN RAISE EXCEPTION 'not this one'; END IF;"),
    ),
    "an end that breaks the connection": Trouble(
        database="postgresql", code=1, told="r / bad",
        then=_on_postgresql("IF NEW.state = 'COMPLETE' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"),
    ),
    # The condition fails for it.
    "a condition of PostgreSQL that fails for it": Trouble(
        database="postgresql", row="'r', 'bad', 0, 'FAILED', 'x', 'abc'", source={"where": "CAST(note AS INT) > 0"},
        told="bad data: r / bad: can't be read: invalid input syntax",
    ),
    "a condition of MariaDB that fails for it": Trouble(
        database="mariadb", row="'r', 'bad', 10000, 'FAILED', 'x', '1'", source={"where": "EXP(phase_index) > 0"},
        told="bad data: r / bad: can't be read: DOUBLE value is out of range",
    ),
    "a condition of SQLite that fails for it": Trouble(
        database="sqlite", row="'r', 'bad', 0, 'FAILED', 'x', '{no json'", source={"where": "json_extract(note, '$') = 1"},
        told="bad data: r / bad: can't be read: malformed JSON",
    ),
    "a text larger than the server takes": Trouble(
        database="mariadb", columns=LARGE, row="""'r', 'bad', 0, 'FAILED', repeat('"', 9000000), ''""", code=65,
        told="r / bad: this row can't be drained",
    ),
}  # fmt: skip


def place_of(tmp_path: Path, url: str) -> Workplace:
    root = tmp_path / "project"
    root.mkdir()
    return Workplace(root=root, url=url)


def soundly(ran: Ran) -> Ran:
    assert "Traceback" not in ran.err + ran.out, ran
    return ran


@fault(57)
@pytest.mark.parametrize("name", TROUBLES)
def test_a_row_in_trouble_is_named_and_skipped_and_the_rest_goes_on(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    trouble = TROUBLES[name]
    place = place_of(tmp_path, request.getfixturevalue(f"{trouble.database}_url"))
    place.source = trouble.source
    place.configure(patience={"operation_s": 10, "outage_s": 5}, **trouble.settings)
    place.sql(f"CREATE TABLE phases ({trouble.columns})")
    with place.engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO phases VALUES ({trouble.row})")  # first: whatever tries one row tries it
        for run in ("g1", "g2"):
            connection.exec_driver_sql(f"INSERT INTO phases VALUES ('{run}', 'p', {trouble.index}, 'FAILED', 'x', '1')")
        for statement in trouble.then:
            connection.exec_driver_sql(statement)

    looked = {task: soundly(place.inv(*task.split())).code for task in LOOKING}
    ran = soundly(place.inv("drain", "--policy=run-order"))

    assert looked == dict.fromkeys(LOOKING, 0)
    assert ran.code == trouble.code, ran
    assert trouble.told in ran.out, ran.out
    assert set(place.sql("SELECT run_id, state FROM phases WHERE phase_id = 'p'")) == GOOD, ran
    assert place.sql("SELECT state FROM phases WHERE phase_id = 'bad'") == [(trouble.state,)]
    assert soundly(place.inv("recover")).lines[-1] == "0 recovered, 0 still held."
    if trouble.code == 65:
        assert "1 by bad data: r / bad" in place.inv("summary").out


@fault(57)
@pytest.mark.parametrize("what", ["run_id", "phase_id", "state", "last_failure_reason"])
def test_bytes_that_are_no_text_in_a_database_of_no_encoding(tmp_path: Path, postgresql_server: URL, what: str) -> None:
    """PostgreSQL's SQL_ASCII takes any bytes."""
    with own_database(postgresql_server, " ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'") as url:
        place = place_of(tmp_path, url)
        place.engine = sa.create_engine(url, poolclass=sa.pool.NullPool, connect_args={"client_encoding": "utf8"})
        place.make_table()
        place.fail("g1/p", "g2/p", "r/bad", reason="x")
        with place.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE phases SET {what} = {what} || E'\\xff' WHERE run_id = 'r'")

        looked = {task: soundly(place.inv(*task.split())).code for task in LOOKING}
        ran = soundly(place.inv("drain"))

        assert looked == dict.fromkeys(LOOKING, 0)
        assert ran.code == 0, ran
        assert set(place.sql("SELECT run_id, state FROM phases WHERE run_id LIKE 'g%'")) == GOOD
        left = place.sql("SELECT count(*) FROM phases WHERE state <> 'COMPLETE'")
        assert left == [(0 if what == "last_failure_reason" else 1,)]


@fault(57)
def test_a_text_that_the_servers_character_set_has_no_sign_for(tmp_path: Path, postgresql_server: URL) -> None:
    with own_database(postgresql_server, " ENCODING 'WIN1252' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'") as url:
        place = place_of(tmp_path, url)
        place.make_table()
        place.fail("g1/p", "r/bad", "g2/p", reason="x")
        place.sql("UPDATE phases SET last_failure_reason = 'x' || chr(129) WHERE run_id = 'r'")

        looked = {task: soundly(place.inv(*task.split())).code for task in LOOKING}
        ran = soundly(place.inv("drain"))

        assert looked == dict.fromkeys(LOOKING, 0)
        assert (ran.code, "bad data: r / bad: can't be read" in ran.out) == (0, True), ran
        assert set(place.sql("SELECT run_id, state FROM phases WHERE run_id LIKE 'g%'")) == GOOD


@fault(57)
def test_a_reason_that_is_larger_than_the_server_takes_at_an_end_is_offered_shorter(tmp_path: Path) -> None:
    """Its limit is 16 kB: what the command says is larger once its quotes are escaped."""
    if not servers.mariadb_programs():
        pytest.skip("no programs of MariaDB on this machine to start a server of our own")
    with servers.own_mariadb("--max-allowed-packet=16384", "--net-buffer-length=8192") as server:
        admin = sa.create_engine(server.url, poolclass=sa.pool.NullPool)
        with admin.begin() as connection:
            connection.exec_driver_sql("CREATE DATABASE test")
        place = place_of(tmp_path, server.url.set(database="test").render_as_string(hide_password=False))
        place.make_table()
        code = "import json, os; open(os.environ['BATCHDRAIN_RESULT_FILE'], 'w').write(json.dumps({'reason': '\"' * 15000})); exit(1)"
        place.configure(command={"argv": ["python3", "-c", code.replace("{", "{{").replace("}", "}}")]})
        place.fail("a/p", "b/p")

        ran = soundly(place.inv("drain"))

        assert ran.code == 1, ran
        assert [reason for _, reason in place.phases().values()] == ['"' * 241 + " [exit 1]"] * 2
        assert set(place.states().values()) == {"FAILED"}
        assert place.inv("recover").lines[-1] == "0 recovered, 0 still held."


def test_a_backlog_of_which_every_row_is_refused_is_still_told_before_anything_runs(project: Workplace) -> None:
    project.sql("DROP TABLE phases")
    project.sql(
        "CREATE TABLE phases (run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INT, state VARCHAR(20) "
        "CHECK (state <> 'EXECUTING'), last_failure_reason TEXT)"
    )
    project.fail(*(f"r{number}/p" for number in range(30)))

    looked, ran = project.inv("doctor"), project.inv("drain")

    assert (looked.code, ran.code) == (78, 78), (looked, ran)
    assert "table 'phases' refuses what a drain writes" in ran.err
    assert not (project.root / "witness.txt").exists()


def test_a_row_that_is_refused_is_told_by_the_doctor_as_one_that_a_drain_skips(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/bad", "s/p")
    sqlite_project.sql(
        "CREATE TRIGGER hit BEFORE UPDATE ON phases WHEN NEW.phase_id = 'bad' BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    )

    looked = sqlite_project.inv("doctor")

    assert looked.code == 0
    assert (
        "warn rows: a drain skips this row, and continues: table 'phases' refuses what a drain writes for r / bad"
        in looked.out
    )
    assert looked.lines[-1] == "1 warning found."
