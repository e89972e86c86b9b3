"""The order of ids: ids of a numeric column are ordered as numbers, all others as texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from batchdrain.model.joined_id import split_parts
from batchdrain.model.phase import PhaseKey

OrderOf = Callable[[str], Any]
"""Turns an id into a sort key. The keys of one column can all be compared with each other."""
_SHORT: Final = 18  # digits; longer numbers become a Decimal
_WHOLE: Final = re.compile(r"-?[0-9]+")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,6})?")


def as_text(text: str) -> str:
    """Order ids by their characters."""
    return text


def as_number(text: str) -> tuple[int, int | Decimal, str]:
    """Order ids by their value. Ids that are no numbers go last: SQLite stores texts in numeric columns."""
    if len(text) <= _SHORT and _WHOLE.fullmatch(text):
        return (0, int(text), text)
    return (0, Decimal(text), text) if _NUMBER.fullmatch(text) else (1, 0, text)


def as_parts(orders: Sequence[OrderOf]) -> OrderOf:
    """Order ids of several columns by the first column, then by the second, and so on."""

    def order(text: str) -> tuple[int, object]:
        try:
            parts = split_parts(text, len(orders))
        except ValueError:  # an id that was written under another mapping
            return (1, text)
        return (0, tuple(of(part) for of, part in zip(orders, parts, strict=True)))

    return order


@dataclass(frozen=True, slots=True)
class IdOrder:
    """The order of the ids of one table."""

    run: OrderOf = as_text
    phase: OrderOf = as_text

    def of_key(self, key: PhaseKey) -> tuple[Any, Any]:
        """The sort key of a phase: its run, then its own id."""
        return (self.run(key.run_id), self.phase(key.phase_id))


TEXTS: Final = IdOrder()
