"""What has become of a failed phase, in one word. Derived from the rule that leaves it out, and never stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from batchdrain.model.phase import Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import ACCEPTED
from batchdrain.planning.skip_rules import CLAIMED, QUARANTINED, RETRY_WAITS
from batchdrain.planning.verdicts import is_hopeless
from batchdrain.runtime.text import count_times


class DispositionKind(StrEnum):
    """What has become of a failed phase."""

    OPEN = "open"  #: failed, and no drain has tried it: the next one may take it
    RETRIED = "retried"  #: a drain tried it, and it failed again: the next one may take it, or one is at it now
    FIXED = "fixed"  #: it is complete now
    ACCEPTED = "accepted"  #: people know of it, and it is not tried
    QUARANTINED = "quarantined"  #: left out, as those who ran it died
    PARKED = "parked"  #: left out by another rule, which says until when, or what has to change
    HOPELESS = "hopeless"  #: left out by the verdict of a diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """What has become of a failed phase, and why."""

    kind: DispositionKind
    reason: str  #: one line for people; as hostile as the ids and texts that it names
    until: datetime | None = None  #: void from then on; aware, UTC. None: until somebody changes it

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.reason}"


_BY_RULE: Final[Mapping[str, DispositionKind]] = {
    ACCEPTED: DispositionKind.ACCEPTED,
    QUARANTINED: DispositionKind.QUARANTINED,
    CLAIMED: DispositionKind.RETRIED,
    RETRY_WAITS: DispositionKind.RETRIED,
}
"""Every other rule parks."""


_FIXED_BY: Final[Mapping[bool | None, str]] = {
    True: "its last attempt completed it",
    False: "complete since its last attempt, which did not do it",
    None: "complete now; `inv prune` removed its attempts",
}


def kind_of(skip: Skip | None, attempts: int) -> DispositionKind:
    """Of a phase that stands as failed. `skip`: what leaves it out of a drain that was asked for everything; None where it may
    be drained; `attempts`: that the ledger counts."""
    if skip is None:
        return DispositionKind.RETRIED if attempts else DispositionKind.OPEN
    return DispositionKind.HOPELESS if is_hopeless(skip) else _BY_RULE.get(skip.rule, DispositionKind.PARKED)


def disposition(
    state: PhaseState | None, skip: Skip | None, attempts: int, *, was_completed: bool | None = False
) -> Disposition | None:
    """`state`: that it stands in; None for a word that is mapped to none, and for a row that is gone. `skip`, `attempts`: as of
    `kind_of`; `was_completed`: by its last counted attempt; None
    where nothing but its number is left of that. None for what has not failed, as far as anybody knows."""
    if state is PhaseState.FAILED:
        kind = kind_of(skip, attempts)
        if skip is None:
            return Disposition(kind=kind, reason=_describe_open(attempts))
        return Disposition(kind=kind, reason=_describe_skip(kind, skip), until=skip.until)
    if state is PhaseState.COMPLETE and attempts:
        return Disposition(kind=DispositionKind.FIXED, reason=_FIXED_BY[was_completed])
    return None


def _describe_skip(kind: DispositionKind, skip: Skip) -> str:
    """Without what the kind says already."""
    if kind is DispositionKind.HOPELESS:
        return skip.value.partition(": ")[2] or "a diagnosis says so"
    return str(skip) if kind is DispositionKind.PARKED else skip.value


def _describe_open(attempts: int) -> str:
    return f"tried {count_times(attempts)}, may be tried again" if attempts else "no drain has tried it"
