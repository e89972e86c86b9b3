"""Reads the rows of a backlog from the database page by page, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, compress, repeat
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from batchdrain.database.deadlines import renew
from batchdrain.database.dialects import read_text_strictly
from batchdrain.runtime.text import are_short

SHORT_ID: Final = 1_000
"""Up to this many characters an id can be passed to a command for certain."""
_PAGE: Final = 500
_INT64: Final = 2**63 - 1
_INDEXES: Final = frozenset({int, type(None)})


class Row(NamedTuple):
    """One row of the backlog. Ids are text, whatever the column's type is."""

    run_id: str
    phase_id: str
    phase_index: int | None
    reason: str | None


class Page(NamedTuple):
    """Some rows, stored by column, with one flag about all their ids.
    Checking each row alone would take as long as reading it."""

    runs: Sequence[str]
    phases: Sequence[str]
    indexes: Sequence[int | None]
    reasons: Sequence[Any]  #: values as the driver gives them
    has_sound_ids: bool  #: whether all ids are ASCII, short, without NUL and not empty; False: check each id

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]]) -> Page:
        """Make a page of `rows`. They have the fields of `Row` in that order, but may have any types:
        SQLite stores anything anywhere."""
        if not rows:
            return NO_ROWS
        runs, phases, indexes, reasons = _columns_of(rows)
        try:
            is_sound = _are_sound(runs, phases)
        except TypeError:
            return cls.of(_to_rows(rows))
        if not _INDEXES.issuperset(map(type, indexes)):
            return cls.of(_to_rows(rows))
        return cls(runs, phases, indexes, reasons, is_sound)

    @classmethod
    def of_ids(cls, rows: Sequence[Sequence[Any]]) -> Page:
        """Make a page of `rows` that have only both ids, of any types. Their other columns are None."""
        if not rows:
            return NO_ROWS
        runs, phases = _columns_of(rows)
        nothing = (None,) * len(rows)
        try:
            return cls(runs, phases, nothing, nothing, _are_sound(runs, phases))
        except TypeError:
            return cls.of([(*row, None, None) for row in rows])

    @property
    def ids(self) -> Iterator[tuple[str, str]]:
        """The run_id and phase_id of each row."""
        return zip(self.runs, self.phases, strict=True)

    @property
    def rows(self) -> list[Row]:
        """The rows one by one. Their reasons may still hold secrets."""
        columns = zip(self.runs, self.phases, self.indexes, self.reasons, strict=True)
        return list(map(tuple.__new__, repeat(Row), columns))  # like Row._make, at a third of its cost

    def select(self, wanted: Sequence[object]) -> Page:
        """The rows for which the value in `wanted` is true."""
        runs, phases, indexes, reasons = (tuple(compress(column, wanted)) for column in self[:4])
        return Page(runs, phases, indexes, reasons, self.has_sound_ids)


Fold = Callable[[Sequence[Sequence[Any]]], Sequence[Sequence[Any]]]
Make = Callable[[Sequence[Sequence[Any]]], Page]
NO_ROWS: Final = Page((), (), (), (), has_sound_ids=True)


def read_pages(
    connection: sa.Connection, query: sa.Select[Any], fold: Fold = lambda rows: rows, make: Make = Page.of
) -> Iterator[Page]:
    """The rows of a query of four columns that SQLAlchemy must not convert: run_id, phase_id, phase_index, reason. `fold`:
    makes four columns of more, if an id has several; `make`: makes a page of them, Page.of_ids for a query of both ids.

    The rows stay the driver's tuples: making a million SQLAlchemy objects and then ours would take several times as long as
    reading them.
    """
    read = read_strictly if connection.dialect.name == "sqlite" else _read_by_cursor
    for page in read(connection, query):
        renew(connection)
        yield make(fold(page))


def to_rows(found: Iterable[Page]) -> Iterator[Row]:
    """The rows one by one. Their reasons may still hold secrets."""
    return chain.from_iterable(page.rows for page in found)


def redact_rows(found: Iterable[Page], redact: Callable[[str], str]) -> Iterator[Row]:
    """The rows one by one, with `redact` applied to their reasons."""
    for row in to_rows(found):
        reason = to_reason(row.reason)
        yield row if reason is None else row._replace(reason=redact(reason))


def to_text(value: object) -> str:
    """The value as a text; '' for NULL and for bytes, since neither is a name."""
    return "" if value is None or isinstance(value, bytes) else str(value)


def to_reason(value: object) -> str | None:
    """The value of a reason column as a text, whatever its type; None for NULL."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return None if value is None else str(value)


def _columns_of(rows: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    """The columns of rows, of which there is at least one. `zip` would make an iterator for each row, which takes longer."""
    values: list[Any] = []
    for row in rows:
        values += row
    width = len(rows[0])
    return (values[at::width] for at in range(width))


def _are_sound(runs: Sequence[str], phases: Sequence[str]) -> bool:
    """Whether all ids are ASCII, short, without NUL and not empty. Raises TypeError if one is no text."""
    joined = "\x00".join((*runs, *phases))
    return joined.isascii() and all(runs) and all(phases) and are_short(joined, 2 * len(runs), SHORT_ID)


def _to_rows(page: Sequence[Any]) -> list[Row]:
    return [Row(to_text(run), to_text(phase), to_index(index), to_reason(text)) for run, phase, index, text in page]


def to_index(value: Any) -> int | None:
    """The value as an index. None for NULL and for what is no number, which go last. Limited to the 64 bits of the ledger."""
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
    """Pages of the driver's tuples on SQLite. If some row has bad UTF-8, the remaining rows are read leniently, from the same
    snapshot in the same order."""
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
    """Pages from the driver's cursor. Its errors become SQLAlchemy's, like those of every other operation."""
    result = _execute(connection, query)
    dialect, cursor = connection.dialect, result.cursor
    dbapi: Any = dialect.loaded_dbapi
    first = result.fetchone()  # SQLAlchemy fetches one row itself before we can use the driver's cursor
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
            with suppress(dbapi.Error):  # the connection is gone, and the server's part of the cursor with it
                cursor.close()
            raise sa.exc.DBAPIError.instance(
                None, None, error, dbapi.Error, connection_invalidated=lost, dialect=dialect
            ) from error
        if not page:
            result.close()
            return
        yield page
