"""What the database says of a table, as far as the choice of a mapping asks for it. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from batchdrain.database.phases.names import join_name

State = str | int | None
"""A value of the state's column."""


class Kind(StrEnum):
    """What a column can be used for."""

    WHOLE = "whole"  #: whole numbers
    TEXT = "text"  #: texts, and the words of an enum
    TRUTH = "truth"  #: yes or no
    TIME = "time"  #: a moment or a day
    JSON = "json"
    NAME = "name"  #: a UUID, an address, a decimal number: what may name, and is no text
    OTHER = "other"  #: bytes, and what batchdrain can't compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """What a foreign key refers to."""

    schema: str | None
    table: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """One column."""

    name: str
    kind: Kind
    type_name: str = ""  #: in full, for people
    takes_null: bool = True
    words: tuple[str, ...] = ()  #: all that an enum, a CHECK or a foreign key lets it be
    meanings: Mapping[str, str] = field(
        default_factory=dict
    )  #: a code -> its name in the table that it refers to, or its comment
    parent: Parent | None = None  #: what its foreign key refers to
    counts: Mapping[State, int] | None = None  #: how often each value stands in the whole table; None: not counted
    unit: str = ""  #: of the times that its numbers are: s, ms, us; '': they tell none
    fits_time: bool = False  #: whether the time of a write can be written to it


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """One table or view."""

    name: str
    schema: str | None = None
    columns: tuple[ColumnFacts, ...]
    keys: tuple[tuple[str, ...], ...] = ()  #: what is unique, the primary key first, each in its own order
    is_view: bool = False
    unwritable: str = ""  #: why no row of it is ever written; '' where they are
    computed: frozenset[str] = frozenset()  #: columns that are only read: all of them where no row is written
    rows: tuple[Mapping[str, object], ...] = ()  #: some of them
    problem: str = ""  #: why it could not be looked at; '': it could

    @property
    def full_name(self) -> str:
        """As `source.table` has it."""
        return join_name(self.schema, self.name)

    @property
    def by_name(self) -> Mapping[str, ColumnFacts]:
        """Its columns, in their order."""
        return {column.name: column for column in self.columns}

    def values_of(self, name: str) -> list[object]:
        """Of the rows that were looked at, without NULL."""
        return [row[name] for row in self.rows if row.get(name) is not None]

    def is_unique(self, *names: str) -> bool:
        """Whether no two of the rows that were looked at are alike in these columns, and none is NULL there."""
        found = [tuple(row.get(name) for name in names) for row in self.rows]
        return all(None not in one for one in found) and len(set(map(repr, found))) == len(found)
