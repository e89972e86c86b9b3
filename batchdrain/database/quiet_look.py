"""A look at somebody's tables without the library's warnings: they are of columns and indexes that nobody mapped."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SAWarning


@contextmanager
def look_quietly() -> Iterator[None]:
    """Types that SQLAlchemy does not know are no matter: of the mapped columns we ask the database ourselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield
