"""The rows of docs/performance.md: what is measured, against what, and its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ANY: Final = "any"
"""The kind of texts of a row for which texts do not matter."""
KINDS: Final = ("distinct", "few", ANY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison. `what` and `against` have places for sizes: {rows}, {minutes}, {lanes}."""

    key: str  #: under which measured.json keeps it
    what: str
    against: str
    bounds: Mapping[str, float | None]  #: by the kind of texts; None: for information
    unit: str = "ms"
    at_least: bool = False  #: the ratio must not be below its bound; else it must not be above

    def holds(self, texts: str, ratio: float, *, slack: float = 1.0) -> bool:
        """Whether it is inside its bound. `slack`: so many times as far is allowed."""
        bound = self.bounds[texts]
        return bound is None or self.is_inside(ratio, bound, slack)

    def is_inside(self, ratio: float, bound: float, slack: float = 1.0) -> bool:
        return ratio >= bound / slack if self.at_least else ratio <= bound * slack


def _row(
    key: str, what: str, against: str, distinct: float | None, few: float | None, *, unit: str = "ms", at_least: bool = False
) -> Row:
    return Row(key=key, what=what, against=against, bounds={"distinct": distinct, "few": few}, unit=unit, at_least=at_least)


def _one(key: str, what: str, against: str, bound: float | None, *, unit: str = "ms", at_least: bool = False) -> Row:
    return Row(key=key, what=what, against=against, bounds={ANY: bound}, unit=unit, at_least=at_least)


_SCAN: Final = "a bare scan of the four columns by the driver alone"
_MEMORY: Final = "25 MB, and 500 bytes a lane"
_WHOLE: Final = "whole `inv {}` over {{rows}}, less over 1 000"
_IMPORT: Final = "Python importing SQLAlchemy"
_ALL: Final = (
    _row("first-choice-sqlite", "the first choice among {rows}, SQLite", _SCAN, 4, 2),
    _row("first-choice-postgresql", "the first choice among {rows}, PostgreSQL", _SCAN, 4, 2),
    _row("later-choice-sqlite", "each later choice among {rows}, with its result, SQLite", "half a millisecond", 1, 1),
    _row("later-choice-postgresql", "each later choice among {rows}, with its result, PostgreSQL", "half a millisecond", 1, 1),
    _row("drain", _WHOLE.format("drain --batch-size=50"), "the scan of SQLite", 6, 4),
    _row("clusters", _WHOLE.format("clusters"), "the scan of SQLite", 10, 5),
    _row("explain", _WHOLE.format("dry-run --explain"), "the scan of SQLite", 8, 4),
    _row("counts", _WHOLE.format("list-run-counts"), "the scan of SQLite", 2, 2),
    *(
        row
        for key, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL"))
        for row in (
            _row(f"memory-{key}", f"peak memory of that drain over {{rows}}, less 500 bytes a lane, {name}", "with 1 000", 1.3, 1.3, unit="MB"),
            _row(f"memory-above-{key}", f"the same above an interpreter with its imports, {name}", _MEMORY, 1, 1, unit="MB"),
            _row(f"memory-above-small-{key}", f"that of a drain over 1 000 above such an interpreter, {name}", _MEMORY, 1, 1, unit="MB"),
        )
    ),
    _row("phase", "one durable phase of `/bin/true`, by the clock", "GNU `parallel -j1 --joblog`", 0.7, 0.7),
    _row("phase-cpu", "one durable phase of `/bin/true`, processor time of the controller", "that of `parallel` and its jobs", None, None),
    _row("phase-large", "a phase of `/bin/true` with {rows} failed, by the clock", "with 1 000", 1.2, 1.2),
    _row("phase-large-cpu", "a phase of `/bin/true` with {rows} failed, processor time of the controller", "with 1 000", 1.2, 1.2),
    _row("minutes", "phases of 0.2 s executed in {minutes} minutes, {rows} failed", "with 1 000", 0.95, 0.95, unit="phases",
         at_least=True),
    _one("start-counts", "`inv list-run-counts` on a small database, start to end, processor time", _IMPORT, 2),
    _one("start-drain", "`inv drain --batch-size=1` on it, likewise", _IMPORT, 2.5),
    _one("list", "`inv --list`, processor time", "that of an empty `tasks.py`", 1.1),
    _one("workers-8", "8 workers on phases of 0.1 s", "the ideal", 0.93, unit="/s", at_least=True),
    _one("parallel-8", "GNU `parallel -j8` on the same", "the ideal", None, unit="/s", at_least=True),
    _one("workers-16", "16 workers on phases of 0.1 s", "the ideal", 0.90, unit="/s", at_least=True),
    _one("parallel-16", "GNU `parallel -j16` on the same", "the ideal", None, unit="/s", at_least=True),
    _one("workers-8-beside", "8 workers on phases of 0.1 s", "GNU `parallel -j8` in the same turn", 0.93, unit="/s",
         at_least=True),
    *(
        _one(f"dask-{workers}", f"{workers} {noun} of a dask cluster on one machine, phases of 0.1 s", "the ideal", bound, unit="/s", at_least=True)
        for workers, noun, bound in ((1, "worker", None), (2, "workers", None), (4, "workers", None), (8, "workers", 0.85), (16, "workers", None))
    ),
    _one("dask-tasks", "phases of `/bin/true` by dask with 64 slots", "empty tasks of dask alone", 0.33, unit="/s", at_least=True),
    _one("dask-commands", "phases of `/bin/true` by dask with 64 slots", "tasks of dask alone that execute `/bin/true`", None,
         unit="/s", at_least=True),
    _one("dask-cpu", "one of these phases, processor time of the controller", "3 ms", 1),
    _one("dask-threads", "the most threads of a controller in the second half of {phases} of these phases", "in the first half", 1.1, unit=""),
    _one("dask-files", "the most files that it has open, likewise", "in the first half", 1.1, unit=""),
    _one("dask-memory", "its memory, so much more in the second half", "3 kB a result, and 5 MB", 1, unit="MB"),
    _one("dask-memory-there", "that of scheduler and workers, likewise", "5 MB", None, unit="MB"),
    _one("text", "a hostile text of 64 kB: redaction, excerpt, category, fingerprint", "one of 8 kB", 9),
    _one("suffixes", "{many} suffixes of ours taken off a text", "{few} of them", 8),
    _one("save", "a result into a session of {results} results", "three appends with `fdatasync`", 1),
    _one("choice", "a choice among {failed} failed phases", "among 1 000", 2, unit="us"),
    _one("choice-learning", "a choice by `best-yield` among {lanes} lanes, with its result", "half a millisecond", 1),
    _one("readings", "readings of the backlog for {choices} choices", "one", 1, unit=""),
)  # fmt: skip
ROWS: Final[Mapping[str, Row]] = {row.key: row for row in _ALL}
