"""What of its backlog a session did not reach, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from batchdrain.sessions.balance import Balance
from batchdrain.sessions.session import Kind, Session, Status
from batchdrain.sessions.whole import balances_of

NO_RESULT: Final = "no phase has a result"
"""Said in place of results."""
WAITING: Final = "waiting"
TO_COME: Final = "to come"
_SKIPPED: Final = "skipped by a rule"
_OTHER: Final = "left for another drain"
_ITS_OWN: Final = {Status.RUNNING: "still to come", Status.INTERRUPTED: "left for its resume"}
_WAITING: Final = {Status.STOPPED: "left for a resume or another drain"}


def left_over(session: Session) -> Iterator[tuple[int, str, str]]:
    """(phases, why they are left in a word, and for people) if something ended the session before its backlog was drained."""
    if not session.stopped_because:
        return
    found: dict[tuple[str, str], int] = {}
    for part, balance in {part.kind: (part, balance) for part, balance in balances_of(session)}.values():
        own, others = _split_waiting(part, balance)
        status = part.current_status
        for count, what, text in (
            (own, TO_COME, _ITS_OWN.get(status, "")),
            (others, WAITING, _WAITING.get(status, _OTHER)),
            (balance.skipped, _SKIPPED, _SKIPPED),
        ):
            found[what, text] = found.get((what, text), 0) + count
    order = (TO_COME, WAITING, _SKIPPED)
    yield from (
        (count, what, text)
        for (what, text), count in sorted(found.items(), key=lambda item: order.index(item[0][0]))
        if count
    )


def describe_left(session: Session) -> str:
    """'45 left for another drain, 3 skipped by a rule'; '' if nothing is left."""
    return ", ".join(f"{count} {text}" for count, _, text in left_over(session))


def describe_not_reached(part: Session, balance: Balance) -> str:
    """The parts of 'not reached' as a sum, for people. '' if nothing is left, and for a file of an earlier version. `part`: the
    session whose balance it is."""
    parts = [(name, count) for name, _, count in parts_of_not_reached(part, balance) if count]
    if not parts or sum(count for _, count in parts) != balance.not_reached:
        return ""
    told = [f"{count} {name}" for name, count in parts]
    return told[0] if len(told) == 1 else f"{balance.not_reached} = {' + '.join(told)}"


def parts_of_not_reached(part: Session, balance: Balance) -> list[tuple[str, str, int]]:
    """(name for people, name in the balance, phases) of each part of 'not reached'."""
    own, others = _split_waiting(part, balance)
    status = part.current_status
    return [
        ("not in the plan" if "plan" in part.filters else "skipped by your filters", "filtered", balance.filtered),
        (_SKIPPED, "skipped", balance.skipped),
        (_ITS_OWN.get(status, ""), WAITING, own),
        (_WAITING.get(status, _OTHER), WAITING, others),
        ("moved or deleted", "taken_elsewhere", balance.taken_elsewhere),
    ]


def _split_waiting(part: Session, balance: Balance) -> tuple[int, int]:
    """How many of the waiting phases the session itself will take, now or when it is resumed, and how many others there are. A
    stopped session may take none, so all of its are others."""
    if part.current_status not in _ITS_OWN:
        return 0, balance.waiting
    size = part.batch_size
    if part.kind is Kind.QUEUED:
        batches = part.filters.get("max_batches")
        size = size * batches if size and isinstance(batches, int) else None
    own = balance.waiting if size is None else min(balance.waiting, max(0, size - part.total_processed))
    return own, balance.waiting - own
