"""The sessions of a chain as one session, from which summary, exit code and rate are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from pydantic import Field

from batchdrain.model.phase import Skip
from batchdrain.planning.skip_rules import ATTEMPTED
from batchdrain.sessions.balance import Balance
from batchdrain.sessions.session import Session, Status

Number = TypeVar("Number", int, float)
_KNOWN_LAST: Final = "--max-attempts="
_OF_THE_SKIPPED: Final = ("failed_before", "not_reached", "skipped")
"""The terms of a balance that count a phase which a rule skips."""
CHAIN: Final = "chain"
"""The kind of a report on the sessions of a chain."""


class Whole(Session):
    """All sessions of a chain. Its id is that of the last one."""

    parts: list[Session] = Field(exclude=True)

    @property
    def retries_waiting(self) -> int:
        """How many of the failed phases wait to be tried again: those of all its sessions."""
        return sum(part.retries_waiting for part in self.parts)


def parts_of(session: Session) -> list[Session]:
    """The sessions of a chain, or the session itself."""
    return session.parts if isinstance(session, Whole) else [session]


def paths_of(session: Session, saved_to: str) -> list[str]:
    """The paths of the session files. `saved_to`: a path on each line for a chain; for one session it is the path, whatever
    characters it has."""
    return saved_to.split("\n") if isinstance(session, Whole) else [saved_to]


def kind_of(session: Session) -> str:
    """'chain', or which phases a session without a chain drains."""
    return session.kind.value if session.chain_uid is None else CHAIN


def balances_of(session: Session) -> list[tuple[Session, Balance]]:
    """The sessions that have a balance, each with it. A queued phase that failed is also in the backlog of the failed part, which
    skips it; it is counted once, where it was tried. So the balances are one sum."""
    parts = parts_of(session)
    found = [(part, _without_tried(part) if place else part.balance) for place, part in enumerate(parts)]
    return [(part, balance) for part, balance in found if balance is not None]


def _without_tried(part: Session) -> Balance | None:
    """The balance of a later part of a chain, without the phases that an earlier part tried."""
    if part.balance is None:
        return None
    terms = {name: getattr(part.balance, name) for name in _OF_THE_SKIPPED}
    tried = min(*terms.values(), sum(one.count or 0 for one in part.skipped if one.rule == ATTEMPTED))
    return part.balance.model_copy(update={name: count - tried for name, count in terms.items()})


def whole_of(parts: Sequence[Session], ended: Status | None, because: str | None = None) -> Session:
    """Combine the sessions of a chain. `parts`: at least one, in order. `ended`: how the chain ended; None: something of it
    is left. `because`: what stopped it between two parts. A single part whose status is that of the chain is returned
    itself."""
    first, last = parts[0], parts[-1]
    if len(parts) == 1 and (last.is_incomplete or last.current_status is ended):
        return last
    is_left = ended is None or any(part.is_incomplete for part in parts)
    states = [*(part.current_status for part in parts), ended]
    found = Whole.model_construct(
        **{**{name: getattr(last, name) for name in Session.model_fields}, "parts": list(parts)},
    )
    found.started_at = first.started_at
    found.completed_at = None if is_left else max(part.completed_at or part.started_at for part in parts)
    found.status = next((state for state in (Status.RUNNING, Status.STOPPED) if state in states), Status.COMPLETE)
    if is_left and found.status is not Status.RUNNING:
        found.status = Status.INTERRUPTED
    reasons = [*(part.stopped_because for part in parts), because]
    found.stopped_because = "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or None
    found.forecast = next((part.forecast for part in parts if part.forecast is not None), None)
    found.active_s = sum(part.active_s for part in parts)
    found.balance = _sum_balances(found)
    found.results = [result for part in parts for result in part.results]
    for name in ("total_processed", "total_success", "total_failed", "total_timeouts"):
        setattr(found, name, sum(getattr(part, name) for part in parts))
    found.metrics = _add_up(part.metrics for part in parts)
    found.fingerprint_counts = _add_up(part.fingerprint_counts for part in parts)
    found.without_effect = _join_idle(parts)
    found.asked = [one for part in parts for one in part.asked]
    found.skipped = []
    counts: dict[Skip, int | None] = {}
    for one in (one for part in parts for one in part.skipped if part is first or one.rule != ATTEMPTED):
        skip = Skip(one.rule, one.value)
        known = counts.get(skip)
        counts[skip] = one.count if known is None else known + (one.count or 0)
    for skip, count in counts.items():
        found.note(skip, count)
    return found


def _join_idle(parts: Sequence[Session]) -> list[str]:
    """The options that changed nothing in the parts. About a limit on attempts only the last part knows, as it counts those
    before it too."""
    earlier = [line for part in parts[:-1] for line in part.without_effect if not line.startswith(_KNOWN_LAST)]
    return list(dict.fromkeys([*earlier, *parts[-1].without_effect]))


def _sum_balances(whole: Whole) -> Balance | None:
    """The sum of all balances; None if there are none."""
    balances = [balance for _, balance in balances_of(whole)]
    return (
        Balance(**{name: sum(getattr(balance, name) for balance in balances) for name in Balance.model_fields})
        if balances
        else None
    )


def _add_up(some: Iterable[Mapping[str, Number]]) -> dict[str, Number]:
    """The sums by name. Sums of zero and below are kept; adding two Counters would drop them."""
    found: dict[str, Number] = {}
    for one in some:
        for name, value in one.items():
            found[name] = found[name] + value if name in found else value
    return found
