"""Chooses the tables that may hold the phases, the likeliest first, or tells why none does. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.cli.commands.init.byte_ids import find_bytes, suggest_texts
from batchdrain.cli.commands.init.facts import Kind, TableFacts
from batchdrain.cli.commands.init.known_schemas import KNOWN, find_known
from batchdrain.cli.commands.init.mapping import NEEDED, Mapped, find_truths, is_log, map_table
from batchdrain.cli.commands.init.view_over import NAME, fill_view, suggest_state
from batchdrain.cli.commands.init.vocabulary import LIKELY, STRONG_PHASES, TABLES, rank_columns, to_plain
from batchdrain.database.phases.names import OWN, split_name

MOST: Final = 3
_SHOWN: Final = 10
_ENOUGH: Final = 2
_NO_WORDS: Final = frozenset({Kind.OTHER, Kind.BYTES, Kind.JSON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A table that may hold the phases."""

    mapped: Mapped
    weight: tuple[int, ...]  #: the greater, the likelier


def find_candidates(tables: Sequence[TableFacts]) -> list[Mapped]:
    """At most three candidates, the likeliest first."""
    found = [one for table in tables if not table.name.startswith(OWN) and (one := weigh(table)) is not None]
    found.sort(key=lambda one: one.mapped.table)
    found.sort(key=lambda one: one.weight, reverse=True)
    found = _put_children_first(found, {table.name: table for table in tables})
    return [one.mapped for one in found[:MOST]]


def _put_children_first(found: list[Candidate], tables: Mapping[str, TableFacts]) -> list[Candidate]:
    """Move a table to the front that refers to the likeliest one, as phases refer to their run,
    if it is as likely except for names."""
    if not found:
        return found
    first = split_name(found[0].mapped.table)[1]
    for place, one in enumerate(found[1:], start=1):
        table = tables[split_name(one.mapped.table)[1]]
        is_child = first in _find_parents(table, one.mapped.columns["run_id"])
        if is_child and not is_log(table) and one.weight[:3] >= found[0].weight[:3]:
            return [one, *found[:place], *found[place + 1 :]]
    return found


def _find_parents(table: TableFacts, run: object) -> list[str]:
    """The tables to which the columns of the run refer."""
    single = table.by_name.get(run) if isinstance(run, str) else None
    found = [] if single is None or single.parent is None else [single.parent.table]
    return [*found, *(one.table for one in table.references if list(one.columns) == run)]


def weigh(table: TableFacts) -> Candidate | None:
    """Weigh a table; None if it can't hold phases."""
    known = find_known(table.by_name)
    if known is not None:
        return None if known.no_state else Candidate(mapped=known.map(table), weight=(1, -int(is_log(table))))
    mapped = map_table(table)
    if mapped.missing:
        return None
    if table.is_view and table.name.startswith(NAME):  # it was made as `inv init` printed it
        return Candidate(mapped=mapped, weight=(2,))
    named = _count_names(mapped)
    spoken = "failed" in mapped.states.sure
    by_name = _rank_name(table)
    if not _is_enough(mapped, named, by_name, spoken=spoken):
        return None
    filled = sum(value is not None for value in mapped.columns.values())
    is_view = table.is_view and bool(table.computed)
    found = (int(spoken or named > _ENOUGH), named, int(spoken), len(mapped.states.sure), -int(is_view), filled, by_name)
    return Candidate(mapped=mapped, weight=(0, -int(is_log(table)), *found))


def choose(table: TableFacts) -> Mapped:
    """The mapping of a table that the user named."""
    known = find_known(table.by_name)
    return map_table(table) if known is None or known.no_state else known.map(table)


def _count_names(mapped: Mapped) -> int:
    """How many of the columns for run, phase and state have a typical name."""
    run, phase, state = (mapped.columns[name] for name in NEEDED)
    likely = ((run, LIKELY["run_id"]), (phase, STRONG_PHASES), (state, LIKELY["state"]))
    return sum(any(to_plain(one) in names for one in _names_of(value)) for value, names in likely)


def _names_of(value: object) -> list[str]:
    if isinstance(value, list):
        return [one for one in value if isinstance(one, str)]
    return [value] if isinstance(value, str) else []


def _is_enough(mapped: Mapped, named: int, by_name: int, *, spoken: bool) -> bool:
    """Whether there is enough evidence. A table of customers has an id and a status too, so a word for failed, or names of
    work, must speak for the table."""
    if spoken:
        return True
    return named > _ENOUGH or (by_name > 0 and named > 0) or (named == _ENOUGH and _has_own_run(mapped))


def _has_own_run(mapped: Mapped) -> bool:
    return any(to_plain(one) in LIKELY["run_id"] for one in _names_of(mapped.columns["run_id"]))


def describe_lack(tables: Sequence[TableFacts], dialect: str) -> tuple[str, str]:
    """The one thing that the nearest table lacks, and a statement that gives it a state ('' if there is none).
    `dialect`: of the statement."""
    others, taken = [table for table in tables if not table.name.startswith(OWN)], {table.name for table in tables}
    stateless = [(place, table.full_name, table) for table in others if (place := _rank_known(table)) is not None]
    known = min(stateless, default=(None, "", None), key=lambda one: one[:2])[2]
    stated = [] if known is not None else [table for table in others if suggest_state(table, dialect)]
    told = [known] if known is not None else sorted(stated, key=lambda one: (-_rank_name(one), one.full_name))[:1] or others
    lack, statement = _describe_lack(told), make_statement(told[0], dialect, taken) if told else ""
    if statement or known is not None:
        return lack, statement
    for table in sorted(others, key=lambda one: (-_rank_name(one), one.full_name)):
        if texts := suggest_texts(table, dialect, taken):
            told_of = f"{table.full_name!r} is the closest match, and the bytes in {', '.join(map(repr, find_bytes(table)))} cannot identify a phase"
            return f"{told_of}; a view that makes texts of them can be drained", texts
    return lack, ""


def make_statement(table: TableFacts, dialect: str, taken: Collection[str] = ()) -> str:
    """An SQL statement that gives a table a state: that of its project's recipe, or one made of its columns; '' if there is
    none. `taken`: names that the schema already has."""
    known = find_known(table.by_name)
    if known is not None and known.view:
        return fill_view(known.view, table, dialect, taken)
    return suggest_state(table, dialect, taken)


def _rank_known(table: TableFacts) -> tuple[bool, int] | None:
    """The place of the known schema that needs a view, those with a view first; None if the table has no such schema."""
    known = find_known(table.by_name)
    return None if known is None or not known.no_state else (not known.view, KNOWN.index(known))


def _rank_name(table: TableFacts) -> int:
    return next((len(TABLES) - place for place, one in enumerate(TABLES) if one in to_plain(table.name)), 0)


def _describe_lack(tables: Sequence[TableFacts]) -> str:
    others = [table for table in tables if not table.name.startswith(OWN)]
    if not others:
        return "it has no tables"
    for table in others:
        known = find_known(table.by_name)
        if known is not None and known.no_state:
            return (
                f"{table.full_name!r} has the columns of {known.name} and cannot be drained as it is: {known.no_state}; "
                f"{known.way} can be drained, see {known.docs} of batchdrain"
            )
    lacking = {table.full_name: (table, map_table(table).missing) for table in others}
    name = min(lacking, key=lambda one: (len(lacking[one][1]), one))
    table, missing = lacking[name]
    if table.problem:
        return f"{name!r} could not be read: {table.problem}"
    if len(missing) >= _ENOUGH and "state" in missing and "phase_id" in missing:
        return f"no column of any looks like a phase or its state (tables: {', '.join(sorted(lacking)[:_SHOWN])})"
    columns = ", ".join(list(table.by_name)[:_SHOWN])
    unread = next((one for one in rank_columns(table.columns, LIKELY["state"]) if one.kind in _NO_WORDS), None)
    if "state" in missing and unread is not None:
        return (
            f"{name!r} is the closest match, and its {unread.name!r} holds {unread.type_name}, not words (columns: {columns})"
        )
    truths = find_truths(table)
    told = f"; {truths[0]!r} says yes or no: a view that makes words of it can be drained" if truths else ""
    if not missing:
        return f"{name!r} is the closest match, and nothing in it looks like failed work (columns: {columns}){told}"
    return f"{name!r} is the closest match, and no column of it looks like {' or '.join(missing)} (columns: {columns}){told}"
