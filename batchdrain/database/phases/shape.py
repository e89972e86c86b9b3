"""What the mapped table looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.database.phases.declared_types import DeclaredType
from batchdrain.database.phases.identity import Identity, read_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """As the database's catalogue tells it."""

    types: Mapping[str, DeclaredType]  #: of every column, by name
    identity: Identity | None = None  #: None: not known here


def read_shape(connection: sa.Connection, table: sa.Table, types: Mapping[str, DeclaredType]) -> Shape:
    """`types`: as they were read just now."""
    return Shape(types=types, identity=read_identity(connection, table))
