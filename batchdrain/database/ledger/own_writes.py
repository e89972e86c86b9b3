"""Writes to batchdrain's own tables, which a constraint or a trigger of somebody else's may refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import first_line_of
from batchdrain.model.errors import ConfigError

T = TypeVar("T")


def write_own(database: Database, work: Callable[[sa.Connection], T], *, may_wait: bool = True) -> T:
    """As `Database.write`, of rows of ours alone. Of two who begin one row in the same moment the second fails: it is heard when
    it comes again. Raises ConfigError where it is refused once more."""
    try:
        return database.write(work, may_wait=may_wait)
    except sa.exc.IntegrityError:
        try:
            return database.write(work, may_wait=may_wait)
        except sa.exc.IntegrityError as error:
            raise refused_own(error, database.name) from error


def refused_own(error: sa.exc.IntegrityError, database: str) -> ConfigError:
    """`database`: its name, for people."""
    return ConfigError(
        f"database {database}: refuses what batchdrain writes into its own tables: {first_line_of(error.orig)}",
        remedy="take away the trigger or the constraint that somebody added to them; `inv doctor` tries each write",
    )
