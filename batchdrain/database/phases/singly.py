"""Rows read one by one, where one of them breaks the reading of all: it is named, and the others are read.

Its text can't be brought into our character set, a view or the condition fails for it, or what is stored of it is damaged.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from batchdrain.database.deadlines import renew
from batchdrain.database.driver_errors import first_line_of, is_of_row
from batchdrain.database.phases.pages import Page, Row, to_text
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime.text import safe_text

_CHARS = 400


class Unreadable(str):
    """Stands for the failure text of a row that can't be read: the row's name, and why."""

    __slots__ = ()


def read_all_but(
    pages: Iterable[Page],
    connection: sa.Connection,
    read_ids: Callable[[], sa.Select[Any]],
    read_row: Callable[[PhaseKey], sa.Select[Any]],
) -> Iterator[Page]:
    """`pages`; once one breaks for a row's sake, the rows that are left singly. `read_ids`: the ids of all that may be meant;
    `read_row`: one of them, with the columns of a page, if it is meant. Raises what is no row's trouble."""
    drawn = array("q")
    try:
        for page in pages:
            drawn.extend([hash(row[:2]) for row in page.rows])
            yield page
    except (SQLAlchemyError, ValueError, ArithmeticError, LookupError) as error:
        if not _is_over(connection, error):
            raise
        yield from _read_singly(connection, set(drawn), connection.execute(read_ids()).all(), read_row)


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
        except (SQLAlchemyError, ValueError, ArithmeticError, LookupError) as error:
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
