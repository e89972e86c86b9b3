"""A statement that breaks its connection: which error counts then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError


@contextmanager
def roll_back_quietly(connection: sa.Connection) -> Iterator[None]:
    """After an error of what is done in it. The first error counts: that a broken connection can't be rolled back says
    nothing of why it broke."""
    try:
        yield
    except BaseException:
        with suppress(SQLAlchemyError):
            connection.rollback()
        raise
