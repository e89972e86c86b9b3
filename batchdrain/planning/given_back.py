"""What recovery would give back before a drain begins. A dry run looks at the backlog as if that had been done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Row
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome, PhaseState


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """A phase that a dead controller holds, as it will be once its claim is settled."""

    key: PhaseKey
    digest: str  #: the digest of the phase, which names the claim's row
    stands: str  #: the word that the table will hold as its state
    state: PhaseState | None = None  #: the state of that word, if it is one that a drain takes
    row: Row | None = None  #: the row for a reading to add; None if a reading finds it anyway, or must not take it
    has_moved: bool = False  #: the table holds another state now
    session_uid: str = ""  #: the session that held it
    group_key: str | None = None  #: the group that gets its unit of the batch back, if the phase is given back
    recorded: Outcome | None = None  #: how its command ended, which will be recorded; None: the phase is given back
    began: bool = True  #: whether its command may have begun


def foreseen(past: Past, given_back: Sequence[GivenBack]) -> Past:
    """The ledger's past as it will be after recovery: nobody holds these phases any more."""
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
    """Phases by run_id as recovery will leave them: `by` is added for each phase that moves to `state`."""
    found = dict(counts)
    for back in given_back:
        if back.has_moved and back.state is state:
            found[back.key.run_id] = max(0, found.get(back.key.run_id, 0) + by)
    return found
