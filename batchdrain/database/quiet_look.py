"""Looks at the user's tables without SQLAlchemy's warnings, which are about columns and indexes that nobody mapped."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SAWarning


@contextmanager
def look_quietly() -> Iterator[None]:
    """Silence warnings about types that SQLAlchemy does not know. We ask the database itself about the mapped columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield
