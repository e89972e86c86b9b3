"""The balance of a backlog as a bar. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.reports.left_over import parts_of_not_reached
from batchdrain.sessions.balance import Balance
from batchdrain.sessions.session import Session

WIDTH: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceBar:
    """The bar of one backlog."""

    title: str
    total: int
    parts: Sequence[tuple[str, str, int, float, float]]  #: name, kind of colour, phases, left, width


_COLOURS: Final = {"waiting": "wait", "skipped": "late", "filtered": "back", "taken_elsewhere": "back"}


def balance_bar(session: Session, balance: Balance) -> BalanceBar:
    """Draw the bar of the session's balance. Every phase that was in the backlog, or came into it, is in exactly one part."""
    not_reached = parts_of_not_reached(session, balance)
    rest = balance.not_reached - sum(count for *_, count in not_reached)
    counts = (
        ("fixed", "ok", balance.fixed),
        ("still failing", "bad", balance.still_failing),
        *((text, _COLOURS[name], count) for text, name, count in not_reached),
        ("accepted", "known", balance.accepted),
        ("not reached", "wait", rest),
    )
    there = [(name, colour, count) for name, colour, count in counts if count > 0]
    total = sum(count for *_, count in there)
    parts, left = [], 0.0
    for name, colour, count in there:
        wide = WIDTH * count / total
        parts.append((name, colour, count, round(left, 1), round(max(0.0, wide - 2), 1)))
        left += wide
    came = f", {balance.new} more came" if balance.new else ""
    return BalanceBar(title=f"{balance.failed_before} {session.kind} before{came}", total=total, parts=parts)
