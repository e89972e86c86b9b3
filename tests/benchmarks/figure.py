"""One measured comparison: pairs of ours and what it is measured against, taken in turns."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.table import Table

from tests.benchmarks.row import ANY, ROWS, Row

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Of one row, with one kind of texts."""

    row: Row
    texts: str = ANY
    pairs: Sequence[Pair]  #: none: it could not be measured here, and `note` says why
    sizes: Mapping[str, int | float] = field(default_factory=dict)  #: for the places in the row's words
    note: str = ""

    @classmethod
    def of(cls, key: str, pairs: Iterable[Pair], *, texts: str = ANY, note: str = "", **sizes: float) -> Figure:
        """Of the row with this key. A pair with a difference below nothing is noise: it says nothing, and is left out."""
        sound = tuple(pair for pair in pairs if pair[0] >= 0 and pair[1] > 0)
        return cls(row=ROWS[key], texts=texts, pairs=sound, sizes=sizes, note=note)

    @property
    def ours(self) -> float | None:
        return statistics.median(pair[0] for pair in self.pairs) if self.pairs else None

    @property
    def reference(self) -> float | None:
        return statistics.median(pair[1] for pair in self.pairs) if self.pairs else None

    @property
    def ratio(self) -> float | None:
        """Of the medians: what the page says."""
        return None if self.ours is None or self.reference is None else self.ours / self.reference

    @property
    def best(self) -> float | None:
        """Of the pairs: what the gate judges, since the load of a machine makes a pair worse, seldom better."""
        ratios = [ours / reference for ours, reference in self.pairs]
        return (max if self.row.at_least else min)(ratios) if ratios else None

    @property
    def holds(self) -> bool:
        """What could not be measured breaks nothing, and is said."""
        return self.ratio is None or self.row.holds(self.texts, self.ratio)

    def cells(self) -> tuple[str, ...]:
        bound = self.row.bounds[self.texts]
        return (
            fill(self.row.what, self.sizes) + ("" if self.texts == ANY else f", {self.texts} texts"),
            _shown(self.ours, self.row.unit),
            _shown(self.reference, self.row.unit),
            fill(self.row.against, self.sizes),
            "left out" if self.ratio is None else f"{self.ratio:.2f}",
            "" if bound is None else f"{sign_of(self.row)} {bound:g} {'holds' if self.holds else 'BROKEN'}",
            f"{len(self.pairs)} pairs" + (f"; {self.note}" if self.note else ""),
        )


def fill(words: str, sizes: Mapping[str, int | float]) -> str:
    """The words of a row, with the sizes in their places."""
    return words.format_map({name: spaced(number) for name, number in sizes.items()})


def spaced(number: float) -> str:
    """As people read it: 1 000 000."""
    return f"{number:,}".replace(",", " ") if isinstance(number, int) else f"{number:g}"


def sign_of(row: Row) -> str:
    return ">=" if row.at_least else "<="


def _shown(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.3f} {unit}"


def table_of(figures: Iterable[Figure], title: str) -> Table:
    table = Table("what", "ours", "reference", "against", "ratio", "bound", "note", title=title)
    for figure in figures:
        table.add_row(*figure.cells())
    return table
