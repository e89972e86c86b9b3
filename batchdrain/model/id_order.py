"""How ids are ordered: those that are numbers by their type as numbers, all others as texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from batchdrain.model.joined_id import split_parts
from batchdrain.model.phase import PhaseKey

OrderOf = Callable[[str], Any]
"""An id -> what it is compared by. Those of one column can be compared with each other, whatever they are."""
_SHORT: Final = 18  # digits that Python reads without a second thought
_WHOLE: Final = re.compile(r"-?[0-9]+")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,6})?")


def as_text(text: str) -> str:
    """By its characters."""
    return text


def as_number(text: str) -> tuple[int, int | Decimal, str]:
    """By its value. What is no number stands behind those that are: SQLite keeps a text in a column of numbers."""
    if len(text) <= _SHORT and _WHOLE.fullmatch(text):
        return (0, int(text), text)
    return (0, Decimal(text), text) if _NUMBER.fullmatch(text) else (1, 0, text)


def as_parts(orders: Sequence[OrderOf]) -> OrderOf:
    """Of an id of several columns: by the first one, then by the second, and so on."""

    def order(text: str) -> tuple[int, object]:
        try:
            parts = split_parts(text, len(orders))
        except ValueError:  # written under another mapping
            return (1, text)
        return (0, tuple(of(part) for of, part in zip(orders, parts, strict=True)))

    return order


@dataclass(frozen=True, slots=True)
class IdOrder:
    """Of the ids of one table."""

    run: OrderOf = as_text
    phase: OrderOf = as_text

    def of_key(self, key: PhaseKey) -> tuple[Any, Any]:
        """Of a phase: by its run, then by its own id."""
        return (self.run(key.run_id), self.phase(key.phase_id))


TEXTS: Final = IdOrder()
