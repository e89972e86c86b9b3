"""What a trigger reaches by a way round keeps no write that was only tried; what can't be followed is not tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.database.driver_errors import to_batchdrain_error
from batchdrain.model.errors import ConfigError
from tests.chaos.faults import fault
from tests.support.workplace import Workplace


@pytest.fixture
def place(tmp_path: Path, mariadb_url: str) -> Workplace:
    """A project on MariaDB without a table."""
    root = tmp_path / "project"
    root.mkdir()
    return Workplace(root=root, url=mariadb_url)


@contextmanager
def guest(place: Workplace, privileges: str) -> Iterator[Workplace]:
    """The same project, as a user that has these privileges and no other."""
    url = sa.make_url(place.url)
    user = f"{url.database}_u"[-32:]
    place.sql(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'secret'")
    try:
        place.sql(f"GRANT {privileges} ON `{url.database}`.* TO '{user}'@'%'")
        theirs = url.set(username=user, password="secret")
        yield Workplace(root=place.root, url=theirs.render_as_string(hide_password=False))
    finally:
        place.sql(f"DROP USER '{user}'@'%'")


@pytest.fixture
def other_schema(place: Workplace) -> Iterator[str]:
    """A database beside the project's own."""
    name = f"{sa.make_url(place.url).database}_beside"
    place.sql(f"CREATE DATABASE {name}")
    yield name
    place.sql(f"DROP DATABASE {name}")


WAYS = {
    "procedure": [
        "CREATE PROCEDURE lg(x TEXT) INSERT INTO {audit} VALUES (x)",
        "CREATE TRIGGER tt AFTER UPDATE ON phases FOR EACH ROW CALL lg(NEW.state)",
    ],
    "procedure of a procedure": [
        "CREATE PROCEDURE lg(x TEXT) INSERT INTO {audit} VALUES (x)",
        "CREATE PROCEDURE `a call`(x TEXT) BEGIN /* it's */ IF x <> 'it''s' THEN CALL lg(x); END IF; END",
        "CREATE TRIGGER tt AFTER UPDATE ON phases FOR EACH ROW CALL `a call`(NEW.state)",
    ],
    "function": [
        "CREATE FUNCTION lg(x TEXT) RETURNS INT BEGIN INSERT INTO {audit} VALUES (x); RETURN 1; END",
        "CREATE TRIGGER tt AFTER UPDATE ON phases FOR EACH ROW SET @done = lg (NEW.state)",
    ],
    "trigger of a table": [
        "CREATE TABLE hop (s VARCHAR(99)) ENGINE=InnoDB",
        "CREATE TRIGGER t3 AFTER INSERT ON hop FOR EACH ROW INSERT INTO {audit} VALUES (NEW.s)",
        "CREATE TRIGGER tt AFTER UPDATE ON phases FOR EACH ROW INSERT INTO hop(s) VALUES (NEW.state)",
    ],
    "view": [
        "CREATE VIEW hop AS SELECT * FROM {audit}",
        "CREATE TRIGGER tt AFTER UPDATE ON phases FOR EACH ROW INSERT INTO hop VALUES (NEW.state)",
    ],
    "directly": ["CREATE TRIGGER tt AFTER UPDATE ON phases FOR EACH ROW INSERT INTO {audit} VALUES (NEW.state)"],
}


@fault(55)
@pytest.mark.parametrize("where", ["here", "beside"])
@pytest.mark.parametrize("way", WAYS)
def test_a_table_that_a_trigger_reaches_by_a_way_round_keeps_no_try(
    place: Workplace, other_schema: str, way: str, where: str
) -> None:
    audit = "audit" if where == "here" else f"{other_schema}.audit"
    place.make_table()
    place.fail("r/p")
    place.sql(f"CREATE TABLE {audit} (said TEXT) ENGINE=MyISAM")
    for statement in WAYS[way]:
        place.sql(statement.format(audit=audit))

    looked = place.inv("doctor")

    assert looked.code == 0, looked
    assert "warn table: the trigger 'tt' of table 'phases' writes to 'audit', whose engine MyISAM" in looked.out, looked
    assert f"ALTER TABLE {audit} ENGINE=InnoDB" in looked.out, looked
    assert place.sql(f"SELECT * FROM {audit}") == []
    assert place.inv("drain").code == 0
    assert place.sql(f"SELECT * FROM {audit}") == [("EXECUTING",), ("COMPLETE",)]


@fault(55)
@pytest.mark.parametrize("way", WAYS)
def test_what_reaches_nothing_but_innodb_is_tried_as_ever(place: Workplace, way: str) -> None:
    place.make_table()
    place.fail("r/p")
    place.sql("CREATE TABLE audit (said TEXT CHECK (said <> 'COMPLETE')) ENGINE=InnoDB")
    for statement in WAYS[way]:
        place.sql(statement.format(audit="audit"))

    looked = place.inv("doctor")

    assert "warn" not in looked.out, looked
    assert looked.code == 78, looked
    assert "CONSTRAINT `audit.said` failed" in looked.out, looked  # it was tried
    assert place.sql("SELECT * FROM audit") == []


@fault(55)
def test_a_body_of_usual_sql_is_seen_through(place: Workplace) -> None:
    place.make_table()
    place.fail("r/p")
    place.sql("CREATE TABLE audit (said TEXT, at DATETIME, `lg (` INT UNIQUE) ENGINE=InnoDB")
    place.sql(
        "CREATE TRIGGER tt AFTER UPDATE ON phases FOR EACH ROW BEGIN DECLARE n DECIMAL(4, 2) DEFAULT ROUND(RAND(), 2); "
        "# one (of) them\n"
        "INSERT INTO audit (said, at) VALUES (CONCAT('call lg(x) \\' (', COALESCE(NEW.state, 'f(1)')), NOW(6)) "
        "ON DUPLICATE KEY UPDATE said = VALUES(said); IF (n IN (1, 2)) THEN UPDATE audit SET at = CURRENT_TIMESTAMP(); END IF; END"
    )

    looked = place.inv("doctor")

    assert (looked.code, looked.lines[-1]) == (0, "All is well."), looked
    assert place.sql("SELECT * FROM audit") == []


@fault(55)
def test_a_routine_that_this_user_may_not_read_is_not_called_to_try_it(place: Workplace) -> None:
    place.make_table()
    place.fail("r/p")
    for statement in ("CREATE TABLE audit (said TEXT) ENGINE=MyISAM", *WAYS["procedure"]):
        place.sql(statement.format(audit="audit"))
    with guest(place, "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, TRIGGER, EXECUTE") as theirs:
        looked = theirs.inv("doctor")

    told = "warn table: where the trigger 'tt' of table 'phases' writes is not known, as the routine 'lg' can't be analysed"
    assert told in looked.out, looked
    assert place.sql("SELECT * FROM audit") == []


@fault(55)
def test_a_table_of_aria_behind_a_trigger_is_no_outage(place: Workplace) -> None:
    place.make_table()
    place.fail("r/p")
    for statement in ("CREATE TABLE audit (said TEXT) ENGINE=Aria", *WAYS["procedure"]):
        place.sql(statement.format(audit="audit"))

    looked = place.inv("doctor")
    with place.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE phases SET state = 'EXECUTING'")
        with pytest.raises(sa.exc.DBAPIError, match="SAVEPOINT") as refused:
            connection.begin_nested()
    told = to_batchdrain_error(refused.value, "it", was_reached=True)

    assert (looked.code, "writes to 'audit', whose engine Aria" in looked.out) == (0, True), looked
    assert (type(told), "ENGINE=InnoDB, for each table that a trigger writes to" in str(told.remedy)) == (ConfigError, True)
    assert place.inv("drain").code == 0


@fault(55)
def test_a_trigger_whose_body_is_hidden_is_not_fired_to_try_it(place: Workplace) -> None:
    place.make_table()
    place.fail("r/p")
    for statement in ("CREATE TABLE audit (said TEXT) ENGINE=MyISAM", *WAYS["directly"]):
        place.sql(statement.format(audit="audit"))

    with guest(place, "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX") as theirs:
        looked = theirs.inv("doctor")

    assert "writes is not known, as the trigger 'tt' can't be analysed" in looked.out, looked
    assert place.sql("SELECT * FROM audit") == []
