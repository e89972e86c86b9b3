"""Gives a text that is compiled already to the driver.

On SQLite the driver's own cursor takes it: there, what SQLAlchemy does around each statement takes several times as long as the
statement. The transaction is SQLAlchemy's, and so are the errors. Whoever listens to statements, as for the deadlines of a
server, has them executed by SQLAlchemy.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def execute(connection: sa.Connection, text: str, parameters: Any) -> Any:
    """Execute one statement. Returns a cursor, or what has `rowcount`, `fetchmany` and `close` as well. Raises
    SQLAlchemyError."""
    is_begun = connection.in_transaction()  # otherwise SQLAlchemy has to begin one
    if connection.dialect.name == "sqlite" and is_begun and not is_heard(connection):
        return execute_directly(connection, text, parameters)
    return connection.exec_driver_sql(text, parameters)


def is_heard(connection: sa.Connection) -> bool:
    """Whether somebody listens to statements, for example to tell people that the database does not answer."""
    heard = connection.engine.dispatch
    return bool(heard.before_cursor_execute or heard.after_cursor_execute)


def execute_directly(connection: sa.Connection, text: str, parameters: Any = ()) -> Any:
    """Execute one statement on a cursor of the driver. Raises SQLAlchemyError."""
    cursor: Any = connection.connection.cursor()
    try:
        return cursor.execute(text, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        cursor.close()
        raise _to_sqlalchemy(connection, text, parameters, error) from error


def fetch(connection: sa.Connection, found: Any, most: int, text: str) -> list[Any]:
    """The next rows, at most `most`. `found`: what `execute` gave. Raises SQLAlchemyError: on SQLite a row is looked for only now."""
    try:
        rows: list[Any] = found.fetchmany(most)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _to_sqlalchemy(connection, text, (), error) from error
    return rows


def _to_sqlalchemy(connection: sa.Connection, text: str, parameters: Any, error: Any) -> Exception:
    """SQLAlchemy's form of an error of the driver. A connection that it broke is thrown away."""
    is_lost = connection.dialect.is_disconnect(error, connection.connection, None)
    if is_lost:
        connection.invalidate(error)
    found: Exception = sa.exc.DBAPIError.instance(
        text,
        parameters,
        error,
        connection.dialect.loaded_dbapi.Error,
        hide_parameters=connection.engine.hide_parameters,
        connection_invalidated=is_lost,
        dialect=connection.dialect,
    )
    return found


def types_of(found: Any) -> list[Any]:
    """The driver's name for the type of each column that is read. `found`: what was just executed."""
    return [column[1] for column in (found.cursor if isinstance(found, sa.CursorResult) else found).description]
