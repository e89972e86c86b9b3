"""The tables, and in words who is not better than smart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.table import Table

from tests.benchmarks.simulator.measures import Estimate, Measured, mean_of, ratio_of

SMART: Final = "smart"
DEFAULT: Final = "the default"
JUDGED: Final = "best-yield"
BETTER: Final = 1.5
NOT_WORSE: Final = 0.95


@dataclass(slots=True)
class Verdicts:
    """What is asked of best-yield, kind by kind."""

    lines: list[str] = field(default_factory=list)
    hold: bool = True

    def add(self, kind: str, ratio: Estimate, *, warm: bool) -> None:
        bound = BETTER if kind == "mixed" else NOT_WORSE
        holds = ratio.mean >= bound
        self.hold = self.hold and holds
        start = "with the ledger of a former batch" if warm else "with an empty ledger"
        self.lines.append(
            f"{kind}, {start}: {JUDGED} fixes {ratio} times as many in the first quarter as {SMART}; "
            f"asked for: {bound:g}: {'holds' if holds else 'BROKEN'}"
        )


def table_of(kind: str, found: Sequence[Mapping[str, Measured]], *, warm: bool, verdicts: Verdicts) -> Table:
    ledger = "the ledger of a former batch" if warm else "an empty ledger"
    table = Table(
        "policy", "fixed per hour", "executions wasted", "area, of the oracle's", "fixed in 1/4", "of smart's", "of the default's", "than smart",
        title=f"{kind}, with {ledger}: means, and in brackets their 95 % intervals", width=150,
    )  # fmt: skip
    for name in found[0]:
        mine = [world[name] for world in found]
        numbers = [
            mean_of([one.per_hour for one in mine]),
            mean_of([one.wasted for one in mine]),
            mean_of([one.area for one in mine]),
            mean_of([one.quarter for one in mine]),
        ]
        ratio, of_default = (
            ratio_of([one.quarter for one in mine], [world[other].quarter for world in found]) for other in (SMART, DEFAULT)
        )
        if name == JUDGED:
            verdicts.add(kind, ratio, warm=warm)
        table.add_row(name, *map(str, numbers), str(ratio), str(of_default), "" if name == SMART else _said(ratio))
    return table


def _said(ratio: Estimate) -> str:
    if ratio.low > 1:
        return "better"
    return "worse" if ratio.high < 1 else "not better"
