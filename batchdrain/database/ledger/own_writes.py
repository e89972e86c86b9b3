"""Writes to batchdrain's own tables. A constraint or a trigger that somebody added may refuse them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import first_line_of
from batchdrain.model.errors import ConfigError

T = TypeVar("T")


def write_own(database: Database, work: Callable[[sa.Connection], T], *, may_wait: bool = True) -> T:
    """Write like `Database.write`, but only rows of our own tables. If two insert the same row at once the second fails, so
    the write is tried once more. Raises ConfigError if it is refused again."""
    try:
        return database.write(work, may_wait=may_wait)
    except sa.exc.IntegrityError:
        try:
            return database.write(work, may_wait=may_wait)
        except sa.exc.IntegrityError as error:
            raise refused_own(error, database.name) from error


def refused_own(error: sa.exc.IntegrityError, database: str) -> ConfigError:
    """The error of such a refusal. `database`: its name, for people."""
    return ConfigError(
        f"database {database}: refuses what batchdrain writes into its own tables: {first_line_of(error.orig)}",
        remedy="remove the trigger or the constraint that somebody added to them; `inv doctor` tries each write",
    )
