"""Reads all rows although one row breaks the reading: that row is named, and the others are read.

A row breaks the reading if its text can't be converted to our character set, if a view or the condition fails for it, or if
its stored content is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.deadlines import restart
from batchdrain.database.driver_errors import first_line_of
from batchdrain.database.phases.drawn_rows import DrawnRows
from batchdrain.database.phases.halves import RAISED, is_over, read_in_halves
from batchdrain.database.phases.packed_rows import PackedRows, Texts, stream_texts
from batchdrain.database.phases.pages import Page, Row
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime.collector import rare_collections
from batchdrain.runtime.text import safe_text

_CHARS: Final = 400


class Unreadable(str):
    """Takes the place of the failure text of a row that can't be read: names the row, and says why."""

    __slots__ = ()


def read_all_but(
    pages: Iterable[Page],
    connection: sa.Connection,
    ids: sa.Select[Any],
    read_rows: Callable[[Sequence[Texts]], Sequence[Any]],
    to_names: Callable[[Sequence[Any]], Texts],
    again: Callable[[], Iterable[Page]] | None = None,
) -> Iterator[Page]:
    """Yields `pages`. If one breaks because of a row, the remaining rows are read by pages of ids. `ids`: selects the ids of
    all possible rows, which `to_names` turns into texts; `read_rows`: reads, of some ids, the rows that are meant, with the
    columns of a page; `again`: gives the same pages in the same order, if the database can; then the drawn rows need not be
    remembered. Raises errors that no row causes."""
    with closing(DrawnRows()) as drawn, rare_collections():  # also of what is made of the rows meanwhile
        count = 0
        try:
            for page in pages:
                if again is None:
                    drawn.add(page.ids)
                count += len(page.runs)
                yield page
        except RAISED as error:
            if not is_over(connection, error):
                raise
        else:
            return
        if again is not None:
            restart(connection)
            _add_first(drawn, count, again(), connection)
        restart(connection)
        left = PackedRows(_without(set(drawn.hashes()), stream_texts(connection, ids, to_names)))
    for some, found in read_in_halves(connection, left.pages(), read_rows):
        yield Page.of([_to_unreadable(some[0], found)] if isinstance(found, Exception) else found)


def _add_first(drawn: DrawnRows, count: int, pages: Iterable[Page], connection: sa.Connection) -> None:
    """Add the first `count` rows, or those before the row that breaks the reading."""
    try:
        for page in pages:
            if count <= 0:
                return
            drawn.add(page.ids)
            count -= len(page.runs)
    except RAISED as error:
        if not is_over(connection, error):
            raise


def _without(seen: set[int], rows: Iterable[Texts]) -> Iterator[Texts]:
    """The rows whose hash is not in `seen`. Ids that several rows share come once: all these rows are read together."""
    for row in rows:
        if (hashed := hash(row)) not in seen:
            seen.add(hashed)
            yield row


def _to_unreadable(ids: Texts, error: Exception) -> Row:
    why = safe_text(first_line_of(getattr(error, "orig", None) or error), limit=_CHARS)
    return Row(*ids, None, Unreadable(f"{PhaseKey(*ids)}: can't be read: {why}"))  # type: ignore[call-arg,arg-type]
