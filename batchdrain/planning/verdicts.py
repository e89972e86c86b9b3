"""What diagnoses said of phases, as the planner believes it.

A verdict is void once its time is over, once the phase was executed again (its attempts in the ledger are others), and
where its failure has another fingerprint than the one that was diagnosed.
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
    """What a diagnosis can say of a phase."""

    PROMISING = "promising"  #: worth trying: goes first
    HOPELESS = "hopeless"  #: left out while the verdict holds
    WAIT = "wait"  #: left out until then


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a diagnosis said of one phase, and what it is bound to."""

    key: PhaseKey
    kind: VerdictKind
    reason: str
    until: datetime  #: void from then on; aware, UTC
    fingerprint: str  #: of the failure that was diagnosed
    attempts: int  #: of the phase in the ledger when it was
    version: int = FIRST  #: of the rules that made the fingerprint
    example: str = ""  #: the failure text that was diagnosed, without secrets

    @classmethod
    def of(cls, note: Note) -> Verdict | None:
        """None for what is no verdict: whoever may write to the ledger may have written anything."""
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
        """What the ledger keeps beside who and when."""
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
        """Why its phase is not drained now; None for a promising one."""
        return None if self.kind is VerdictKind.PROMISING else Skip(TRIAGE, str(self), self.until)

    def is_of(self, failure: Failure) -> bool:
        """Whether the failure is still the one that was diagnosed."""
        kept = KeptFingerprint(fingerprint=self.fingerprint, version=self.version, example=self.example)
        return kept.is_of(failure.text, failure.fingerprint)

    def __str__(self) -> str:
        verdict = f"wait until {clock.to_shown(self.until)}" if self.kind is VerdictKind.WAIT else self.kind.value
        return f"{verdict}: {self.reason}" if self.reason else verdict


def is_hopeless(skip: Skip) -> bool:
    """Whether a diagnosis called the phase so: else it said when to wait until."""
    return skip.rule == TRIAGE and skip.value.startswith(VerdictKind.HOPELESS)


def current_verdicts_of(notes: Iterable[Note], attempts: Mapping[str, int], now: datetime) -> dict[PhaseKey, Verdict]:
    """The verdicts that are believed now, as far as the table's rows need not be looked at. `attempts`: by digest."""
    found = ((note.subject, Verdict.of(note)) for note in notes)
    return {
        verdict.key: verdict
        for digest, verdict in found
        if verdict is not None and now < verdict.until and attempts.get(digest, 0) == verdict.attempts
    }


def read_verdicts(store: Store, attempts: Mapping[str, int]) -> dict[PhaseKey, Verdict]:
    """The same, from the ledger. Raises DatabaseUnavailable."""
    notes = Notes(store.database, store.ledger).read(NoteKind.VERDICT)
    return current_verdicts_of(notes, attempts, clock.now())


def expired(notes: Iterable[Note], now: datetime) -> list[Note]:
    """Those whose time is over: nobody will believe them again."""
    return [note for note in notes if (verdict := Verdict.of(note)) is not None and verdict.until <= now]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
