"""What recovery would give back before a drain begins: a dry run looks at the backlog as if it had been done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Row
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome, PhaseState


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """A phase that a dead controller holds, as it would stand once its claim is settled."""

    key: PhaseKey
    digest: str  #: of the claim's row
    stands: str  #: the state's word that would stand in the table
    state: PhaseState | None = None  #: the same, where it is one that is drained
    row: Row | None = None  #: as a reading would find it; None where one finds it already, or it is not to be drained
    has_moved: bool = False  #: it stands otherwise now
    session_uid: str = ""  #: of the session that held it
    group_key: str | None = None  #: of the group to which its unit goes back, where it is given back
    recorded: Outcome | None = None  #: its command had ended, and its result would be recorded; None: it is given back
    began: bool = True  #: its command has begun, as far as anybody knows


def foreseen(past: Past, given_back: Sequence[GivenBack]) -> Past:
    """The ledger as it would be then: nobody holds these any more."""
    if not given_back:
        return past
    attempts, orphanings = dict(past.attempts), dict(past.orphanings)
    for back in given_back:
        if back.recorded is None:
            orphanings[back.digest] = orphanings.get(back.digest, 0) + back.began
        else:
            attempts[back.digest] = attempts.get(back.digest, 0) + 1
            orphanings.pop(back.digest, None)
    held = past.held - {back.digest for back in given_back}
    names = past.names | {(back.key.run_id, back.key.phase_id) for back in given_back}
    return replace(past, held=held, attempts=attempts, orphanings=orphanings, names=names)


def foreseen_counts(counts: Mapping[str, int], given_back: Sequence[GivenBack], state: PhaseState, by: int) -> dict[str, int]:
    """Phases by run_id as they would be then: `by` for each that comes to stand in the state."""
    found = dict(counts)
    for back in given_back:
        if back.has_moved and back.state is state:
            found[back.key.run_id] = max(0, found.get(back.key.run_id, 0) + by)
    return found
