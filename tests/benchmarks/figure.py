"""One measured comparison."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    ours: float | None  #: None: could not be measured here
    reference: float | None
    unit: str
    against: str  #: what the reference is
    bound: float | None = None  #: the ratio must not be above it; None: for information
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.ours is None or not self.reference else self.ours / self.reference

    @property
    def holds(self) -> bool:
        """What could not be measured breaks nothing, and is said."""
        return self.ratio is None or self.bound is None or self.ratio <= self.bound

    def row(self) -> tuple[str, ...]:
        ratio = "not measured" if self.ratio is None else f"{self.ratio:.2f}"
        verdict = "" if self.bound is None else f"<= {self.bound:g} {'holds' if self.holds else 'BROKEN'}"
        return (
            self.name,
            _shown(self.ours, self.unit),
            _shown(self.reference, self.unit),
            self.against,
            ratio,
            verdict,
            self.note,
        )


def _shown(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.3f} {unit}"


def table_of(figures: Iterable[Figure], title: str) -> Table:
    table = Table("what", "ours", "reference", "against", "ratio", "bound", "note", title=title)
    for figure in figures:
        table.add_row(*figure.row())
    return table
