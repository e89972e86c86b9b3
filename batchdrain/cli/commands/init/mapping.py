"""Chooses `source` for one table: turns the table's facts into a mapping with its reasons and doubts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from batchdrain.cli.commands.init.deleted_rows import explain_deleted, find_deleted
from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, TableFacts
from batchdrain.cli.commands.init.ids import Ids, choose_ids
from batchdrain.cli.commands.init.reasons import choose_reason, find_with_text
from batchdrain.cli.commands.init.state_words import StateWords, choose_words
from batchdrain.cli.commands.init.vocabulary import (
    ENDED_TRUTHS,
    LIKELY,
    TRUTHS,
    is_all_failed,
    is_name_of_log,
    looks_failed,
    name_rank,
    rank_columns,
    state_of,
    to_plain,
)

MAY_BE_NULL: Final = ("phase_index", "last_failure_reason", "updated_at")
NEEDED: Final = ("run_id", "phase_id", "state")
NO_WORDS: Final = StateWords(words=dict.fromkeys(("failed", "queued", "executing", "complete")), sure=frozenset())
_FEW_WORDS: Final = 20
_SPEAK: Final = 2  # a column with words of this many states is the state column, whatever its name is
_OFTEN_OTHERS: Final = frozenset({"result", "outcome", "ergebnis"})  # what came out, or how it ended
_TRUTHS: Final = frozenset({*TRUTHS, *ENDED_TRUTHS})
_OF_STATES: Final = frozenset({Kind.WHOLE, Kind.TEXT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A mapping of a table, as good as the facts of the table allow."""

    table: str
    columns: Mapping[str, object]  #: each a column, a list of columns, `{value: …}`, `{column: …, path: …}`, or None
    states: StateWords
    reason: str = ""  #: why this table was chosen
    doubts: tuple[str, ...] = ()  #: what the user should check
    source: Mapping[str, object] = field(default_factory=dict)  #: more keys of `source`
    command: Mapping[str, object] = field(default_factory=dict)  #: keys of `command`
    is_log: bool = False  #: its name is one of a log, whose rows are no work
    is_known: bool = False  #: known by its schema, not guessed
    is_answered: bool = False  #: confirmed by the user

    @property
    def reason_beside(self) -> str:
        """Why it may be meant as well, where another one was chosen."""
        return f"{self.reason}; it has the name of a log" if self.is_log else self.reason

    @property
    def missing(self) -> list[str]:
        """The columns that batchdrain needs and for which none looks right."""
        return [name for name in NEEDED if self.columns[name] is None]

    @property
    def without(self) -> list[str]:
        """The columns for which none looks right, and that batchdrain can do without."""
        return [name for name in MAY_BE_NULL if self.columns[name] is None]


def map_table(table: TableFacts) -> Mapped:
    """The likeliest meaning of the table's columns and words."""
    state = find_state(table)
    ids = choose_ids(table, state)
    taken = ids.columns | ({state} if state else set())
    free = [column for column in table.columns if column.name not in taken]
    reason, doubts = choose_reason(table, free, state)
    index = _choose_index(table, free)
    changed = next((column for column in rank_columns(free, LIKELY["updated_at"]) if column.fits_time), None)
    words = NO_WORDS if state is None else choose_words(table.by_name[state], find_with_text(table, state, reason))
    columns: dict[str, object] = {
        "run_id": ids.run_id, "phase_id": ids.phase_id, "phase_index": index, "state": state,
        "last_failure_reason": reason, "updated_at": None if changed is None else changed.name,
    }  # fmt: skip
    return Mapped(
        table=table.full_name,
        columns=columns,
        states=words,
        reason=_explain(ids, state, words),
        is_log=is_log(table),
        doubts=(
            *_explain_log(table),
            *explain_deleted(table),
            *ids.doubts,
            *doubts,
            *words.doubts,
            *_explain_unwritten(table, state),
        ),
        source={
            **_choose_source(table, state),
            **({"updated_at_unit": changed.unit} if changed is not None and changed.unit else {}),
        },
        command={"result_from": "database"} if state in table.computed else {},
    )


def find_state(table: TableFacts) -> str | None:
    """The state column: chosen by the words that it has or may have, then by its name."""

    def weigh(column: ColumnFacts) -> tuple[bool, int, int, str] | None:
        rank = name_rank(column.name, LIKELY["state"])
        known = _count_known(table, column)
        if (rank is None and known < _SPEAK) or not _may_be_state(table, column):
            return None
        if not known and to_plain(column.name) in _OFTEN_OTHERS:
            return None
        if rank is None and any(column.name in key for key in table.keys):
            return None
        return (not _tells_failure(table, column), -known, 1000 if rank is None else rank, column.name)

    keys = {name for key in table.keys if len(key) == 1 for name in key}
    weights = [one for column in table.columns if column.name not in keys and (one := weigh(column)) is not None]
    return min(weights)[-1] if weights else None


def _tells_failure(table: TableFacts, column: ColumnFacts) -> bool:
    """Whether its words tell of failure. One column may say that work is over, and another how it ended."""
    return any(looks_failed(term) for term in _terms_of(table, column))


def _count_known(table: TableFacts, column: ColumnFacts) -> int:
    """How many of our states its words mean."""
    return len({state_of(term) for term in _terms_of(table, column)} - {None})


def _terms_of(table: TableFacts, column: ColumnFacts) -> set[str]:
    return {*column.words, *column.meanings.values(), *map(str, _words_of(table, column))}


def _words_of(table: TableFacts, column: ColumnFacts) -> set[object]:
    found = set[object](table.values_of(column.name) if column.counts is None else column.counts)
    return found - {None}


def _may_be_state(table: TableFacts, column: ColumnFacts) -> bool:
    return column.kind in _OF_STATES and len(_words_of(table, column)) <= _FEW_WORDS


def _choose_index(table: TableFacts, free: Sequence[ColumnFacts]) -> str | None:
    for column in rank_columns(free, LIKELY["phase_index"]):
        values = table.values_of(column.name)
        if table.rows and not values:
            continue
        if column.kind is Kind.WHOLE or (values and all(isinstance(value, int) for value in values)):
            return column.name
    return None


def _explain(ids: Ids, state: str | None, words: StateWords) -> str:
    parts = [ids.reason] if ids.reason else []
    if state is not None:
        failed = words.words["failed"] if "failed" in words.sure else None
        parts.append(f"{state} holds its state" + (f", failed is {_render(failed)}" if failed is not None else ""))
    return "; ".join(parts)


def _render(words: object) -> str:
    return " or ".join(map(repr, words)) if isinstance(words, list) else repr(words)


def _explain_unwritten(table: TableFacts, state: str | None) -> list[str]:
    if state not in table.computed:
        return []
    what = (
        f"it {table.unwritable}"
        if table.unwritable
        else f"{state} is computed in this {'view' if table.is_view else 'table'}"
    )
    return [f"{what}: your command sets the state itself (command.result_from: database)"]


def is_log(table: TableFacts) -> bool:
    """Whether the table's name is that of a log: its rows are no work that waits."""
    return is_name_of_log(table.name)


def _explain_log(table: TableFacts) -> list[str]:
    if not is_log(table):
        return []
    return ["it has the name of a log: a drain would overwrite history; a view of the last row of each can be drained"]


def find_truths(table: TableFacts) -> list[str]:
    """Columns that say yes or no about how something ended. They have no words for states."""
    return [column.name for column in table.columns if column.kind is Kind.TRUTH and to_plain(column.name) in _TRUTHS]


def _choose_source(table: TableFacts, state: str | None) -> dict[str, object]:
    """More keys of `source`: a condition that leaves out rows marked as deleted, and whether a row that is gone is complete,
    as in a table of nothing but failures."""
    found: dict[str, object] = {}
    if deleted := find_deleted(table):
        found["where"] = deleted
    column = None if state is None else table.by_name[state]
    if column is not None and state in table.computed and not table.is_view and is_all_failed(table.name):
        found["gone_is"] = "complete"
    return found
