"""Reads failure texts: from a column as it is, or from a path in the column's JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.config.reason_setting import ReasonAt
from batchdrain.database.dialects import octets
from batchdrain.database.phases import columns
from batchdrain.database.phases.declared_types import DeclaredType, Family
from batchdrain.database.phases.json_text import JSON_CHARS, find_text
from batchdrain.database.phases.pages import Page, to_reason

_ARRAYS: Final = frozenset({"_jsonb", "_json"})
_BINARY_JSON: Final = _ARRAYS | {"jsonb"}
"""PostgreSQL types in which the server itself follows a path, so that the rest of the document is not sent."""
_JSON: Final = _BINARY_JSON | {"json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonColumn:
    """How the failure text is read. Without a path the driver's values are used unchanged, so a backlog of a million rows is
    read at full speed."""

    selected: sa.ColumnElement[Any]
    head: sa.ColumnElement[Any]  #: the start of it, which is read of many rows at once
    find: Callable[[object], str | None] | None = None  #: finds the text in the selected value; None: the value is the text

    def find_in(self, page: Page) -> Page:
        """The page with its failure texts found."""
        return page if self.find is None else page._replace(reasons=tuple(map(self.find, page.reasons)))

    def to_reason(self, value: object) -> str | None:
        """The failure text of one row."""
        return to_reason(value) if self.find is None else self.find(value)


def reason_column_of(table: sa.Table, declared: DeclaredType | None, at: ReasonAt | None, dialect: str) -> ReasonColumn:
    """`declared`: the type of the column that is read; None if there is no such column."""
    if at is None or declared is None:
        return ReasonColumn(selected=sa.null(), head=sa.null())
    column = table.c[at.column]
    shown = columns.to_shown(column, declared, dialect)
    if not at.path:
        return ReasonColumn(selected=shown, head=columns.head_of(shown))
    path = at.path
    if dialect == "postgresql" and declared.base in _BINARY_JSON:
        shown, path = _at_path(column, at.path), ()
    head = sa.case((octets(shown) > JSON_CHARS, sa.func.substr(shown, 1, JSON_CHARS)), else_=shown)
    return ReasonColumn(selected=shown, head=head, find=lambda value: find_text(to_reason(value), path))


def is_fit(declared: DeclaredType, at: ReasonAt, dialect: str) -> bool:
    """Whether failure texts can be read from the column."""
    if dialect == "sqlite" or (declared.family is Family.TEXT and not declared.words):
        return True
    return bool(at.path) and declared.base in _JSON


def to_document(column: sa.Column[Any], declared: DeclaredType, dialect: str) -> sa.ColumnElement[Any]:
    """The whole value as a text. An array of JSON is shown as the JSON list in which a path is followed, not as PostgreSQL
    writes an array."""
    if dialect == "postgresql" and declared.base in _ARRAYS:
        return sa.cast(sa.func.to_jsonb(column), sa.Text)
    return columns.to_shown(column, declared, dialect)


def _at_path(column: sa.Column[Any], path: tuple[str, ...]) -> sa.ColumnElement[Any]:
    """The value at the path, as JSON. A bare text is the reason itself, as with every other type."""
    from sqlalchemy.dialects import postgresql

    document = sa.func.to_jsonb(column, type_=postgresql.JSONB())
    given = sa.cast(sa.bindparam(None, list(path), type_=postgresql.ARRAY(sa.Text())), postgresql.ARRAY(sa.Text()))
    found: sa.ColumnElement[Any] = document.op("#>", return_type=postgresql.JSONB())(given)
    bare = sa.case((sa.func.jsonb_typeof(document) == "string", document))
    return sa.cast(sa.func.coalesce(found, bare), sa.Text)
