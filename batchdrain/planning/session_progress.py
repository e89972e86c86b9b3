"""What selection needs to know about the work that a session has done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.stop import Progress


class SessionProgress(Protocol):
    """The work that a session has done. It grows with each result."""

    @property
    def attempted(self) -> Collection[PhaseKey]:
        """Phases that have a result, including those that will be tried again and those of `in_chain`."""

    @property
    def in_chain(self) -> Collection[PhaseKey]:
        """Phases that another session of the same chain has attempted."""

    @property
    def passed_over(self) -> Mapping[PhaseKey, Skip]:
        """Phases that could not be claimed, and why. They are not chosen again for now."""

    @property
    def fixed(self) -> Mapping[str, int]:
        """How many phases the session has completed, by run_id."""

    def progress(self) -> Progress:
        """The present figures for the stop conditions."""


@dataclass(frozen=True, slots=True)
class NothingDone:
    """The progress of a session that has not begun."""

    attempted: frozenset[PhaseKey] = frozenset()
    in_chain: frozenset[PhaseKey] = frozenset()
    passed_over: Mapping[PhaseKey, Skip] = field(default_factory=dict)
    fixed: Mapping[str, int] = field(default_factory=dict)

    def progress(self) -> Progress:
        """All figures are zero."""
        return Progress()
