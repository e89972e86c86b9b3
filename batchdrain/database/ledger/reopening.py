"""The transaction that lifts a phase's quarantine, or the verdict of its diagnosis, and notes who did it and why.

The claim's count, the verdict and the note are written in one transaction. So a phase is either unchanged or reopened,
whatever is killed. Lock order: claim, shared notes, the table's own notes.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.database.ledger.notes import Note, NoteKind, name_of, to_row
from batchdrain.database.ledger.schema import Ledger
from batchdrain.model.phase import PhaseKey


class NotReopened(Exception):
    """Somebody claimed the phase, or wrote something else about it, since it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenTransaction:
    """Reopens one phase. Call it with the connection of its transaction, which may be repeated: if the reply to a commit was
    lost, the second run finds its own note. Raises NotReopened if nothing was written."""

    ledger: Ledger
    key: PhaseKey
    orphanings: int  #: how many were read; 0: the phase is in no quarantine
    verdict: Note | None  #: the verdict that was read
    note: Note  #: by whom, when and why; its subject is unique

    def __call__(self, connection: sa.Connection) -> None:
        meta, kept = self.ledger.meta, to_row(NoteKind.REOPENED, self.note)
        if connection.execute(sa.select(meta.c.name).where(meta.c.name == kept["name"])).first() is not None:
            return
        if self.orphanings:
            self._lift_quarantine(connection)
        if self.verdict is not None:
            self._lift(connection, self.verdict)
        connection.execute(meta.insert().values(**kept))

    def _lift(self, connection: sa.Connection, verdict: Note) -> None:
        """Delete the verdict, and also the shared one that it hides, since that would hold again."""
        meta, as_read = self.ledger.meta, to_row(NoteKind.VERDICT, verdict)
        if verdict.is_shared:
            own = meta.c.name == name_of(NoteKind.VERDICT, verdict.subject, self.ledger.source)
            if connection.execute(sa.select(meta.c.name).where(own)).first() is not None:
                raise NotReopened
        else:
            connection.execute(meta.delete().where(meta.c.name == name_of(NoteKind.VERDICT, verdict.subject, None)))
        these = (meta.c.name == as_read["name"], meta.c.value == as_read["value"])
        if not connection.execute(meta.delete().where(*these)).rowcount:
            raise NotReopened

    def _lift_quarantine(self, connection: sa.Connection) -> None:
        """Reset the count of orphanings, but only while nobody holds the phase: a holder may be about to count its next
        orphaning, or its end."""
        claims = self.ledger.claim
        this = sa.and_(claims.c.source == self.ledger.source, claims.c.key == self.key.digest)
        epoch = connection.execute(sa.select(claims.c.epoch).where(this)).scalar()
        as_read = (claims.c.epoch == epoch, claims.c.owner.is_(None), claims.c.orphan_count == self.orphanings)
        if not connection.execute(claims.update().where(this, *as_read).values(orphan_count=0)).rowcount:
            raise NotReopened
