"""measured.json: what was measured last of each row, where, when and of which commit. Written by the command alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.row import ROWS

PATH: Final = Path(__file__).with_name("measured.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Of one run of the command."""

    commit: str
    day: str
    load: str  #: of one minute, when it began
    machine: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One row with one kind of texts, as it was measured last. Sizes and units are those of the row."""

    key: str
    texts: str
    ratio: float
    ours: float
    reference: float
    pairs: int
    sizes: Mapping[str, int | float]
    note: str
    stamp: Stamp


@dataclass(slots=True, kw_only=True)
class Book:
    """All that was measured: for the page at its sizes, and for the gate at its own, of which the best pair is kept."""

    page: dict[tuple[str, str], Measured] = field(default_factory=dict)
    gate: dict[tuple[str, str], Measured] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path = PATH) -> Book:
        if not path.exists():
            return cls()
        found = json.loads(path.read_text())
        return cls(page=dict(_parse(found["page"])), gate=dict(_parse(found["gate"])))

    def write(self, path: Path = PATH) -> None:
        """In one order, so that a difference shows what was measured again."""
        found = {name: [asdict(one) for one in _in_order(part)] for name, part in (("page", self.page), ("gate", self.gate))}
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n")

    def add(self, figures: Iterable[Figure], stamp: Stamp, *, is_gate: bool) -> None:
        """In the place of what was measured before. What was left out keeps its former figure."""
        part = self.gate if is_gate else self.page
        for figure in figures:
            ratio = figure.best if is_gate else figure.ratio
            if ratio is None or figure.ours is None or figure.reference is None:
                continue
            part[figure.row.key, figure.texts] = Measured(
                key=figure.row.key, texts=figure.texts, ratio=round(ratio, 3), ours=round(figure.ours, 4),
                reference=round(figure.reference, 4), pairs=len(figure.pairs), sizes=figure.sizes, note=figure.note, stamp=stamp,
            )  # fmt: skip


def _parse(rows: Iterable[dict[str, object]]) -> Iterator[tuple[tuple[str, str], Measured]]:
    """What is no row any more is forgotten."""
    for row in rows:
        stamp = row.pop("stamp")
        assert isinstance(stamp, dict)
        one = Measured(**row, stamp=Stamp(**stamp))  # type: ignore[arg-type]
        if one.key in ROWS and one.texts in ROWS[one.key].bounds:
            yield (one.key, one.texts), one


def _in_order(part: Mapping[tuple[str, str], Measured]) -> list[Measured]:
    places = {key: place for place, key in enumerate(ROWS)}
    return sorted(part.values(), key=lambda one: (places[one.key], one.texts))
