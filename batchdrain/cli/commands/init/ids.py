"""Chooses the columns that name a run and a phase within it:
from the table's keys, else from names that tell rows apart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, Reference, TableFacts
from batchdrain.cli.commands.init.vocabulary import (
    LIKELY,
    OF_RUNS,
    PHASE_PARTS,
    QUEUES,
    RUN_PARTS,
    STRONG_PHASES,
    name_rank,
    to_plain,
)

ALL_ROWS: Final = {"value": "all"}
"""One run for the whole table."""
_CAN_NAME: Final = frozenset({Kind.WHOLE, Kind.TEXT, Kind.TIME, Kind.NAME})
_MOST_TRIED: Final = 12
_OF_RUNS: Final = frozenset(OF_RUNS)
_NAMED: Final = frozenset({*STRONG_PHASES, "run_id", "run_uuid", "job_id", "task_uuid", "job_uuid"})
_FEW_COLUMNS: Final = 2  # of a key with two columns each is one id
_FEW_ROWS: Final = 2  # with this many rows or fewer, nothing tells whether a value repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """The values for `run_id` and `phase_id`: a column, a list of columns, or ALL_ROWS. None: nothing suggests one."""

    run_id: object
    phase_id: object
    reason: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """All columns that the ids are made of."""
        both = [one if isinstance(one, list) else [one] for one in (self.run_id, self.phase_id)]
        return frozenset(name for names in both for name in names if isinstance(name, str))


def choose_ids(table: TableFacts, state: str | None) -> Ids:
    """Choose the ids of a table. `state`: the state column, which can't be part of an id."""
    free = [column for column in table.columns if column.name != state and column.kind in _CAN_NAME]
    names = {column.name for column in free}
    keys = [key for key in table.keys if key and set(key) <= names]
    for key in sorted(keys, key=lambda one: not _is_spoken(one)):
        if len(key) > 1 and (_is_spoken(key) or key == keys[0]):
            return _split_key(table, key)
    single = _choose_single([key[0] for key in keys if len(key) == 1], table)
    if single is not None:
        return _with_run(table, free, single, f"its key is {single}")
    return _choose_without_key(table, free)


def _is_spoken(key: Sequence[str]) -> bool:
    return any(to_plain(name) in STRONG_PHASES for name in key)


def _choose_single(names: Sequence[str], table: TableFacts) -> str | None:
    """The first key. If that is a bare number and another key has the name of a run or a phase, that one is taken:
    people and commands know it."""
    first = next(iter(names), None)
    if first is None or to_plain(first) != "id" or table.by_name[first].kind is not Kind.WHOLE:
        return first
    return next((name for name in names if to_plain(name) in _NAMED), first)


def _split_key(table: TableFacts, key: Sequence[str]) -> Ids:
    """Split a key of several columns. If a part of it refers to a run together with other columns, these are the run. Else its
    last column is the phase, unless others are named like a phase, or another one alone identifies the rows."""
    owner = _find_owner(table)
    if owner is not None and (inner := [name for name in key if name not in owner.columns]) and len(inner) < len(key):
        return Ids(
            run_id=list(owner.columns),
            phase_id=_bare(inner),
            reason=f"it refers to {owner.table}, and its key is {' + '.join(key)}",
        )
    spoken = [name for name in key if to_plain(name) in STRONG_PHASES and to_plain(name) not in RUN_PARTS]
    parts = [name for name in key if to_plain(name) in PHASE_PARTS] if spoken or len(key) > _FEW_COLUMNS else []
    last = spoken[-1:] or [name for name in key if name not in parts][-1:]  # of a try or a part the column before it
    phases = [name for name in key if name in last or name in parts] if spoken or parts else _choose_last(table, key)
    runs = [name for name in key if name not in phases]
    if not runs:
        runs, phases = list(key[:-1]), list(key[-1:])
    return Ids(run_id=_bare(runs), phase_id=_bare(phases), reason=f"its key is {' + '.join(key)}")


def _find_owner(table: TableFacts) -> Reference | None:
    """The foreign key of several columns that refers to a table of runs."""
    fitting = [
        one for one in table.references if one.table != table.name and _is_of_runs(one.table) and _is_shared(table, one)
    ]
    return min(fitting, key=lambda one: (len(one.columns), one.columns), default=None)


def _is_shared(table: TableFacts, reference: Reference) -> bool:
    """Whether every row refers to something, and several rows may refer to the same."""
    if any(row.get(name) is None for row in table.rows for name in reference.columns):
        return False
    return reference.columns not in table.keys and (len(table.rows) <= _FEW_ROWS or not table.is_unique(*reference.columns))


def _choose_last(table: TableFacts, key: Sequence[str]) -> list[str]:
    telling = [name for name in key if len(table.rows) > _FEW_ROWS and table.is_unique(name)]
    return telling[-1:] or list(key[-1:])


def _bare(names: list[str]) -> object:
    return names[0] if len(names) == 1 else names


def _with_run(table: TableFacts, free: Sequence[ColumnFacts], phase: str, reason: str) -> Ids:
    """Choose a run for phases that have their own unique name: by its name, its foreign key or its queue;
    else one run for all."""
    others = [column for column in free if column.name != phase and _can_be_run(table, column)]
    by_name = [
        (rank, column.name) for column in others if (rank := _rank(column, LIKELY["run_id"])) is not None
        and to_plain(column.name) not in STRONG_PHASES
    ]  # fmt: skip
    by_key = sorted(
        (not _is_of_runs(column.parent.table), column.name)
        for column in others
        if column.parent is not None and column.parent.table != table.name
    )
    by_queue = [(rank, column.name) for column in others if (rank := _rank(column, QUEUES)) is not None]
    exact = [one for one in by_name if one[0] < len(LIKELY["run_id"])]
    of_runs = bool(by_key) and not by_key[0][0]
    owner = None if exact or of_runs else _find_owner(table)
    if owner is not None:
        told = f"{' + '.join(owner.columns)} refer to {owner.table} and are taken for the run: a guess"
        return Ids(run_id=list(owner.columns), phase_id=phase, reason=reason, doubts=(told,))
    if exact or (by_name and not by_queue and not of_runs):
        return Ids(run_id=min(by_name)[1], phase_id=phase, reason=reason)
    if by_key and (not by_queue or not by_key[0][0]):
        name = by_key[0][1]
        told = f"{name} refers to another table and is taken for the run: a guess"
        return Ids(run_id=name, phase_id=phase, reason=reason, doubts=(told,))
    if by_queue:
        return Ids(run_id=min(by_queue)[1], phase_id=phase, reason=reason)
    return Ids(
        run_id=dict(ALL_ROWS), phase_id=phase, reason=reason, doubts=("no column looks like a run, so all rows are one",)
    )


def _rank(column: ColumnFacts, likely: tuple[str, ...]) -> int | None:
    return name_rank(column.name, likely)


def _is_of_runs(name: str) -> bool:
    """Whether a table has a typical name of one whose rows are runs."""
    return not _OF_RUNS.isdisjoint(to_plain(name).split("_"))


def _can_be_run(table: TableFacts, column: ColumnFacts) -> bool:
    """Whether the column can name a run: several rows share a value, and every row has one."""
    if column.kind is Kind.TIME or (column.name,) in table.keys:
        return False
    values = table.values_of(column.name)
    if len(values) < len(table.rows):
        return False
    return len(values) <= _FEW_ROWS or not table.is_unique(column.name)


def _choose_without_key(table: TableFacts, free: Sequence[ColumnFacts]) -> Ids:
    """Choose the ids of a view, or of a table that was loaded from a file."""
    run = _find_named(table, free, LIKELY["run_id"]) or _find_named(table, free, QUEUES)
    others = [column for column in free if column.name != run]
    named = sorted((rank, column.name) for column in others if (rank := _rank(column, LIKELY["phase_id"])) is not None)
    numbered = sorted((rank, column.name) for column in others if (rank := _rank(column, LIKELY["phase_index"])) is not None)
    with_run = () if run is None else (run,)
    likely = [name for _, name in named + numbered]
    unlikely = [column.name for column in others if column.name not in likely] if table.rows else []
    told = next((name for name in likely if table.is_unique(*with_run, name)), None)
    guessed = None if told else next((name for name in unlikely if _is_telling(table, (*with_run, name))), None)
    if told is None and guessed is None and run is None and (pair := _find_pair(table, others, likely)) is not None:
        both = f"{pair[0]} and {pair[1]}"
        return Ids(
            run_id=pair[0],
            phase_id=pair[1],
            doubts=(f"{both} identify the rows, and are taken for run and phase: a guess",),
        )
    phase = told or guessed or next(iter(likely), None)
    if phase is None:
        return Ids(run_id=run or dict(ALL_ROWS), phase_id=None)
    doubts = ["it has no key: the ids are guessed by their names and values"] if not table.is_view else []
    if guessed is not None:
        doubts.append(f"{guessed} is taken for the phase, as it identifies the rows: a guess")
    elif told is None:
        doubts += _explain_twins(table, run, phase)
    if run is None:
        found = _with_run(table, others, phase, "")
        return Ids(run_id=found.run_id, phase_id=phase, doubts=(*doubts, *found.doubts))
    reason = "" if told is None and guessed is None else f"{run} and {phase} identify its rows"
    return Ids(run_id=run, phase_id=phase, reason=reason, doubts=tuple(doubts))


def _explain_twins(table: TableFacts, run: str | None, phase: str) -> list[str]:
    """Why the ids do not identify all rows."""
    named = [row for row in table.rows if row.get(phase) is not None and (run is None or row.get(run) is not None)]
    doubts = [f"rows without {phase}{f' or {run}' if run else ''} can't be drained"] if len(named) < len(table.rows) else []
    if len({repr((row.get(phase), run and row.get(run))) for row in named}) < len(named):
        doubts.append(f"several rows have one {phase}{f' in one {run}' if run else ''}: `inv doctor` names them")
    return doubts


def _find_named(table: TableFacts, free: Sequence[ColumnFacts], likely: tuple[str, ...]) -> str | None:
    ranked = [(rank, column.name) for column in free
              if (rank := _rank(column, likely)) is not None and _can_be_run(table, column)]  # fmt: skip
    return min(ranked)[1] if ranked else None


def _find_pair(table: TableFacts, free: Sequence[ColumnFacts], likely: Sequence[str]) -> tuple[str, str] | None:
    """Two columns that together identify the rows, the second with a likely name if there is one."""
    if len(table.rows) <= _FEW_ROWS:
        return None
    names = [column.name for column in free][:_MOST_TRIED]
    seconds = sorted(names, key=lambda name: likely.index(name) if name in likely else len(likely))
    at = names.index
    ordered = sorted(
        ((first, second) for second in seconds for first in names if first != second), key=lambda one: at(one[0]) > at(one[1])
    )
    tried = [pair for pair in ordered if pair[1] in likely] + [pair for pair in ordered if pair[1] not in likely]
    return next((pair for pair in tried if _can_be_run(table, table.by_name[pair[0]]) and table.is_unique(*pair)), None)


def _is_telling(table: TableFacts, names: Sequence[str]) -> bool:
    return len(table.rows) > _FEW_ROWS and table.is_unique(*names)
