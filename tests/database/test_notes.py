"""Notes of the ledger: the later one counts, whoever else writes in the same moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from batchdrain.config.load import load
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.project import Project
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


def said(notes: Notes) -> dict[str, object]:
    return {note.subject: note.content["word"] for note in notes.read(KIND)}


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
