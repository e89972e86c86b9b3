"""What a trigger reaches, asked of MariaDB itself: which tables keep what is rolled back, and what can't be analysed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.database.trigger_reach import DEEPEST, TriggerReach, follow_triggers
from tests.support.workplace import Workplace


@pytest.fixture
def place(tmp_path: Path, mariadb_url: str) -> Workplace:
    found = Workplace(root=tmp_path, url=mariadb_url)
    found.make_table()
    for name, engine in (("keeps", "MyISAM"), ("other", "Aria"), ("sound", "InnoDB")):
        found.sql(f"CREATE TABLE {name} (said TEXT, number INT) ENGINE={engine}")
    return found


@pytest.fixture
def beside(place: Workplace) -> Iterator[str]:
    name = f"{sa.make_url(place.url).database}_beside"
    place.sql(f"CREATE DATABASE {name}")
    yield name
    place.sql(f"DROP DATABASE {name}")


def reaches(place: Workplace) -> list[TriggerReach]:
    with sa.create_engine(place.url, poolclass=sa.pool.NullPool).connect() as connection:
        return list(follow_triggers(connection, (str(sa.make_url(place.url).database), "phases")))


def reached(place: Workplace) -> list[tuple[str, list[str], tuple[str, ...]]]:
    """Of each trigger: its name, 'table engine' of what keeps, what is hidden."""
    return [(one.trigger, [f"{name[1]} {engine}" for name, engine in one.keeping], one.hidden) for one in reaches(place)]


def trigger(place: Workplace, name: str, body: str, *, on: str = "phases", event: str = "UPDATE") -> None:
    place.sql(f"CREATE TRIGGER {name} AFTER {event} ON {on} FOR EACH ROW {body}")


def test_only_triggers_of_updates_fire_by_the_name_and_each_is_told_of_by_itself(place: Workplace) -> None:
    trigger(place, "b", "INSERT INTO keeps(said) VALUES (NEW.state)")
    trigger(place, "a", "INSERT INTO other(said) SELECT said FROM keeps")
    trigger(place, "c", "SET @x = 1")
    trigger(place, "d", "INSERT INTO keeps(said) VALUES (NEW.state)", event="INSERT")
    trigger(place, "e", "INSERT INTO keeps(said) VALUES (NEW.said)", on="sound")
    assert reached(place) == [("a", ["keeps MyISAM", "other Aria"], ()), ("b", ["keeps MyISAM"], ()), ("c", [], ())]


def test_nothing_is_asked_of_the_server_where_no_trigger_fires(place: Workplace) -> None:
    asked: list[str] = []
    engine = sa.create_engine(place.url, poolclass=sa.pool.NullPool)
    sa.event.listen(engine, "before_cursor_execute", lambda *details: asked.append(details[2]))
    with engine.connect() as connection:
        assert list(follow_triggers(connection, (str(sa.make_url(place.url).database), "phases"))) == []
    assert len([text for text in asked if "information_schema" in text]) == 1


@pytest.mark.parametrize("event", ["INSERT", "UPDATE", "DELETE"])
def test_of_a_table_on_the_way_each_trigger_may_fire_and_the_table_itself_is_looked_at_once(
    place: Workplace, event: str
) -> None:
    """What is done there is not told apart: rather too much than too little. A circle has an end."""
    trigger(place, "t", "INSERT INTO sound(said) VALUES (NEW.state)")
    trigger(
        place,
        "onward",
        "UPDATE phases SET note = 'x' WHERE run_id = 'none'",
        on="sound",
        event="DELETE" if event == "INSERT" else "INSERT",
    )
    trigger(place, "there", "INSERT INTO keeps(said) VALUES ('x')", on="sound", event=event)
    assert reached(place) == [("t", ["keeps MyISAM"], ())]


def test_a_routine_is_followed_where_it_lies_and_names_in_it_are_of_its_own_schema(place: Workplace, beside: str) -> None:
    place.sql(f"CREATE TABLE {beside}.keeps (said TEXT) ENGINE=MEMORY".replace("TEXT", "VARCHAR(9)"))
    place.sql(f"CREATE PROCEDURE {beside}.note(x TEXT) BEGIN INSERT INTO keeps VALUES (x); CALL note(x); END")
    place.sql(f"CREATE FUNCTION {beside}.count_it(x TEXT) RETURNS INT BEGIN INSERT INTO keeps VALUES (x); RETURN 1; END")
    trigger(place, "p", f"CALL {beside}.note(NEW.state)")
    trigger(place, "f", f"SET @x = {beside}.count_it(NEW.state)")
    assert reached(place) == [("f", ["keeps MEMORY"], ()), ("p", ["keeps MEMORY"], ())]
    assert {one.keeping[0][0] for one in reaches(place)} == {(beside, "keeps")}


def test_a_view_is_seen_through_and_keeps_nothing_itself(place: Workplace, beside: str) -> None:
    place.sql(f"CREATE VIEW {beside}.shown AS SELECT said FROM {sa.make_url(place.url).database}.keeps")
    trigger(place, "t", f"INSERT INTO {beside}.SHOWN VALUES (NEW.state)".replace("SHOWN", "shown"))
    assert reached(place) == [("t", ["keeps MyISAM"], ())]


def test_what_is_written_to_and_not_found_is_hidden_and_what_is_only_read_is_not(place: Workplace) -> None:
    trigger(place, "t", "BEGIN IF NEW.state = 'none' THEN INSERT INTO nowhere.at_all VALUES (1); END IF; SET @x = @y; END")
    assert reached(place) == [("t", [], ("the table 'nowhere.at_all'",))]


def test_a_routine_that_is_not_there_is_hidden_and_a_function_of_the_server_is_none(place: Workplace) -> None:
    trigger(place, "t", "SET @x = CONCAT(UPPER(NEW.state), no_such_one(1))")
    assert reached(place) == [("t", [], ("the routine 'no_such_one'",))]


def test_what_is_put_together_while_it_runs_is_hidden_and_what_stands_beside_it_is_seen(place: Workplace) -> None:
    place.sql("CREATE PROCEDURE puts() BEGIN INSERT INTO keeps(said) VALUES ('x'); EXECUTE IMMEDIATE 'SELECT 1'; END")
    trigger(place, "t", "IF NEW.state = 'none' THEN CALL puts(); END IF")
    assert reached(place) == [("t", ["keeps MyISAM"], ("the routine 'puts'",))]


@pytest.mark.parametrize(("between", "is_seen"), [(DEEPEST - 2, True), (DEEPEST - 1, False)])
def test_so_many_steps_are_followed_and_what_lies_behind_them_is_hidden(
    place: Workplace, between: int, is_seen: bool
) -> None:
    place.sql("CREATE PROCEDURE step_0() INSERT INTO keeps(said) VALUES ('x')")
    for number in range(1, between + 1):
        place.sql(f"CREATE PROCEDURE step_{number}() CALL step_{number - 1}()")
    trigger(place, "t", f"CALL step_{between}()")
    [(_, keeping, hidden)] = reached(place)
    assert (keeping, hidden) == ((["keeps MyISAM"], ()) if is_seen else ([], ("the routine 'step_0'",)))


def test_a_name_that_differs_by_its_case_alone_is_meant_too(place: Workplace) -> None:
    """Servers differ in it: rather too much than too little."""
    place.sql("CREATE TABLE Keeps_Too (said TEXT) ENGINE=MyISAM")
    trigger(place, "t", "BEGIN IF NEW.state = 'none' THEN INSERT INTO KEEPS_TOO VALUES ('x'); END IF; END")
    [(_, [found], _)] = reached(place)
    assert found.casefold() == "keeps_too myisam"
