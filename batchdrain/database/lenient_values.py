"""PostgreSQL: a value that the driver can't turn into a Python value is read as its text, so that one row does not end a
reading.

Such values are dates of `infinity` or of a year that Python does not have, and texts of an SQL_ASCII database that are not
UTF-8.
"""

from __future__ import annotations

from typing import Any, Final

_MOMENTS: Final = ("date", "time", "timetz", "timestamp", "timestamptz", "interval")
_TEXTS: Final = ("text", "varchar", "bpchar", "name", '"char"')
_OTHER_TEXTS: Final = (0, 705)
"""The type ids of types without their own loader, such as enums, and of bare literals."""


def read_values_leniently(connection: Any) -> None:
    """Set up one connection. `connection`: psycopg's own; other connections are not affected."""
    from psycopg.pq import Format

    adapters = connection.adapters
    for name in _MOMENTS:
        oid = adapters.types[name].oid
        adapters.register_loader(oid, _make_lenient(adapters.get_loader(oid, Format.TEXT)))
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        _read_any_bytes(connection)


def _make_lenient(strict: type[Any]) -> type[Any]:
    from psycopg import Error
    from psycopg.adapt import Loader

    class Lenient(Loader):
        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._load = strict(oid, context).load

        def load(self, data: Any) -> Any:
            try:
                return self._load(data)
            except (Error, ValueError, ArithmeticError):
                return bytes(data).decode()

    return Lenient


def _read_any_bytes(connection: Any) -> None:
    from psycopg.adapt import Dumper, Loader

    class Undecoded(Loader):
        def load(self, data: Any) -> str:
            return bytes(data).decode("utf-8", "surrogateescape")

    class AsText(Dumper):
        """Dumps as text the bytes that `to_parameter` made of such a text."""

        oid = connection.adapters.types["text"].oid

        def dump(self, obj: Any) -> bytes:
            return bytes(obj)

    for oid in (*_OTHER_TEXTS, *(connection.adapters.types[name].oid for name in _TEXTS)):
        connection.adapters.register_loader(oid, Undecoded)
    connection.adapters.register_dumper(bytes, AsText)
    with connection.transaction():  # otherwise the server itself refuses to send bytes that are not UTF-8
        connection.execute("SET client_encoding TO 'SQL_ASCII'")
