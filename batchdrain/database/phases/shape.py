"""What the mapped table looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.database.phases.declared_types import DeclaredType
from batchdrain.database.phases.names import quote_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """As the database's catalogue tells it."""

    types: Mapping[str, DeclaredType]  #: of every column, by name
    identity: object = None  #: another one is another table of the same name; None: not known here


def read_shape(connection: sa.Connection, table: sa.Table, types: Mapping[str, DeclaredType]) -> Shape:
    """`types`: as they were read just now."""
    if connection.dialect.name != "postgresql":
        return Shape(types=types)
    place = {"place": quote_name(table.schema, str(table.name))}
    return Shape(types=types, identity=connection.execute(sa.text("SELECT CAST(to_regclass(:place) AS oid)"), place).scalar())
