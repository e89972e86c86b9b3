"""Notes of the ledger: the later one counts, whoever else writes in the same moment."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from batchdrain.config.load import load
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.project import Project
from tests.support.two_tables import age_notes
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

KIND = NoteKind.VERDICT


@pytest.fixture
def opened(project: Workplace) -> Iterator[Project]:
    found = Project.open(load({"database_url": project.url}, {}), {}, project.root)
    found.store.database.prepare_for_writing()
    found.store.ledger.create(found.store.database)
    yield found
    found.close()


def notes_of(opened: Project, source: str = "phases") -> Notes:
    """Those of a table that shares the ledger."""
    return Notes(opened.store.database, replace(opened.store.ledger, source=source))


def said(notes: Notes) -> dict[str, object]:
    found = [(note.subject, note.content["word"]) for note in notes.read(KIND)]
    assert len({subject for subject, _ in found}) == len(found), "each subject once"
    return dict(found)


WAITING = {
    "postgresql": "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    "mysql": "SELECT 1 FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id "
    "WHERE db = database() AND trx_state = 'LOCK WAIT'",
}


def waits(place: Workplace) -> bool:
    """Whether somebody waits for a lock. SQLite can't tell, and there nobody is between a reader and a writer."""
    query = WAITING.get(place.engine.dialect.name)
    return query is None or bool(place.sql(query))


def test_who_writes_of_one_subject_in_the_same_moment_is_heard_second(project: Workplace, opened: Project) -> None:
    notes = Notes(opened.store.database, opened.store.ledger)
    notes.write(KIND, {"s": {"word": "former"}})
    name, value = project.sql("SELECT name, value FROM batchdrain_meta WHERE name LIKE 'verdict/%'")[0]
    notes.take_back(KIND, "s")
    later = threading.Thread(target=notes.write, args=(KIND, {"s": {"word": "later"}}))

    with project.engine.begin() as connection:
        connection.execute(opened.store.ledger.meta.insert().values(name=name, value=value))
        later.start()
        wait_for(lambda: waits(project), "it to wait for our row")
    later.join(DEADLINE_S)

    assert said(notes) == {"s": "later"}


def test_what_is_forgotten_is_what_was_read(opened: Project) -> None:
    notes = Notes(opened.store.database, opened.store.ledger)
    notes.write(KIND, {"old": {"word": "a"}, "changed": {"word": "b"}, "kept": {"word": "c\x00\ud800"}})
    read = [note for note in notes.read(KIND) if note.subject != "kept"]
    notes.write(KIND, {"changed": {"word": "new"}})

    notes.forget(KIND, read)
    notes.forget(KIND, [])

    assert said(notes) == {"changed": "new", "kept": "c\x00\ud800"}


def test_a_note_of_one_table_replaces_and_takes_back_no_other_tables(opened: Project) -> None:
    """Names that one collation takes for another are two tables."""
    of = {source: notes_of(opened, source) for source in ("phases", "Phases", "steps-0123456789abcdef")}
    for source, notes in of.items():
        notes.write(KIND, {"s": {"word": source}})
    assert {source: said(notes) for source, notes in of.items()} == {source: {"s": source} for source in of}
    assert (of["phases"].take_back(KIND, "s"), of["phases"].take_back(KIND, "s")) == (True, False)
    of["Phases"].forget(KIND, of["Phases"].read(KIND))
    assert [said(notes) for notes in of.values()] == [{}, {}, {"s": "steps-0123456789abcdef"}]


def test_two_tables_of_which_the_same_is_said_in_one_moment_do_not_wait_for_each_other(
    project: Workplace, opened: Project
) -> None:
    notes_of(opened).write(KIND, {"s": {"word": "ours"}})
    [(name, value)] = project.sql("SELECT name, value FROM batchdrain_meta WHERE name LIKE 'verdict/%'")
    with project.engine.connect() as connection:
        if project.engine.dialect.name != "sqlite":  # there a writer waits for any other
            connection.execute(
                opened.store.ledger.meta.update().values(value=value).where(opened.store.ledger.meta.c.name == name)
            )
        notes_of(opened, "steps").write(KIND, {"s": {"word": "theirs"}})
    assert (said(notes_of(opened)), said(notes_of(opened, "steps"))) == ({"s": "ours"}, {"s": "theirs"})


def test_a_former_note_holds_for_every_table_that_says_nothing_of_its_own(project: Workplace, opened: Project) -> None:
    ours, theirs = notes_of(opened), notes_of(opened, "steps")
    ours.write(KIND, {"s": {"word": "former"}, "t": {"word": "former"}})
    age_notes(project)
    theirs.write(KIND, {"s": {"word": "theirs"}})

    assert (said(ours), said(theirs)) == ({"s": "former", "t": "former"}, {"s": "theirs", "t": "former"})
    assert [[note.subject for note in notes.read_shared(KIND)] for notes in (ours, theirs)] == [["s", "t"]] * 2
    assert theirs.take_back(KIND, "s")
    assert (said(ours), said(theirs)) == ({"t": "former"}, {"t": "former"})


def test_what_hides_a_former_note_is_not_forgotten_before_it(project: Workplace, opened: Project) -> None:
    """Or what was said since would be undone by its own end."""
    ours, theirs = notes_of(opened), notes_of(opened, "steps")
    ours.write(KIND, {"s": {"word": "former"}, "t": {"word": "former"}})
    age_notes(project)
    ours.write(KIND, {"s": {"word": "new"}, "u": {"word": "new"}})
    own = [note for note in ours.read(KIND) if not note.is_shared]

    ours.forget(KIND, own)
    assert (said(ours), said(theirs)) == ({"s": "new", "t": "former"}, {"s": "former", "t": "former"})
    ours.forget(KIND, [*own, *ours.read_shared(KIND)])
    assert (said(ours), said(theirs)) == ({}, {})


def test_a_note_stands_in_the_ledger_as_bd1f117_reads_it(project: Workplace, opened: Project) -> None:
    """It takes a note's subject, author, time and content, and looks at no more. Its column of names holds 191 characters."""
    notes_of(opened, "x" * 64).write(KIND, {"a" * 500: {"word": "new"}})
    [(name, value)] = project.sql("SELECT name, value FROM batchdrain_meta WHERE name LIKE 'verdict/%'")
    assert re.fullmatch(r"verdict/[0-9a-f]{64}", name)
    found = json.loads(value)
    assert (found.keys(), found["said"]) == ({"subject", "by", "at", "said", "source"}, {"word": "new"})
    assert {type(found[one]) for one in ("subject", "by", "at", "source")} == {str}


@pytest.mark.parametrize("source", [5, [], {"a": 1}, True])
def test_a_note_of_what_is_no_table_is_nobodys(project: Workplace, opened: Project, source: object) -> None:
    notes_of(opened).write(KIND, {"s": {"word": "x"}})
    [(name, value)] = project.sql("SELECT name, value FROM batchdrain_meta WHERE name LIKE 'verdict/%'")
    spoiled = {"n": name, "v": json.dumps(json.loads(value) | {"source": source})}
    project.sql("UPDATE batchdrain_meta SET value = :v WHERE name = :n", [spoiled])
    assert said(notes_of(opened)) == {}


@pytest.mark.everyday("sqlite")
def test_what_is_no_note_takes_no_other_with_it(opened: Project) -> None:
    notes = Notes(opened.store.database, opened.store.ledger)
    notes.write(KIND, {"x": {"word": "ours"}})
    broken = ["torn", "", "5", "null", "[]", "[" * 100_000, '{"subject": "y"}', '{"subject": "y", "by": "b", "at": "a", "said": 5}',
              '{"subject": "y", "by": "b", "at": "a", "said": null}']  # fmt: skip
    meta = opened.store.ledger.meta
    rows = [{"name": f"{KIND.value}/{number}", "value": value} for number, value in enumerate(broken)]
    opened.store.database.write(lambda connection: connection.execute(meta.insert(), rows))
    assert said(notes) == {"x": "ours"}
