"""Reads the CHECK constraints of a table. SQLAlchemy does not find those of MariaDB that belong to one column, as each column of
JSON has one."""

from __future__ import annotations

from typing import Final, NamedTuple

import sqlalchemy as sa

_OF_MARIADB: Final = sa.text(
    "SELECT constraint_name, check_clause FROM information_schema.check_constraints "
    "WHERE constraint_schema = coalesce(:schema, database()) AND table_name = :name ORDER BY constraint_name, check_clause"
)
_SINCE: Final = (10, 3, 10)
"""The version of MariaDB that has this list."""


class CheckConstraint(NamedTuple):
    """One CHECK constraint, of the table or of a column."""

    name: str | None
    text: str  #: the condition, as the database shows it


def read_checks(connection: sa.Connection, schema: str | None, name: str) -> list[CheckConstraint]:
    """The CHECK constraints of a table. Reads only."""
    if getattr(connection.dialect, "is_mariadb", False) and (connection.dialect.server_version_info or ()) >= _SINCE:
        rows = connection.execute(_OF_MARIADB, {"schema": schema, "name": name})
        if found := [CheckConstraint(str(constraint), str(text)) for constraint, text in rows]:
            return found
    reflected = sa.inspect(connection).get_check_constraints(name, schema=schema)
    return [CheckConstraint(one["name"], str(one["sqltext"])) for one in reflected]
