"""Keeps the texts of many rows in a few bytes each, until they are needed again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.runtime.json_text import to_json

ROWS: Final = 100
"""Rows in a page. The ids of a page must fit into one statement: SQLite takes 32 766 parameters, and a row may need 20."""
_READ: Final = 2_000
Texts = tuple[str, ...]


class PackedRows:
    """Rows of texts, kept in compressed pages. That saves much memory, since ids resemble each other."""

    def __init__(self, rows: Iterable[Texts]) -> None:
        self._pages: list[bytes] = []
        page: list[Texts] = []
        for row in rows:
            page.append(row)
            if len(page) == ROWS:
                self._pages.append(_pack(page))
                page.clear()
        if page:
            self._pages.append(_pack(page))

    def pages(self) -> Iterator[list[Texts]]:
        """The pages, in the order in which the rows came."""
        for packed in self._pages:
            yield [tuple(row) for row in json.loads(zlib.decompress(packed))]


def stream_texts(
    connection: sa.Connection, query: sa.Select[Any], to_texts: Callable[[Sequence[Any]], Texts]
) -> Iterator[Texts]:
    """The rows of a query, each as texts. The connection must not be used for anything else meanwhile."""
    result = connection.execute(query, execution_options={"stream_results": True, "yield_per": _READ})
    for page in result.partitions(_READ):
        yield from map(to_texts, page)


def _pack(page: list[Texts]) -> bytes:
    return zlib.compress(to_json(page), level=1)
