"""Databases of our own on a server: made, lent to one test after the other, and dropped at the end.

PostgreSQL takes longer to make one than most tests take; to empty and rename it takes milliseconds. The name is new each
time: a process that an earlier test left behind finds no database, and not another test's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import URL

_SCHEMAS = "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname <> 'information_schema' AND left(nspname, 3) <> 'pg_'"
_LEFT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@contextmanager
def own_database(server: URL, options: str = "") -> Iterator[str]:
    """The URL of a database that is made for us, and dropped at the end."""
    name = _new_name()
    _administer(server, f"CREATE DATABASE {name}{options}")
    try:
        yield _url(server, name)
    finally:
        _drop(server, name)


class Databases:
    """Empty PostgreSQL databases, as good as new."""

    def __init__(self, server: URL) -> None:
        self._server = server
        self._free: list[str] = []

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of one that is empty."""
        name = self._free.pop() if self._free else self._made()
        yield _url(self._server, name)
        try:
            self._free.append(self._emptied(name))
        except sa.exc.DBAPIError:  # somebody is in it all the time
            _drop(self._server, name)

    def close(self) -> None:
        for name in self._free:
            _drop(self._server, name)

    def _made(self) -> str:
        name = _new_name()
        # Their server may crash under a test, but never their machine.
        _administer(self._server, f"CREATE DATABASE {name}", f"ALTER DATABASE {name} SET synchronous_commit = off")
        return name

    def _emptied(self, name: str) -> str:
        new = _new_name()
        inside = sa.create_engine(self._server.set(database=name), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with inside.connect() as connection:
            connection.exec_driver_sql(_LEFT, (name,))
            schemas = [schema for (schema,) in connection.exec_driver_sql(_SCHEMAS)]
            for schema in schemas:
                connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
            connection.exec_driver_sql("GRANT USAGE ON SCHEMA public TO PUBLIC")
        _administer(
            self._server,
            f"ALTER DATABASE {name} RESET ALL",
            f"ALTER DATABASE {name} SET synchronous_commit = off",
            f"ALTER DATABASE {name} RENAME TO {new}",
        )
        return new


def _new_name() -> str:
    return f"bd_{uuid.uuid4().hex[:16]}"


def _url(server: URL, name: str) -> str:
    return server.set(database=name).render_as_string(hide_password=False)


def _drop(server: URL, name: str) -> None:
    force = " WITH (FORCE)" if server.get_backend_name() == "postgresql" else ""
    _administer(server, f"DROP DATABASE {name}{force}")


def _administer(server: URL, *statements: str) -> None:
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with admin.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
