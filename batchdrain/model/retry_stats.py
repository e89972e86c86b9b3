"""What came of attempts, counted: the facts that a policy learns from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Tally:
    """Attempts that set out from a failure and were executed to their end."""

    tried: int = 0
    fixed: int = 0  #: of these, completed
    fixed_s: float = 0.0  #: seconds of the completed ones, together
    failed_s: float = 0.0  #: seconds of the others (failed or timed out), together

    @property
    def failed(self) -> int:
        return self.tried - self.fixed

    def plus(self, other: Tally) -> Tally:
        return Tally(
            self.tried + other.tried,
            self.fixed + other.fixed,
            self.fixed_s + other.fixed_s,
            self.failed_s + other.failed_s,
        )


NOTHING: Final = Tally()


def tally_of(*, fixed: bool, seconds: float) -> Tally:
    """Of one attempt."""
    return Tally(1, 1, seconds, 0.0) if fixed else Tally(1, 0, 0.0, seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What the ledger has learnt of retries. The mappings are bounded: see database/lessons.py."""

    categories: Mapping[str, Tally] = field(default_factory=dict)  #: by the category that the attempt set out from
    fingerprints: Mapping[str, Tally] = field(default_factory=dict)  #: by the fingerprint that it set out from
    runs: Mapping[str, Tally] = field(default_factory=dict)  #: by run_id
    run_types: Mapping[str, Tally] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)  #: fingerprint of each run's latest failed attempt
    seen_in: Mapping[str, frozenset[str]] = field(default_factory=dict)  #: by such a fingerprint, runs that failed with it
