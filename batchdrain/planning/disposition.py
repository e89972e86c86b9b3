"""The disposition of a failed phase: what has become of it, in one word. It is derived from the rule that skips the phase,
and never stored. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from batchdrain.model.phase import Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import ACCEPTED
from batchdrain.planning.skip_rules import CLAIMED, QUARANTINED, RETRY_WAITS
from batchdrain.planning.verdicts import TRIAGE, is_hopeless
from batchdrain.runtime.text import count_times


class DispositionKind(StrEnum):
    """What has become of a failed phase."""

    OPEN = "open"  #: no drain has tried it to an end yet; the next one may take it
    RETRIED = "retried"  #: a drain tried it and it failed again; the next drain may take it, or one is working on it now
    FIXED = "fixed"  #: it is complete now
    ACCEPTED = "accepted"  #: people know of it, so it is not tried
    QUARANTINED = "quarantined"  #: left out because whoever ran it died, several times in a row
    PARKED = "parked"  #: left out by another rule, which says until when, or what has to change
    HOPELESS = "hopeless"  #: left out by the verdict of a diagnosis
    WAITING = "waiting"  #: left out until the time that a diagnosis named


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """What has become of a failed phase, and why."""

    kind: DispositionKind
    reason: str  #: one line for people; it holds ids and failure texts unescaped, which may be hostile
    until: datetime | None = None  #: it holds until then; aware, UTC. None: until somebody changes it

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.reason}"


_BY_RULE: Final[Mapping[str, DispositionKind]] = {
    ACCEPTED: DispositionKind.ACCEPTED,
    QUARANTINED: DispositionKind.QUARANTINED,
    CLAIMED: DispositionKind.RETRIED,
    RETRY_WAITS: DispositionKind.RETRIED,
}
"""Every rule that is not listed here parks the phase."""


_FIXED_BY: Final[Mapping[bool | None, str]] = {
    True: "its last attempt completed it",
    False: "complete since its last attempt, which did not do it",
    None: "complete now; `inv prune` removed its attempts",
}


def kind_of(skip: Skip | None, attempts: int) -> DispositionKind:
    """The disposition of a phase whose state is failed. `skip`: why a drain without any filters would leave it out, None if
    it may be drained; `attempts`: how many attempts the ledger has counted."""
    if skip is None:
        return DispositionKind.RETRIED if attempts else DispositionKind.OPEN
    if skip.rule == TRIAGE:
        return DispositionKind.HOPELESS if is_hopeless(skip) else DispositionKind.WAITING
    return _BY_RULE.get(skip.rule, DispositionKind.PARKED)


def disposition(
    state: PhaseState | None,
    skip: Skip | None,
    attempts: int,
    *,
    was_completed: bool | None = False,
    uncounted: Collection[str] = (),
) -> Disposition | None:
    """The disposition of a phase. None if it has never failed, as far as the ledger and the table show.

    `state`: its current state; None if the table's word maps to no state, or if the row is gone. `skip` and `attempts`: see
    `kind_of`. `was_completed`: whether its last counted attempt completed it; None if only the number of attempts is left.
    `uncounted`: the outcomes of its attempts that do not count, one each.
    """
    if state is PhaseState.FAILED:
        kind = kind_of(skip, attempts)
        if skip is None:
            return Disposition(kind=kind, reason=_describe_open(attempts, uncounted))
        return Disposition(kind=kind, reason=_describe_skip(kind, skip), until=skip.until)
    if state is PhaseState.COMPLETE and attempts:
        return Disposition(kind=DispositionKind.FIXED, reason=_FIXED_BY[was_completed])
    return None


def _describe_skip(kind: DispositionKind, skip: Skip) -> str:
    """Describe why a phase is skipped, without repeating what the kind says already."""
    if kind is DispositionKind.HOPELESS:
        return skip.value.partition(": ")[2] or "a diagnosis says so"
    if kind is DispositionKind.WAITING:
        return skip.value.removeprefix("wait ")
    return str(skip) if kind is DispositionKind.PARKED else skip.value


def _describe_open(attempts: int, uncounted: Collection[str]) -> str:
    if attempts:
        return f"tried {count_times(attempts)}, may be tried again"
    if not uncounted:
        return "no drain has tried it"
    outcomes = ", ".join(one.replace("_", " ") for one in sorted(set(uncounted)))
    return f"tried {count_times(len(uncounted))}, never to an end ({outcomes}), may be tried again"
