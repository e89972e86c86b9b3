"""Whole commands over a large backlog, and their memory, each against a bare scan in the same turn."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.benchmarks.backlog_texts import DISTINCT, FEW, BacklogTexts
from tests.benchmarks.backlogs import postgresql
from tests.benchmarks.bare_scan import bare_scan_s
from tests.benchmarks.bench import Bench
from tests.benchmarks.figure import Figure
from tests.benchmarks.pairs import Cost, cost, in_turns

_COMMANDS: Final = {
    "drain": ("drain", "--batch-size=50"),
    "clusters": ("clusters",),
    "explain": ("dry-run", "--explain"),
    "counts": ("list-run-counts",),
}
_LANE_MB: Final = 0.0005
_ALLOWED_MB: Final = 25
_IMPORTS: Final = (
    "import batchdrain.cli.commands.drain, sqlalchemy.dialects.{0}, invoke.program, batchdrain.collection; __import__('{1}')"
)
"""What a drain imports, its driver included."""


class _Sides(NamedTuple):
    """The same project with the large and with the small backlog."""

    large: Path
    small: Path


def measure(bench: Bench) -> list[Figure]:
    return [figure for texts in (DISTINCT, FEW) for figure in (*_over_sqlite(bench, texts), *_over_postgresql(bench, texts))]


def _over_sqlite(bench: Bench, texts: BacklogTexts) -> Iterator[Figure]:
    sizes, backlogs = bench.sizes, bench.backlogs
    sides = _Sides(backlogs.project(sizes.rows, texts), backlogs.project(sizes.small, texts))
    for key, words in _COMMANDS.items():
        if sizes.is_gate and (key == "counts" or (texts is FEW and key != "drain")):
            continue  # counting so few rows costs less than two starts differ by; and two minutes are few
        large, small = _costs(bench, sides, words)
        scans = [bare_scan_s(backlogs.sqlite(sizes.rows, texts)) for _ in large]
        yield Figure.of(
            key, [((one.cpu_s - other.cpu_s) * 1000, scan * 1000) for one, other, scan in zip(large, small, scans, strict=True)],
            texts=texts.name, note="processor time", rows=sizes.rows,
        )  # fmt: skip
        if key == "drain":
            yield from _memory(bench, texts, "sqlite", "sqlite3", (large, small))


def _over_postgresql(bench: Bench, texts: BacklogTexts) -> Iterator[Figure]:
    if bench.sizes.is_gate:
        return
    with postgresql(bench.sizes.rows, texts) as large, postgresql(bench.sizes.small, texts) as small:
        sides = _Sides(bench.backlogs.folder(large), bench.backlogs.folder(small))
        costs = _costs(bench, sides, _COMMANDS["drain"])
        yield from _memory(bench, texts, "postgresql", "psycopg", costs)


def _costs(bench: Bench, sides: _Sides, words: tuple[str, ...]) -> tuple[list[Cost], list[Cost]]:
    argv = [sys.executable, "-m", "invoke", *words]
    return in_turns(
        lambda: cost(argv, sides.large), lambda: cost(argv, sides.small), bench.sizes.commands, beside=bench.sizes.is_gate
    )


def _memory(
    bench: Bench, texts: BacklogTexts, database: str, driver: str, costs: tuple[list[Cost], list[Cost]]
) -> Iterator[Figure]:
    large, small = ([one.peak_mb for one in side] for side in costs)
    imports = _IMPORTS.format(database, driver)
    bare = cost([sys.executable, "-c", imports], bench.folder).peak_mb
    lanes_mb, few_mb = (_LANE_MB * texts.lanes_of(failed) for failed in (bench.sizes.rows, bench.sizes.small))
    rows = bench.sizes.rows
    yield Figure.of(
        f"memory-{database}", [(one - lanes_mb, other) for one, other in zip(large, small, strict=True)],
        texts=texts.name, note=f"{texts.lanes_of(rows)} lanes", rows=rows,
    )  # fmt: skip
    yield Figure.of(
        f"memory-above-{database}", [(one - bare, _ALLOWED_MB + lanes_mb) for one in large], texts=texts.name, rows=rows
    )
    yield Figure.of(f"memory-above-small-{database}", [(one - bare, _ALLOWED_MB + few_mb) for one in small], texts=texts.name)
