"""Chooses the columns that name a run and a phase within it:
from the table's keys, else from names that tell rows apart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, TableFacts
from batchdrain.cli.commands.init.runs import ALL_ROWS, FEW_ROWS, can_be_run, choose_run, find_owner
from batchdrain.cli.commands.init.vocabulary import (
    LIKELY,
    PHASE_PARTS,
    QUEUES,
    RUN_PARTS,
    STRONG_PHASES,
    name_rank,
    to_plain,
)

_CAN_NAME: Final = frozenset({Kind.WHOLE, Kind.TEXT, Kind.TIME, Kind.NAME})
_MOST_TRIED: Final = 12
_NAMED: Final = frozenset({*STRONG_PHASES, "run_id", "run_uuid", "job_id", "task_uuid", "job_uuid"})
_FEW_COLUMNS: Final = 2  # of a key with two columns each is one id


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
            alone = _find_beside_times(table, key)
            return _split_key(table, key) if alone is None else _with_run(table, free, alone, key)
    single = _choose_single([key[0] for key in keys if len(key) == 1], table)
    if single is not None:
        return _with_run(table, free, single, [single])
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


def _with_run(table: TableFacts, free: Sequence[ColumnFacts], phase: str, key: Sequence[str]) -> Ids:
    run, doubts = choose_run(table, free, phase)
    return Ids(run_id=run, phase_id=phase, reason=f"its key is {' + '.join(key)}", doubts=doubts)


def _find_beside_times(table: TableFacts, key: Sequence[str]) -> str | None:
    """The one column of a key that identifies the rows alone, if all others are times by which the table is partitioned."""
    others = [name for name in key if table.by_name[name].kind is Kind.TIME and to_plain(name) not in RUN_PARTS]
    names = [name for name in key if name not in others]
    is_alone = len(names) == 1 and len(table.rows) > FEW_ROWS and table.is_unique(*names)
    return names[0] if is_alone and others else None


def _split_key(table: TableFacts, key: Sequence[str]) -> Ids:
    """Split a key of several columns. If a part of it refers to a run together with other columns, these are the run. Else its
    last column is the phase, unless others are named like a phase, or another one alone identifies the rows."""
    owner = find_owner(table)
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


def _choose_last(table: TableFacts, key: Sequence[str]) -> list[str]:
    telling = [name for name in key if len(table.rows) > FEW_ROWS and table.is_unique(name)]
    return telling[-1:] or list(key[-1:])


def _bare(names: list[str]) -> object:
    return names[0] if len(names) == 1 else names


def _choose_without_key(table: TableFacts, free: Sequence[ColumnFacts]) -> Ids:
    """Choose the ids of a view, or of a table that was loaded from a file."""
    run = _find_named(table, free, LIKELY["run_id"]) or _find_named(table, free, QUEUES)
    others = [column for column in free if column.name != run]
    named = sorted(
        (rank, column.name) for column in others if (rank := name_rank(column.name, LIKELY["phase_id"])) is not None
    )
    numbered = sorted(
        (rank, column.name) for column in others if (rank := name_rank(column.name, LIKELY["phase_index"])) is not None
    )
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
        run_of_all, told_of_run = choose_run(table, others, phase)
        return Ids(run_id=run_of_all, phase_id=phase, doubts=(*doubts, *told_of_run))
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
              if (rank := name_rank(column.name, likely)) is not None and can_be_run(table, column)]  # fmt: skip
    return min(ranked)[1] if ranked else None


def _find_pair(table: TableFacts, free: Sequence[ColumnFacts], likely: Sequence[str]) -> tuple[str, str] | None:
    """Two columns that together identify the rows, the second with a likely name if there is one."""
    if len(table.rows) <= FEW_ROWS:
        return None
    names = [column.name for column in free][:_MOST_TRIED]
    seconds = sorted(names, key=lambda name: likely.index(name) if name in likely else len(likely))
    at = names.index
    ordered = sorted(
        ((first, second) for second in seconds for first in names if first != second), key=lambda one: at(one[0]) > at(one[1])
    )
    tried = [pair for pair in ordered if pair[1] in likely] + [pair for pair in ordered if pair[1] not in likely]
    return next((pair for pair in tried if can_be_run(table, table.by_name[pair[0]]) and table.is_unique(*pair)), None)


def _is_telling(table: TableFacts, names: Sequence[str]) -> bool:
    return len(table.rows) > FEW_ROWS and table.is_unique(*names)
