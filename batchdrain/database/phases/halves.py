"""Reads pages of rows although one row breaks the reading: the page is split until that row stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from batchdrain.database.deadlines import restart
from batchdrain.database.dialects import is_read_only
from batchdrain.database.driver_errors import is_of_row

K = TypeVar("K")
T = TypeVar("T")
RAISED: Final = (SQLAlchemyError, ValueError, ArithmeticError, LookupError)


def read_in_halves(
    connection: sa.Connection, pages: Iterable[Sequence[K]], read: Callable[[Sequence[K]], T]
) -> Iterator[tuple[Sequence[K], T | Exception]]:
    """Yields some keys with what `read` gives for them, or one key alone with its error. Raises errors that no row causes.

    Each statement gets the time of a whole transaction. That ends, since a known number of keys takes at most twice as many
    statements.
    """
    for page in pages:
        waiting = [page]
        while waiting:
            some = waiting.pop()
            restart(connection)
            try:
                found = read(some)
            except RAISED as error:
                if not is_over(connection, error):
                    raise
                if len(some) == 1:
                    yield some, error
                else:
                    middle = len(some) // 2
                    waiting += [some[middle:], some[:middle]]
            else:
                yield some, found


def is_over(connection: sa.Connection, error: Exception) -> bool:
    """Whether a row caused the error and the connection works again, after a rollback.
    Always False on a connection that writes."""
    if not is_read_only(connection):
        return False
    if _keeps_its_snapshot(connection):
        return is_of_row(error)
    try:
        connection.rollback()
        if isinstance(error, SQLAlchemyError) and getattr(error, "connection_invalidated", False):
            return connection.exec_driver_sql("SELECT 1").scalar() == 1
    except SQLAlchemyError:
        return False
    return is_of_row(error)


def _keeps_its_snapshot(connection: sa.Connection) -> bool:
    """Whether the transaction goes on after an error, as on SQLite.
    Then reading again gives the same rows, whatever others write meanwhile."""
    if connection.dialect.name != "sqlite":
        return False
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))
