"""A server that ends connections."""

from __future__ import annotations

import contextlib

import sqlalchemy as sa

from tests.support.workplace import Workplace


def cut(place: Workplace) -> int:
    """End every connection to the database but our own. Returns how many there were."""
    if place.url.startswith("postgresql"):
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return [ended for (ended,) in place.sql(query)].count(True)
    query = "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
    ended = 0
    for (number,) in place.sql(query):
        with contextlib.suppress(sa.exc.OperationalError):  # it has ended by itself
            place.sql(f"KILL {number}")
            ended += 1
    return ended
