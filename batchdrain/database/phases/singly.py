"""Rows read one by one, where one of them breaks the reading of all: it is named, and the others are read.

Its text can't be brought into our character set, a view or the condition fails for it, or what is stored of it is damaged.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from batchdrain.database.deadlines import renew
from batchdrain.database.driver_errors import first_line_of, is_of_row
from batchdrain.database.phases.pages import Page, Row, to_text
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime.text import safe_text

_CHARS: Final = 400
_RAISED: Final = (SQLAlchemyError, ValueError, ArithmeticError, LookupError)


class Unreadable(str):
    """Stands for the failure text of a row that can't be read: the row's name, and why."""

    __slots__ = ()


def read_all_but(
    pages: Iterable[Page],
    connection: sa.Connection,
    ids: sa.Select[Any],
    read_row: Callable[[PhaseKey], sa.Select[Any]],
) -> Iterator[Page]:
    """`pages`; once one breaks for a row's sake, the rows that are left singly. `ids`: of all that may be meant;
    `read_row`: one of them, with the columns of a page, if it is meant. Raises what is no row's trouble."""
    drawn = array("q")
    try:
        for page in pages:
            drawn.extend([hash(row[:2]) for row in page.rows])
            yield page
    except _RAISED as error:
        if not _is_over(connection, error):
            raise
        yield from _read_singly(connection, set(drawn), connection.execute(ids).all(), read_row)


def count_all_but(
    connection: sa.Connection,
    count: Callable[[Any], dict[tuple[str, str], int]],
    runs: Callable[[], Iterable[Any]],
    read_rows: Callable[[Any], Iterable[Sequence[Any]]],
    read_row: Callable[[PhaseKey], sa.Select[Any]],
) -> dict[tuple[str, str], int]:
    """How many rows stand for each (run_id, state), where the condition fails for some: they count too. `count`: of a run, or
    of all at once for None; `read_rows`: ids and state of all rows of a run; `read_row`: finds a row that is meant."""
    try:
        return count(None)
    except _RAISED as error:
        if not _is_over(connection, error):
            raise
    found: Counter[tuple[str, str]] = Counter()
    for run in runs():
        renew(connection)
        try:
            found.update(count(run))
        except _RAISED as error:
            if not _is_over(connection, error):
                raise
            for run_id, phase_id, state in read_rows(run):
                key = PhaseKey(to_text(run_id), to_text(phase_id))
                found[key.run_id, to_text(state)] += _is_meant(connection, read_row, key)
    return dict(+found)


def _is_meant(connection: sa.Connection, read_row: Callable[[PhaseKey], sa.Select[Any]], key: PhaseKey) -> bool:
    try:
        return connection.execute(read_row(key)).first() is not None
    except _RAISED as error:
        if not _is_over(connection, error):
            raise
        return True


def _read_singly(
    connection: sa.Connection, drawn: set[int], ids: Sequence[Any], read_row: Callable[[PhaseKey], sa.Select[Any]]
) -> Iterator[Page]:
    for found in ids:
        names = to_text(found[0]), to_text(found[1])
        if hash(names) in drawn or hash(tuple(found)) in drawn:
            continue
        renew(connection)
        try:
            rows = connection.execute(read_row(PhaseKey(*names))).all()
        except _RAISED as error:
            if not _is_over(connection, error):
                raise
            why = safe_text(first_line_of(getattr(error, "orig", None) or error), limit=_CHARS)
            yield Page.of([Row(*names, None, Unreadable(f"{PhaseKey(*names)}: can't be read: {why}"))])
        else:
            yield Page.of(rows)


def _is_over(connection: sa.Connection, error: Exception) -> bool:
    """Whether the error is a row's, and the connection works again: what failed is rolled back."""
    try:
        connection.rollback()
        if isinstance(error, SQLAlchemyError) and getattr(error, "connection_invalidated", False):
            return connection.exec_driver_sql("SELECT 1").scalar() == 1
    except SQLAlchemyError:
        return False
    return is_of_row(error)
