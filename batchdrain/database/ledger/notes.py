"""Notes of people and diagnoses about runs, phases and clusters. The ledger keeps them until they are taken back.

A note has a kind, a table of phases and a subject. A later note with the same three replaces it. A subject may be any text;
the key of its row is a digest, so that no collation takes two for equal.

Notes of a batchdrain that did not know tables hold for every table of the ledger. A table's own note hides a shared one with
the same subject, for this table only.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
    """The kind of a note: the first part of its name in batchdrain_meta."""

    HINT = "hint"  #: a priority; the subject is a glob of run ids
    ACCEPTED = "accepted"  #: a known failure that is not to be drained again
    VERDICT = "verdict"  #: what a diagnosis said about a phase
    REOPENED = "reopened"  #: who lifted a quarantine or a verdict, and why; each has its own subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody said about one subject, as it stands in the ledger."""

    subject: str
    by: str  #: user@host
    at: str  #: ISO 8601, UTC
    content: Mapping[str, Any]  #: plain JSON values
    source: str | None = None  #: the ledger's name of the table of phases; None: it holds for every table

    @property
    def is_shared(self) -> bool:
        """Whether it holds for every table of the ledger."""
        return self.source is None


class Notes:
    """The notes of one table of phases. They are kept in batchdrain_meta, never in the user's tables."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self.database = database
        self.ledger = ledger

    def write(self, kind: NoteKind, contents: Mapping[str, Mapping[str, Any]]) -> None:
        """Write a note about each subject, in one transaction. The ledger must exist.
        Raises DatabaseUnavailable and ConfigError."""
        meta, source = self.ledger.meta, self.ledger.source
        rows = [to_row(kind, new_note(source, subject, content)) for subject, content in contents.items()]

        def work(connection: sa.Connection) -> None:
            for row in rows:
                connection.execute(meta.delete().where(meta.c.name == row["name"]))
            if rows:
                connection.execute(meta.insert(), rows)

        write_own(self.database, work)

    def take_back(self, kind: NoteKind, subject: str) -> bool:
        """Take back the note, and also a shared one for every table, since it would hold again.
        Returns whether there was one."""
        meta = self.ledger.meta
        require_transactions(self.database, self.ledger.tables)
        gone = meta.delete().where(
            meta.c.name.in_((name_of(kind, subject, self.ledger.source), name_of(kind, subject, None)))
        )
        return write_own(self.database, lambda connection: connection.execute(gone).rowcount) > 0

    def forget(self, kind: NoteKind, notes: Iterable[Note]) -> None:
        """Take these notes back, in one transaction, unless somebody wrote a new one about the same subject. A note that
        hides a shared one stays until that is gone."""
        meta = self.ledger.meta
        gone = meta.delete().where(meta.c.name == sa.bindparam("the_name"), meta.c.value == sa.bindparam("the_value"))
        shared, own = [], {}
        for note in notes:
            row = to_row(kind, note)
            parameters = {"the_name": row["name"], "the_value": row["value"]}
            if note.is_shared:
                shared.append(parameters)
            else:
                own[name_of(kind, note.subject, None)] = parameters

        def work(connection: sa.Connection) -> None:
            if shared:
                connection.execute(gone, shared)
            there = set(connection.execute(_of_kind(sa.select(meta.c.name), meta, kind)).scalars())
            if free := [parameters for hidden, parameters in own.items() if hidden not in there]:
                connection.execute(gone, free)

        if shared or own:
            write_own(self.database, work)

    def read(self, kind: NoteKind) -> list[Note]:
        """The notes of a kind that hold for the table, sorted by subject. Reads only; [] if there is no ledger."""
        found = self._read_all(kind)
        own = {note.subject for note in found if note.source == self.ledger.source}
        return [note for note in found if note.source == self.ledger.source or (note.is_shared and note.subject not in own)]

    def read_shared(self, kind: NoteKind) -> list[Note]:
        """The notes of a kind that hold for every table, even if this table's own hides them. Otherwise like `read`."""
        return [note for note in self._read_all(kind) if note.is_shared]

    def _read_all(self, kind: NoteKind) -> list[Note]:
        with self.database.read() as connection:
            if not self.ledger.exists(connection):
                return []
            query = _of_kind(sa.select(self.ledger.meta.c.value), self.ledger.meta, kind)
            found = [_parse(value) for value in connection.execute(query).scalars()]
        return sorted((note for note in found if note is not None), key=lambda note: note.subject)


def rename_notes(connection: sa.Connection, ledger: Ledger, former: str) -> None:
    """Give the notes of a table of another name to the present table, unless their subjects have newer notes. Part of the
    transaction that renames the rest."""
    meta = ledger.meta
    for kind in NoteKind:
        rows = {row.name: row.value for row in connection.execute(_of_kind(sa.select(meta.c.name, meta.c.value), meta, kind))}
        for name, value in rows.items():
            note = _parse(value)
            if note is None or note.source != former:
                continue
            this, now = meta.c.name == name, to_row(kind, replace(note, source=ledger.source))
            change = meta.delete() if now["name"] in rows else meta.update().values(**now)
            connection.execute(change.where(this))


def new_note(source: str, subject: str, content: Mapping[str, Any]) -> Note:
    """A note by the current user, now. `source`: see Ledger."""
    return Note(subject=subject, by=_name_author(), at=clock.to_iso(clock.now()), content=content, source=source)


def to_row(kind: NoteKind, note: Note) -> dict[str, str]:
    """The note's row in batchdrain_meta: name and value."""
    return {"name": name_of(kind, note.subject, note.source), "value": _to_json(note)}


def name_of(kind: NoteKind, subject: str, source: str | None) -> str:
    """The name of the note's row in batchdrain_meta. `source`: None if the note holds for every table."""
    whole = subject if source is None else f"{source}\0{subject}"  # no table of the ledger has a NUL in its name
    return f"{kind.value}/{hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _of_kind(query: sa.Select[Any], meta: sa.Table, kind: NoteKind) -> sa.Select[Any]:
    return query.where(meta.c.name.startswith(f"{kind.value}/", autoescape=True))


def _to_json(note: Note) -> str:
    of = {} if note.source is None else {"source": note.source}
    told = {"subject": to_storable(note.subject), "by": note.by, "at": note.at, "said": dict(note.content)}
    return json.dumps(told | of)


def _parse(value: str) -> Note | None:
    """A note from its row's value.
    None if it is no note of ours: whoever may write to the ledger may have written anything."""
    try:
        found = json.loads(value)
        told = {name: str(found[name]) for name in ("subject", "by", "at")}
        return Note(**told, content=dict(found["said"]), source=found.get("source"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _name_author() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a uid without a name
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
