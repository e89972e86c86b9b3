"""Notes of people and diagnoses on runs, phases and clusters: kept in the ledger until it is taken back.

A note has a kind and a subject; a later one of the same subject replaces it. Subjects are any text: the table's key is
their digest, which no collation takes for another.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.ledger.own_writes import write_own
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.storage import require_transactions
from batchdrain.runtime import clock
from batchdrain.runtime.text import to_storable


class NoteKind(StrEnum):
    """What a note is: the first part of its name in batchdrain_meta."""

    HINT = "hint"  #: a priority; the subject is a glob of run ids
    ACCEPTED = "accepted"  #: a known failure that is not to be drained again
    VERDICT = "verdict"  #: what a diagnosis said of a phase
    REOPENED = "reopened"  #: that a quarantine or a verdict was lifted, by whom and why; each time its own subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that somebody said of a subject, as it stands in the ledger."""

    subject: str
    by: str  #: user@host
    at: str  #: ISO 8601, UTC
    content: Mapping[str, Any]  #: plain JSON values


class Notes:
    """Hints, acceptances and verdicts in batchdrain_meta; never in your tables."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self.database = database
        self.ledger = ledger

    def write(self, kind: NoteKind, contents: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep a note of each subject, in one transaction. The ledger must stand. Raises DatabaseUnavailable, ConfigError."""
        meta, rows = self.ledger.meta, [to_row(kind, new_note(subject, content)) for subject, content in contents.items()]

        def work(connection: sa.Connection) -> None:
            for row in rows:
                connection.execute(meta.delete().where(meta.c.name == row["name"]))
            if rows:
                connection.execute(meta.insert(), rows)

        write_own(self.database, work)

    def take_back(self, kind: NoteKind, subject: str) -> bool:
        """Returns whether there was such a note."""
        meta = self.ledger.meta
        require_transactions(self.database, self.ledger.tables)
        gone = meta.delete().where(meta.c.name == _name_of(kind, subject))
        return write_own(self.database, lambda connection: connection.execute(gone).rowcount) == 1

    def forget(self, kind: NoteKind, notes: Iterable[Note]) -> None:
        """Take these back, in one transaction, unless somebody said something new of their subjects."""
        meta = self.ledger.meta
        gone = meta.delete().where(meta.c.name == sa.bindparam("the_name"), meta.c.value == sa.bindparam("the_value"))
        rows = [{"the_name": _name_of(kind, note.subject), "the_value": _to_json(note)} for note in notes]
        if rows:
            write_own(self.database, lambda connection: connection.execute(gone, rows))

    def read(self, kind: NoteKind) -> list[Note]:
        """All notes of a kind, by subject. Reads only; [] where there is no ledger."""
        meta = self.ledger.meta
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return []
            query = sa.select(meta.c.value).where(meta.c.name.startswith(f"{kind.value}/", autoescape=True))
            found = [_parse(value) for value in connection.execute(query).scalars()]
        return sorted((note for note in found if note is not None), key=lambda note: note.subject)


def new_note(subject: str, content: Mapping[str, Any]) -> Note:
    """By whoever runs this, now."""
    return Note(subject=subject, by=_name_author(), at=clock.to_iso(clock.now()), content=content)


def to_row(kind: NoteKind, note: Note) -> dict[str, str]:
    """As it stands in batchdrain_meta: name and value."""
    return {"name": _name_of(kind, note.subject), "value": _to_json(note)}


def _name_of(kind: NoteKind, subject: str) -> str:
    return f"{kind.value}/{hashlib.sha256(subject.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _to_json(note: Note) -> str:
    return json.dumps({"subject": to_storable(note.subject), "by": note.by, "at": note.at, "said": dict(note.content)})


def _parse(value: str) -> Note | None:
    """None for what is no note of ours: whoever may write to the ledger may have written anything."""
    try:
        found = json.loads(value)
        return Note(subject=str(found["subject"]), by=str(found["by"]), at=str(found["at"]), content=dict(found["said"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _name_author() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a uid without a name
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
