"""The balance of a backlog as a bar. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.sessions.balance import Balance
from batchdrain.sessions.session import Kind

WIDTH: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceBar:
    """The bar of one backlog."""

    title: str
    total: int
    parts: Sequence[tuple[str, str, int, float, float]]  #: name, kind of colour, phases, left, width


def balance_bar(kind: Kind, balance: Balance) -> BalanceBar:
    """Draw the bar. Every phase that was in the backlog, or came into it, is in exactly one part."""
    rest = balance.not_reached - balance.filtered - balance.skipped - balance.waiting - balance.taken_elsewhere
    counts = (
        ("fixed", "ok", balance.fixed),
        ("still failing", "bad", balance.still_failing),
        ("waiting for a drain", "wait", balance.waiting),
        ("skipped by a rule", "late", balance.skipped),
        ("skipped by your filters", "back", balance.filtered),
        ("accepted", "known", balance.accepted),
        ("moved or deleted", "back", balance.taken_elsewhere),
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
    return BalanceBar(title=f"{balance.failed_before} {kind} before{came}", total=total, parts=parts)
