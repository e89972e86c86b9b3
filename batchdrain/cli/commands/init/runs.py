"""Chooses the columns that name a run: by their names, their foreign keys, or the name of the table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, Reference, TableFacts
from batchdrain.cli.commands.init.vocabulary import LIKELY, OF_RUNS, QUEUES, STRONG_PHASES, name_rank, to_plain

ALL_ROWS: Final = {"value": "all"}
"""One run for the whole table."""
FEW_ROWS: Final = 2
"""With this many rows or fewer, nothing tells whether a value repeats."""
_OF_RUNS: Final = frozenset(OF_RUNS)


def choose_run(table: TableFacts, free: Sequence[ColumnFacts], phase: str) -> tuple[object, tuple[str, ...]]:
    """The value for `run_id` where `phase` alone names a phase, and the doubts about it: by its name, its foreign key, its queue
    or the name of the table; else one run for all. `free`: the columns that may be it."""
    others = [column for column in free if column.name != phase and can_be_run(table, column)]
    by_name = [
        (rank, column.name) for column in others if (rank := name_rank(column.name, LIKELY["run_id"])) is not None
        and to_plain(column.name) not in STRONG_PHASES
    ]  # fmt: skip
    by_key = sorted(
        (not _is_of_runs(column.parent.table), column.name)
        for column in others
        if column.parent is not None and column.parent.table != table.name
    )
    by_queue = [(rank, column.name) for column in others if (rank := name_rank(column.name, QUEUES)) is not None]
    exact = [one for one in by_name if one[0] < len(LIKELY["run_id"])]
    of_runs = bool(by_key) and not by_key[0][0]
    owner = None if exact or of_runs else find_owner(table)
    if owner is not None:
        told = f"{' + '.join(owner.columns)} refer to {owner.table} and are taken for the run: a guess"
        return list(owner.columns), (told,)
    if exact or (by_name and not by_queue and not of_runs):
        return min(by_name)[1], ()
    if by_key and (not by_queue or not by_key[0][0]):
        name = by_key[0][1]
        told = f"{name} refers to another table and is taken for the run: a guess"
        return name, (told,)
    if by_queue:
        return min(by_queue)[1], ()
    owning = _find_owning(table, others)
    if owning is not None:
        told = f"{owning} is taken for the run, as the table's name begins with it: a guess"
        return owning, (told,)
    return dict(ALL_ROWS), ("no column looks like a run, so all rows are one",)


def _find_owning(table: TableFacts, others: Sequence[ColumnFacts]) -> str | None:
    """The column that names what the table holds the parts of: `import_id` of `import_rows`."""
    parts = to_plain(table.name).split("_")
    stems = ["_".join(parts[:most]) for most in range(len(parts) - 1, 0, -1)]
    plain = {to_plain(one.name): one.name for one in others}
    names = (f"{stem}_{ending}" for stem in stems for ending in ("id", "no", "key", "uuid", "name"))
    return next((plain[name] for name in names if name in plain), None)


def find_owner(table: TableFacts) -> Reference | None:
    """The foreign key of several columns that refers to a table of runs."""
    fitting = [
        one for one in table.references if one.table != table.name and _is_of_runs(one.table) and _is_shared(table, one)
    ]
    return min(fitting, key=lambda one: (len(one.columns), one.columns), default=None)


def _is_shared(table: TableFacts, reference: Reference) -> bool:
    """Whether every row refers to something, and several rows may refer to the same."""
    if any(row.get(name) is None for row in table.rows for name in reference.columns):
        return False
    return reference.columns not in table.keys and (len(table.rows) <= FEW_ROWS or not table.is_unique(*reference.columns))


def _is_of_runs(name: str) -> bool:
    """Whether a table has a typical name of one whose rows are runs."""
    return not _OF_RUNS.isdisjoint(to_plain(name).split("_"))


def can_be_run(table: TableFacts, column: ColumnFacts) -> bool:
    """Whether the column can name a run: several rows share a value, and every row has one."""
    if column.kind is Kind.TIME or (column.name,) in table.keys:
        return False
    values = table.values_of(column.name)
    if len(values) < len(table.rows):
        return False
    return len(values) <= FEW_ROWS or not table.is_unique(column.name)
