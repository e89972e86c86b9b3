"""A phase: its name, its row, and why it may be skipped."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.states import PhaseState


@lru_cache(maxsize=1024)
def _digest(run_id: str, phase_id: str) -> str:
    return hashlib.sha256(json.dumps([run_id, phase_id]).encode()).hexdigest()


@dataclass(frozen=True, slots=True, order=True)
class PhaseKey:
    """The name of a phase. `phase_id` alone is not unique across runs."""

    run_id: str
    phase_id: str

    @property
    def digest(self) -> str:
        """64 hex digits: the ledger's key, safe under every collation and in every file name."""
        return _digest(self.run_id, self.phase_id)

    def __str__(self) -> str:
        return f"{self.run_id} / {self.phase_id}"


GONE: Final = "gone"
"""Stands for the state's word if no row has the ids. A table may use the same word; `is_there` tells them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowState:
    """What the user's table holds for one phase now."""

    state: str  #: the state's word (see `state_words`)
    reason: str | None
    is_there: bool = True  #: whether the source shows a row with these ids
    is_deleted: bool = False  #: the row is certainly gone; False if a view may merely not show it
    kind: str | None = field(default=None, compare=False)  #: the type of the state's value, if the column holds several types


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One row of the backlog, as it was when the backlog was read."""

    run_id: str
    phase_id: str
    phase_index: int | None  #: orders the phases of a run; None sorts last
    state: PhaseState  #: FAILED or QUEUED, the state it is drained from
    failure: Failure = NO_REASON
    attempts: int = 0  #: executions that the ledger has counted, over all sessions

    @property
    def key(self) -> PhaseKey:
        """Its name in the ledger, in files and in events."""
        return PhaseKey(self.run_id, self.phase_id)

    @property
    def reason(self) -> str | None:
        """The failure text, cut to the part that categories and fingerprints look at."""
        return self.failure.text

    @property
    def category(self) -> str:
        """The category of its failure, one of failures.categories.CATEGORIES."""
        return self.failure.category


@dataclass(frozen=True, slots=True, order=True)
class Skip:
    """Why a phase is not drained: the rule, and the value that made it apply."""

    rule: str
    value: str
    until: datetime | None = field(default=None, compare=False)  #: when it ends, if that is known; aware, UTC

    def __str__(self) -> str:
        return f"{self.rule}: {self.value}" if self.value else self.rule
