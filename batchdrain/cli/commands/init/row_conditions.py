"""SQL conditions that tell the state of a row which has no column for it: by its times, a column of yes or no, its exit code, or
its error and its number of tries. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, TableFacts
from batchdrain.cli.commands.init.vocabulary import (
    BUSY_TRUTHS,
    ENDED_TRUTHS,
    LIKELY,
    MOMENTS,
    TRUTHS,
    rank_columns,
    to_plain,
)

Quote = Callable[[str], str]
"""Quotes a name as the database needs it."""
_DENYING: Final = frozenset({"failed", "is_failed", "has_failed", "error"})
_TRIES: Final = (
    ("attempts", "max_attempts"),
    ("attempt", "max_attempts"),
    ("retries", "max_retries"),
    ("tries", "max_tries"),
)


def find_failed(table: TableFacts, quote: Quote) -> str:
    """The SQL condition that a row failed; '' if nothing tells."""
    free = [column for column in table.columns if column.takes_null]
    error = next((one for one in rank_columns(free, LIKELY["last_failure_reason"]) if one.kind is Kind.TEXT), None)
    ended = _moment(table, "complete")
    if (
        at := _moment(table, "failed")
    ) is not None and ended is not None:  # the later of both times counts: a retry may have succeeded
        return f"{quote(at)} IS NOT NULL AND ({quote(ended)} IS NULL OR {quote(ended)} <= {quote(at)})"
    if at is not None:
        return f"{quote(at)} IS NOT NULL{_unless_done(table, quote)}"
    if (truth := _find_truth(table, TRUTHS)) is not None:
        condition = _says(truth, quote, yes=to_plain(truth.name) in _DENYING)
        return f"{quote(ended)} IS NOT NULL AND {condition}" if ended is not None else condition
    if (code := _exit_code_of(table)) is not None:
        return f"{quote(code)} <> 0"
    if error is None:
        return ""
    if ended is not None:
        return f"{quote(ended)} IS NOT NULL AND {quote(error.name)} IS NOT NULL"
    names = {to_plain(one.name): one.name for one in table.columns if one.kind is Kind.WHOLE}
    for tries, most in _TRIES:
        if tries in names and most in names:
            used_up = f"{quote(error.name)} IS NOT NULL AND {quote(names[tries])} >= {quote(names[most])}"
            return used_up + _unless_done(table, quote)
    return ""


def _unless_done(table: TableFacts, quote: Quote) -> str:
    """The SQL that excepts rows which a column says succeeded since; '' if none says so."""
    names = [name for name in (*ENDED_TRUTHS, *TRUTHS) if name not in _DENYING]
    if (done := _find_truth(table, names)) is None:
        return ""
    return f" AND coalesce({quote(done.name)}, 0) = 0" if done.kind is Kind.WHOLE else f" AND {quote(done.name)} IS NOT TRUE"


def find_others(table: TableFacts, quote: Quote) -> dict[str, str]:
    """The SQL conditions that a row which did not fail is complete, or being executed; none of a state of which nothing tells."""
    found, truth, done = dict[str, str](), _find_truth(table, TRUTHS), _find_truth(table, ENDED_TRUTHS)
    if (at := _moment(table, "complete")) is not None:
        found["COMPLETE"] = f"{quote(at)} IS NOT NULL"
    elif done is not None:
        found["COMPLETE"] = _says(done, quote, yes=True)
    elif truth is not None and to_plain(truth.name) not in _DENYING:
        found["COMPLETE"] = _says(truth, quote, yes=True)
    elif (code := _exit_code_of(table)) is not None:
        found["COMPLETE"] = f"{quote(code)} = 0"
    if (at := _moment(table, "executing")) is not None:
        found["EXECUTING"] = f"{quote(at)} IS NOT NULL"
    elif (busy := _find_truth(table, BUSY_TRUTHS)) is not None:
        found["EXECUTING"] = _says(busy, quote, yes=True)
    return found


def name_rest(table: TableFacts, others: Mapping[str, str]) -> str:
    """The state of all other rows. Where a column only says whether a row failed, nobody knows which of them are done: a drain
    of queued phases must not execute those again."""
    truth = _find_truth(table, TRUTHS)
    by_truth = _moment(table, "failed") is None and truth is not None
    return "UNKNOWN" if by_truth and "COMPLETE" not in others else "QUEUED"


def _moment(table: TableFacts, ours: str) -> str | None:
    """The column that tells the state by not being NULL. One of only 0 and 1 says yes or no."""
    free: Sequence[ColumnFacts] = [column for column in table.columns if column.takes_null and not _is_truth(table, column)]
    plain = {to_plain(column.name): column.name for column in free}
    return next((plain[name] for name in MOMENTS[ours] if name in plain), None)


def _find_truth(table: TableFacts, names: Sequence[str]) -> ColumnFacts | None:
    """The column that says yes or no, the likeliest first."""
    found = {
        to_plain(one.name): one for one in reversed(table.columns) if to_plain(one.name) in names and _is_truth(table, one)
    }
    return next((found[name] for name in names if name in found), None)


def _is_truth(table: TableFacts, column: ColumnFacts) -> bool:
    """Whether it holds yes and no; a number must be 0 or 1."""
    is_bit = column.kind is Kind.WHOLE and set(table.values_of(column.name)) in ({0}, {1}, {0, 1})
    return column.kind is Kind.TRUTH or is_bit


def _says(column: ColumnFacts, quote: Quote, *, yes: bool) -> str:
    """The SQL condition that a column says yes, or no. PostgreSQL takes no number for a truth."""
    if column.kind is Kind.WHOLE:
        return f"{quote(column.name)} = {int(yes)}"
    return quote(column.name) if yes else f"NOT {quote(column.name)}"


def _exit_code_of(table: TableFacts) -> str | None:
    """The column with the exit code of a command."""
    named = {to_plain(one.name): one.name for one in table.columns if one.kind is Kind.WHOLE}
    return next((named[name] for name in LIKELY["exit_code"] if name in named), None)
