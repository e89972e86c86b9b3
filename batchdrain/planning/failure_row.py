"""Equal failures in a row: a command that is broken fails the same way whatever the phase."""

from __future__ import annotations

from batchdrain.model.phase import Phase


def describe_before(phase: Phase) -> str:
    """What the phase had failed with before. Phases that store nothing of it are told apart by their names: nobody knows that
    they are alike."""
    return phase.failure.fingerprint or repr((phase.run_id, phase.phase_id))


class FailureRow:
    """The last failures, as long as they are equal. A success, or a failure of another kind, begins a new row."""

    def __init__(self) -> None:
        self.fingerprint = ""  #: of each of them; '' where there is no row
        self._length = 0
        self._stored: set[str] = set()

    @property
    def length(self) -> int:
        """0 while all of their phases had failed in the same way before: then the phases may be alike, and not the command."""
        return self._length if len(self._stored) > 1 else 0

    def add(self, fingerprint: str, stored: str) -> None:
        """A result. `fingerprint`: of its failure, '' where it is none; `stored`: what `describe_before` says of its phase."""
        if fingerprint != self.fingerprint:
            self.clear()
            self.fingerprint = fingerprint
        if fingerprint:
            self._length += 1
            self._stored.add(stored)

    def clear(self) -> None:
        """No row."""
        self.fingerprint, self._length = "", 0
        self._stored.clear()
