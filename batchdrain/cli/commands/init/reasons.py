"""Chooses the column with the failure text: by its name, and by which rows have text in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, State, TableFacts
from batchdrain.cli.commands.init.json_path import find_path, is_document
from batchdrain.cli.commands.init.state_words import meaning_of
from batchdrain.cli.commands.init.vocabulary import LIKELY, looks_failed, rank_columns, to_plain

_NO_TEXTS: Final = frozenset({Kind.JSON, Kind.BYTES, Kind.OTHER})
UNREAD: Final = "no reason is read"
_TELLING: Final = 8  # a text with this many characters may be a reason, whatever its column is called
Row = Mapping[str, object]


def choose_reason(table: TableFacts, free: Sequence[ColumnFacts], state: str | None) -> tuple[object, list[str]]:
    """Choose the reason, and tell doubts. The first choice is a text column with a likely name that has text in failed rows;
    if no row failed, any text column with a likely name. Next comes a text within JSON, which is read but not written, and
    then a column that has text only in failed rows. The last choice is any other text column with a likely name."""
    ranked = rank_columns(free, LIKELY["last_failure_reason"])
    failed, others = _split_rows(table, state)
    texts = [column for column in ranked if column.kind is Kind.TEXT and not column.words]
    filled = [column for column in texts if _has_text(column, failed)]
    if filled or (texts and not failed):
        return _at_text(table, (filled or texts)[0].name)
    for column in [*ranked, *(column for column in free if column not in ranked)]:
        path = _find_path(column, failed or table.rows) if column.kind is Kind.JSON else None
        if path is not None and (column in ranked or not failed or _find_path(column, others) is None):
            return _at_path(column.name, path)
    guessed = next((column.name for column in free if _tells(column, failed, others)), None)
    if guessed is not None:
        told = f"{guessed} has text only in rows that failed, and is taken for the reason: a guess"
        return guessed, [told]
    if texts:
        return _at_text(table, texts[0].name)
    held = next((one for one in ranked if one.kind in _NO_TEXTS or to_plain(one.name).endswith("_reason")), None)
    if held is None:
        return None, []
    cure = (
        f"name the path of its text, as {{column: {held.name}, path: error.message}}"
        if held.kind is Kind.JSON
        else "a view that makes a text of it gives one"
    )
    return None, [f"{held.name} holds {held.type_name}, not text: {UNREAD}; {cure}"]


def find_with_text(table: TableFacts, state: str, reason: object) -> list[State] | None:
    """The state values whose rows alone have a failure text, or an exit code other than 0."""
    name = reason.get("column") if isinstance(reason, dict) else reason
    code = next(
        (column.name for column in rank_columns(table.columns, LIKELY["exit_code"]) if column.kind is Kind.WHOLE), None
    )
    for told in (name, code):
        if not isinstance(told, str):
            continue
        having = {row[state] for row in table.rows if row.get(told) not in (None, "", 0)}
        lacking = {row[state] for row in table.rows if row.get(told) in (None, "", 0)}
        if having and lacking and not having & lacking:
            return [one for one in sorted(having, key=str) if isinstance(one, str | int)]
    return None


def _split_rows(table: TableFacts, state: str | None) -> tuple[list[Row], list[Row]]:
    """The rows whose words say that they failed, and all other rows."""
    if state is None:
        return [], list(table.rows)
    column = table.by_name[state]
    failed = [row for row in table.rows if (one := row.get(state)) is not None and looks_failed(meaning_of(one, column))]
    return failed, [row for row in table.rows if row not in failed]


def _has_text(column: ColumnFacts, rows: Sequence[Row]) -> bool:
    return any(row.get(column.name) not in (None, "") for row in rows)


def _find_path(column: ColumnFacts, rows: Sequence[Row]) -> str | None:
    """The path of a text in JSON. A job's arguments may hold a message too,
    but then they do so also in rows that did not fail."""
    return find_path([value for row in rows if is_document(value := row.get(column.name))])


def _tells(column: ColumnFacts, failed: Sequence[Row], others: Sequence[Row]) -> bool:
    if column.kind is not Kind.TEXT or column.words or not failed or not others:
        return False
    texts = [row.get(column.name) for row in failed]
    if _has_text(column, others):
        return False
    return all(isinstance(text, str) and len(text) >= _TELLING and " " in text for text in texts)


def _at_text(table: TableFacts, name: str) -> tuple[object, list[str]]:
    path = find_path([one for one in table.values_of(name) if one != ""])
    return (name, []) if path is None else _at_path(name, path)


def _at_path(name: str, path: str) -> tuple[object, list[str]]:
    return {"column": name, "path": path}, [
        f"{name} holds JSON: its text at {path} is read as the reason, and none is written"
    ]
