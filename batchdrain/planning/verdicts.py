"""The verdicts of diagnoses on phases, and when the planner believes them.

A verdict is void once its time is over, once the phase was executed again (the ledger counts other attempts), and if the
failure has another fingerprint than the one that was diagnosed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from batchdrain.database.ledger.notes import Note, NoteKind, Notes
from batchdrain.database.store import Store
from batchdrain.failures.kept_fingerprint import FIRST, KeptFingerprint
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.runtime import clock

TRIAGE: Final = "triage"


class VerdictKind(StrEnum):
    """What a diagnosis can say about a phase."""

    PROMISING = "promising"  #: worth trying; goes first
    HOPELESS = "hopeless"  #: left out as long as the verdict holds
    WAIT = "wait"  #: left out until the verdict ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict of a diagnosis on one phase, and what it is bound to."""

    key: PhaseKey
    kind: VerdictKind
    reason: str
    until: datetime  #: the verdict ends then; aware, UTC
    fingerprint: str  #: the fingerprint of the diagnosed failure
    attempts: int  #: the attempts that the ledger counted when it was diagnosed
    version: int = FIRST  #: the version of the rules that made the fingerprint
    example: str = ""  #: the diagnosed failure text, without secrets

    @classmethod
    def of(cls, note: Note) -> Verdict | None:
        """Parse a note. None if it is no verdict: whoever may write to the ledger may have written anything."""
        content = note.content
        try:
            return cls(
                key=PhaseKey(_text(content["run_id"]), _text(content["phase_id"])),
                kind=VerdictKind(content["verdict"]),
                reason=_text(content["reason"]),
                until=datetime.fromisoformat(content["until"]).astimezone(UTC),
                fingerprint=_text(content["fingerprint"]),
                attempts=int(content["attempts"]),
                version=int(content.get("version", FIRST)),
                example=_text(content.get("example", "")),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    @property
    def to_note(self) -> dict[str, Any]:
        """The content of the ledger's note; the ledger adds who wrote it and when."""
        return {
            "run_id": self.key.run_id,
            "phase_id": self.key.phase_id,
            "verdict": self.kind.value,
            "reason": self.reason,
            "until": clock.to_iso(self.until),
            "fingerprint": self.fingerprint,
            "attempts": self.attempts,
            "version": self.version,
            "example": self.example,
        }

    @property
    def skip(self) -> Skip | None:
        """Why the phase is not drained now; None for a promising one."""
        return None if self.kind is VerdictKind.PROMISING else Skip(TRIAGE, str(self), self.until)

    def is_of(self, failure: Failure) -> bool:
        """Whether this is still the failure that was diagnosed."""
        kept = KeptFingerprint(fingerprint=self.fingerprint, version=self.version, example=self.example)
        return kept.is_of(failure.text, failure.fingerprint)

    def __str__(self) -> str:
        verdict = f"wait until {clock.to_shown(self.until)}" if self.kind is VerdictKind.WAIT else self.kind.value
        return f"{verdict}: {self.reason}" if self.reason else verdict


def is_hopeless(skip: Skip) -> bool:
    """Whether the skip comes from a hopeless verdict, and not from one that says to wait."""
    return skip.rule == TRIAGE and skip.value.startswith(VerdictKind.HOPELESS)


def current_verdicts_of(notes: Iterable[Note], attempts: Mapping[str, int], now: datetime) -> dict[PhaseKey, Verdict]:
    """The verdicts that hold now, as far as can be told without the rows of the table. `attempts`: by digest."""
    found = ((note.subject, Verdict.of(note)) for note in notes)
    return {
        verdict.key: verdict
        for digest, verdict in found
        if verdict is not None and now < verdict.until and attempts.get(digest, 0) == verdict.attempts
    }


def read_verdicts(store: Store, attempts: Mapping[str, int]) -> dict[PhaseKey, Verdict]:
    """Read the current verdicts from the ledger. Raises DatabaseUnavailable."""
    notes = Notes(store.database, store.ledger).read(NoteKind.VERDICT)
    return current_verdicts_of(notes, attempts, clock.now())


def expired(notes: Iterable[Note], now: datetime) -> list[Note]:
    """The notes whose verdicts have ended; nobody will believe them again."""
    return [note for note in notes if (verdict := Verdict.of(note)) is not None and verdict.until <= now]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
