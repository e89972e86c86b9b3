"""Which error counts if a statement breaks its connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError


@contextmanager
def roll_back_quietly(connection: sa.Connection) -> Iterator[None]:
    """Roll back after an error in the block.
    The first error counts: that a broken connection can't be rolled back does not say why it broke."""
    try:
        yield
    except BaseException:
        with suppress(SQLAlchemyError):
            connection.rollback()
        raise
