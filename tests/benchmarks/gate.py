"""How the gate judges small sizes: the best of some pairs, against the row's bound and what was measured before.

A row is let through up to half beyond its bound; one that has none is told. Where its bound did not hold when the same sizes were measured last, it is let
through up to half beyond that instead: the gate tells what has become worse, and the page what is not good enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.figure import Figure, fill, sign_of
from tests.benchmarks.measured import Measured

SLACK: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Of one figure."""

    passes: bool
    words: str  #: the row, its best pair, the limit and the rule that it is of


def judge(figure: Figure, last: Mapping[tuple[str, str], Measured]) -> Ruling:
    """`last`: the gate's own figures, by row and kind of texts."""
    row = figure.row
    name = fill(row.what, figure.sizes) + (f", {figure.texts} texts" if len(row.bounds) > 1 else "")
    if figure.best is None:
        return Ruling(passes=True, words=f"LEFT OUT  {name}: {figure.note or 'no sound pair'}")
    bound = row.bounds[figure.texts]
    if bound is None:
        return Ruling(passes=True, words=f"told      {name}: {figure.best:.2f}; it has no bound")
    anchor, rule = _anchor_of(figure, bound, last.get((row.key, figure.texts)))
    passes = row.is_inside(figure.best, anchor, SLACK)
    limit = anchor / SLACK if row.at_least else anchor * SLACK
    return Ruling(
        passes=passes,
        words=f"{'ok  ' if passes else 'FAIL'}      {name}: best of {len(figure.pairs)} pairs {figure.best:.2f}, "
        f"allowed {sign_of(row)} {limit:.2f} ({rule})",
    )


def _anchor_of(figure: Figure, bound: float, last: Measured | None) -> tuple[float, str]:
    """What the slack is added to, and why that."""
    if last is not None and not figure.row.is_inside(last.ratio, bound):
        return last.ratio, f"its bound {bound:g} is broken: half beyond the {last.ratio:g} of {last.stamp.commit}"
    return bound, f"half beyond its bound {bound:g}"
