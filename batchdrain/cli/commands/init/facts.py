"""What the database says about a table, as far as it matters for choosing a mapping. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from batchdrain.database.phases.names import join_name

State = str | int | None
"""A value of the state column."""


class Kind(StrEnum):
    """What a column can be used for."""

    WHOLE = "whole"  #: whole numbers
    TEXT = "text"  #: texts, and the words of an enum
    TRUTH = "truth"  #: yes or no
    TIME = "time"  #: a moment or a day
    JSON = "json"
    NAME = "name"  #: a UUID, an address, a decimal number: it may name, but is no text
    BYTES = "bytes"  #: a view that makes texts of them lets them name
    OTHER = "other"  #: a type that batchdrain can't compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The column that a foreign key refers to."""

    schema: str | None
    table: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A foreign key of several columns."""

    columns: tuple[str, ...]  #: in the order of the key that they refer to
    table: str  #: the table that they refer to


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """The facts of one column."""

    name: str
    kind: Kind
    type_name: str = ""  #: the full name, for people
    takes_null: bool = True
    words: tuple[str, ...] = ()  #: all values that an enum, a CHECK or a foreign key allows
    meanings: Mapping[str, str] = field(
        default_factory=dict
    )  #: for each code its name in the table that it refers to, or in a comment
    most_chars: int | None = None  #: how long a text in it may be; None: no limit is enforced
    parent: Parent | None = None  #: what its foreign key refers to
    counts: Mapping[State, int] | None = None  #: how often each value occurs in the whole table; None: not counted
    unit: str = ""  #: the unit of times that are numbers: s, ms or us; '' if they are no times
    fits_time: bool = False  #: whether it can hold the time of a write


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """The facts of one table or view."""

    name: str
    schema: str | None = None
    columns: tuple[ColumnFacts, ...]
    keys: tuple[tuple[str, ...], ...] = ()  #: the unique keys, the primary key first; columns in the key's order
    references: tuple[Reference, ...] = ()  #: the foreign keys of several columns
    dialect: str = ""  #: the name of the database's dialect
    is_view: bool = False
    unwritable: str = ""  #: why no row can be written; '' if rows can
    computed: frozenset[str] = frozenset()  #: columns that can only be read; all of them if no row can be written
    rows: tuple[Mapping[str, object], ...] = ()  #: some rows
    problem: str = ""  #: why it could not be looked at; '' if it could

    @property
    def full_name(self) -> str:
        """The name as `source.table` has it."""
        return join_name(self.schema, self.name)

    @property
    def by_name(self) -> Mapping[str, ColumnFacts]:
        """The columns by name, in their order."""
        return {column.name: column for column in self.columns}

    def values_of(self, name: str) -> list[object]:
        """The values of a column in the rows that were looked at, without NULL."""
        return [row[name] for row in self.rows if row.get(name) is not None]

    def is_unique(self, *names: str) -> bool:
        """Whether the rows that were looked at all differ in these columns, and none has NULL there."""
        found = [tuple(row.get(name) for name in names) for row in self.rows]
        return all(None not in one for one in found) and len(set(map(repr, found))) == len(found)
