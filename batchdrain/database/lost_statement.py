"""A statement that breaks its connection: which error counts then, and how often it is tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from tenacity import RetryCallState
from tenacity.stop import stop_base

from batchdrain.database.driver_errors import is_large, is_lost_statement

_TRIES_OF_LARGE: Final = 3
"""Of a statement that carries much, and breaks its connection each time."""


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


class StopAtLarge(stop_base):
    """No more tries of a large statement that breaks its connection each time. The first one came before those that are
    counted here."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = None if retry_state.outcome is None else retry_state.outcome.exception()
        lost = error is not None and is_lost_statement(error) and is_large(error)
        return lost and retry_state.attempt_number >= _TRIES_OF_LARGE - 1
