"""The shape of the mapped table: its columns' types, and what identifies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.database.phases.declared_types import DeclaredType
from batchdrain.database.phases.identity import Identity, read_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the database's catalogue says of the table."""

    types: Mapping[str, DeclaredType]  #: the types of all columns, by name
    identity: Identity | None = None  #: None: not known here


def read_shape(connection: sa.Connection, table: sa.Table, types: Mapping[str, DeclaredType]) -> Shape:
    """Read the shape of the table. `types`: its column types, read just now."""
    return Shape(types=types, identity=read_identity(connection, table))
