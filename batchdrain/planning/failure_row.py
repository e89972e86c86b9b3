"""Counts equal failures in a row: a broken command fails the same way whatever the phase."""

from __future__ import annotations

from batchdrain.model.phase import Phase


def describe_before(phase: Phase) -> str:
    """What the phase had failed with before. A phase without a stored failure is described by its ids, since it is not known
    to be like any other."""
    return phase.failure.fingerprint or repr((phase.run_id, phase.phase_id))


class FailureRow:
    """The latest failures, while they are equal. A success, or a failure of another kind, begins a new row."""

    def __init__(self) -> None:
        self.fingerprint = ""  #: the fingerprint that all of them share; '' if there is no row
        self._length = 0
        self._stored: set[str] = set()

    @property
    def length(self) -> int:
        """How many equal failures there are. 0 while all of their phases had failed in one way before: then perhaps the
        phases are alike, and the command is not broken."""
        return self._length if len(self._stored) > 1 else 0

    def add(self, fingerprint: str, stored: str) -> None:
        """Add a result. `fingerprint`: that of its failure, '' for a success; `stored`: what `describe_before` says of its
        phase."""
        if fingerprint != self.fingerprint:
            self.clear()
            self.fingerprint = fingerprint
        if fingerprint:
            self._length += 1
            self._stored.add(stored)

    def clear(self) -> None:
        """Begin anew, with no failures."""
        self.fingerprint, self._length = "", 0
        self._stored.clear()
