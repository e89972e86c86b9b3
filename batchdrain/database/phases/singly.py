"""A row that breaks the reading of all is named, and the others are read.

Its text can't be brought into our character set, a view or the condition fails for it, or what is stored of it is damaged.
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
from batchdrain.runtime.text import safe_text

_CHARS: Final = 400


class Unreadable(str):
    """Stands for the failure text of a row that can't be read: the row's name, and why."""

    __slots__ = ()


def read_all_but(
    pages: Iterable[Page],
    connection: sa.Connection,
    ids: sa.Select[Any],
    read_rows: Callable[[Sequence[Texts]], Sequence[Any]],
    to_names: Callable[[Sequence[Any]], Texts],
    again: Callable[[], Iterable[Page]] | None = None,
) -> Iterator[Page]:
    """`pages`; once one breaks for a row's sake, the rows that are left, by pages of ids. `ids`: of all that may be meant, of which
    `to_names` makes texts; `read_rows`: of some ids those that are meant, with the columns of a page; `again`: the same pages in
    the same order, where a database gives them so: then what was drawn need not be remembered. Raises what is no row's trouble."""
    with closing(DrawnRows()) as drawn:
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
    """So many rows, or those before the one that breaks the reading."""
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
    """`seen`: hashes. Each once: all rows that bear the same ids are read together."""
    for row in rows:
        if (hashed := hash(row)) not in seen:
            seen.add(hashed)
            yield row


def _to_unreadable(ids: Texts, error: Exception) -> Row:
    why = safe_text(first_line_of(getattr(error, "orig", None) or error), limit=_CHARS)
    return Row(*ids, None, Unreadable(f"{PhaseKey(*ids)}: can't be read: {why}"))  # type: ignore[call-arg,arg-type]
