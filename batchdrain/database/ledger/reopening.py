"""The transaction that lifts a phase's quarantine, or the verdict of its diagnosis, and keeps who did so and why.

All or nothing: the claim's count, the verdict and the note of it are written in one transaction, so that a phase is either as
it was or reopened, whatever is killed. Lock order: claim, notes.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.database.ledger.notes import Note, NoteKind, to_row
from batchdrain.database.ledger.schema import Ledger
from batchdrain.model.phase import PhaseKey


class NotReopened(Exception):
    """Somebody claimed the phase, or said something else of it, since it was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenTransaction:
    """Called with the connection of its transaction, which may be repeated: where the reply to a commit was lost, the second run
    finds its own note. Raises NotReopened, and nothing was written."""

    ledger: Ledger
    key: PhaseKey
    orphanings: int  #: as they were read; 0: it is in no quarantine
    verdict: Note | None  #: as it was read
    note: Note  #: by whom, when and why; no other has its subject

    def __call__(self, connection: sa.Connection) -> None:
        meta, kept = self.ledger.meta, to_row(NoteKind.REOPENED, self.note)
        if connection.execute(sa.select(meta.c.name).where(meta.c.name == kept["name"])).first() is not None:
            return
        if self.orphanings:
            self._lift_quarantine(connection)
        if self.verdict is not None:
            verdict = to_row(NoteKind.VERDICT, self.verdict)
            these = (meta.c.name == verdict["name"], meta.c.value == verdict["value"])
            if not connection.execute(meta.delete().where(*these)).rowcount:
                raise NotReopened
        connection.execute(meta.insert().values(**kept))

    def _lift_quarantine(self, connection: sa.Connection) -> None:
        """Only while nobody holds it: whoever does may be about to count its next orphaning, or its end."""
        claims = self.ledger.claim
        this = sa.and_(claims.c.source == self.ledger.source, claims.c.key == self.key.digest)
        epoch = connection.execute(sa.select(claims.c.epoch).where(this)).scalar()
        as_read = (claims.c.epoch == epoch, claims.c.owner.is_(None), claims.c.orphan_count == self.orphanings)
        if not connection.execute(claims.update().where(this, *as_read).values(orphan_count=0)).rowcount:
            raise NotReopened
