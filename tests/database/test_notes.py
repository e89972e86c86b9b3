"""Notes of the ledger: the later one counts, whoever else writes in the same moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from batchdrain.config import load
from batchdrain.database.notes import NoteKind, Notes
from batchdrain.site import Site
from tests.workplace import DEADLINE_S, Workplace

KIND = NoteKind.VERDICT


@pytest.fixture
def site(work: Workplace) -> Iterator[Site]:
    found = Site.open(load({"database_url": work.url}, {}), {}, work.root)
    found.database.prepare_for_writing()
    found.ledger.create(found.database)
    yield found
    found.close()


def said(notes: Notes) -> dict[str, object]:
    return {note.subject: note.said["word"] for note in notes.of(KIND)}


def test_who_writes_of_one_subject_in_the_same_moment_is_heard_second(work: Workplace, site: Site) -> None:
    notes = Notes(site.database, site.ledger)
    notes.write(KIND, {"s": {"word": "former"}})
    name, value = work.sql("SELECT name, value FROM batchdrain_meta WHERE name LIKE 'verdict/%'")[0]
    notes.take_back(KIND, "s")
    later = threading.Thread(target=notes.write, args=(KIND, {"s": {"word": "later"}}))

    with work.engine.begin() as connection:
        connection.execute(site.ledger.meta.insert().values(name=name, value=value))
        later.start()
        time.sleep(0.3)  # enough for it to wait for our row; with less this shows nothing, but fails neither
    later.join(DEADLINE_S)

    assert said(notes) == {"s": "later"}


def test_what_is_forgotten_is_what_was_read(site: Site) -> None:
    notes = Notes(site.database, site.ledger)
    notes.write(KIND, {"old": {"word": "a"}, "changed": {"word": "b"}, "kept": {"word": "c\x00\ud800"}})
    read = [note for note in notes.of(KIND) if note.subject != "kept"]
    notes.write(KIND, {"changed": {"word": "new"}})

    notes.forget(KIND, read)
    notes.forget(KIND, [])

    assert said(notes) == {"changed": "new", "kept": "c\x00\ud800"}
