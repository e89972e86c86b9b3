"""The rows of a backlog as they come from the database: page by page, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, compress, repeat
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from batchdrain.database.deadlines import renew
from batchdrain.database.dialects import read_text_strictly

SHORT_ID: Final = 1_000
"""Characters of an id up to which nobody need ask whether it can be passed to a command."""
_PAGE: Final = 500
_INT64: Final = 2**63 - 1
_INDEXES: Final = frozenset({int, type(None)})


class Row(NamedTuple):
    """One backlog row; ids as text, whatever the column's type."""

    run_id: str
    phase_id: str
    phase_index: int | None
    reason: str | None


class Page(NamedTuple):
    """Some rows by their columns, and what is known of all their ids together: whatever is asked of each row by itself takes
    as long as reading it."""

    runs: Sequence[str]
    phases: Sequence[str]
    indexes: Sequence[int | None]
    reasons: Sequence[Any]  #: as the driver gives them
    has_sound_ids: bool  #: all of them are ASCII, short, hold no NUL and are not empty; False: look at each

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]]) -> Page:
        """`rows`: with the fields of `Row` in their order, of whatever types: SQLite stores anything anywhere."""
        if not rows:
            return NO_ROWS
        runs, phases, indexes, reasons = zip(*rows, strict=True)
        try:
            joined = "".join(runs) + "".join(phases)
        except TypeError:
            return cls.of(_to_rows(rows))
        if not _INDEXES.issuperset(map(type, indexes)):
            return cls.of(_to_rows(rows))
        is_short = len(joined) <= SHORT_ID or all(max(map(len, ids)) <= SHORT_ID for ids in (runs, phases))
        is_sound = is_short and joined.isascii() and "\x00" not in joined and all(runs) and all(phases)
        return cls(runs, phases, indexes, reasons, is_sound)

    @property
    def ids(self) -> Iterator[tuple[str, str]]:
        """run_id and phase_id of each row."""
        return zip(self.runs, self.phases, strict=True)

    @property
    def rows(self) -> list[Row]:
        """One by one, with whatever secrets their reasons hold."""
        columns = zip(self.runs, self.phases, self.indexes, self.reasons, strict=True)
        return list(map(tuple.__new__, repeat(Row), columns))  # as Row._make, at a third of its cost

    def select(self, wanted: Sequence[object]) -> Page:
        """The rows for which `wanted` holds something that is true."""
        runs, phases, indexes, reasons = (tuple(compress(column, wanted)) for column in self[:4])
        return Page(runs, phases, indexes, reasons, self.has_sound_ids)


Fold = Callable[[Sequence[Sequence[Any]]], Sequence[Sequence[Any]]]
NO_ROWS: Final = Page((), (), (), (), has_sound_ids=True)


def read_pages(connection: sa.Connection, query: sa.Select[Any], fold: Fold = lambda rows: rows) -> Iterator[Page]:
    """The rows of a query of four columns: run_id, phase_id, phase_index, reason, none of which SQLAlchemy converts. `fold`: makes
    four of more, where an id has several.

    As the tuples of the driver: a million rows made into objects of SQLAlchemy, and these into ours, would take several times
    as long as reading them.
    """
    read = read_strictly if connection.dialect.name == "sqlite" else _read_by_cursor
    for page in read(connection, query):
        renew(connection)
        yield Page.of(fold(page))


def to_rows(found: Iterable[Page]) -> Iterator[Row]:
    """The rows one by one, with whatever secrets their reasons hold."""
    return chain.from_iterable(page.rows for page in found)


def redact_rows(found: Iterable[Page], redact: Callable[[str], str]) -> Iterator[Row]:
    """The rows one by one, with `redact` applied to their reasons."""
    for row in to_rows(found):
        reason = to_reason(row.reason)
        yield row if reason is None else row._replace(reason=redact(reason))


def to_text(value: object) -> str:
    """'' for NULL, and for bytes: neither is a name."""
    return "" if value is None or isinstance(value, bytes) else str(value)


def to_reason(value: object) -> str | None:
    """None for NULL; anything else that the column may hold, as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return None if value is None else str(value)


def _to_rows(page: Sequence[Any]) -> list[Row]:
    return [Row(to_text(run), to_text(phase), to_index(index), to_reason(text)) for run, phase, index, text in page]


def to_index(value: Any) -> int | None:
    """NULL, and whatever is no number, goes last. What the ledger's 64 bits can't hold is cut to them."""
    if value is None or isinstance(value, bytes):
        return None
    for number in (int, float):
        try:
            return max(-_INT64, min(_INT64, int(number(value))))
        except (TypeError, ValueError, OverflowError):
            continue
    return None


def _execute(connection: sa.Connection, query: sa.Select[Any]) -> sa.CursorResult[Any]:
    return connection.execute(query, execution_options={"stream_results": True, "yield_per": _PAGE})


def read_strictly(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    """Of SQLite, as the driver's tuples. With bad UTF-8 in some row, what is left is read in the lenient way, from the same snapshot in the same order."""
    drawn = 0
    with read_text_strictly(connection):
        try:
            for page in _read_by_cursor(connection, query):
                drawn += len(page)
                yield page
        except sa.exc.OperationalError as error:
            if "decode" not in str(error.orig):
                raise
        else:
            return
    for page in _read_by_cursor(connection, query):
        yield page[max(0, drawn) :]
        drawn -= len(page)


def _read_by_cursor(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    """Pages of the driver's cursor. Its errors become SQLAlchemy's, as those of every other operation are."""
    result = _execute(connection, query)
    dialect, cursor = connection.dialect, result.cursor
    dbapi: Any = dialect.loaded_dbapi
    first = result.fetchone()  # SQLAlchemy holds one row in its hands before we can ask the driver's cursor
    if first is None:
        return
    yield [tuple(first)]
    while cursor is not None:
        try:
            page = cursor.fetchmany(_PAGE)
        except dbapi.Error as error:
            lost = dialect.is_disconnect(error, None, cursor)
            if lost:
                connection.invalidate(error)
            with suppress(dbapi.Error):  # what the server has of it went with the connection
                cursor.close()
            raise sa.exc.DBAPIError.instance(
                None, None, error, dbapi.Error, connection_invalidated=lost, dialect=dialect
            ) from error
        if not page:
            result.close()
            return
        yield page
