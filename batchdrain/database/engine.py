"""Makes SQLAlchemy's engine for a database URL, and sets up every connection."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError, SAWarning, SQLAlchemyError

from batchdrain.config.settings import Patience
from batchdrain.database.dialects import engine_options_of, listen
from batchdrain.database.driver_errors import first_line_of
from batchdrain.database.same_file import SameFile
from batchdrain.database.url import file_of, mask_url
from batchdrain.model.errors import ConfigError
from batchdrain.runtime.resources import shortage_of

_DRIVERS: Final = {"psycopg": "psycopg[binary]", "pymysql": "pymysql"}
_WRITTEN: Final = {
    "postgresql": "postgresql://… or postgresql+psycopg://…",
    "mysql": "mysql+pymysql://…",
    "sqlite": "sqlite:///…",
}
_OTHER_NAMES: Final = {
    **dict.fromkeys(("postgres", "psql", "pgsql", "pg", "psycopg", "psycopg2", "asyncpg", "pg8000"), "postgresql"),
    **dict.fromkeys(("mariadb", "mysql2", "pymysql", "mysqldb", "mysqlclient", "aiomysql", "asyncmy"), "mysql"),
    **dict.fromkeys(("sqlite3", "pysqlite", "aiosqlite", "file"), "sqlite"),
}
"""The kind of database, by the names that other programs use for it, and by those of drivers."""
_TRIED: Final = frozenset({"pysqlite", "psycopg", "pymysql"})


def make_engine(url: URL, patience: Patience) -> sa.Engine:
    """Make an engine, without connecting yet.
    Raises ConfigError for a missing or untested driver, or a URL that the driver refuses."""
    engine = _create(url, patience)
    _explain_strangers(engine.dialect)
    listen(engine, patience)
    if url.get_backend_name() == "sqlite":
        SameFile(file_of(url)).listen(engine)
    return engine


def _create(url: URL, patience: Patience) -> sa.Engine:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SAWarning)  # a warning tells of a part of the URL that would be ignored
            engine = sa.create_engine(url, **engine_options_of(url, patience))
    except (NoSuchModuleError, ImportError) as error:
        if (shortage := shortage_of(error)) is not None:
            raise shortage from error
        wanted = (getattr(error, "name", None) or "").split(".")[0]
        driver = _DRIVERS.get(wanted, "")
        shown = "mysql (which mariadb stands for too)" if url.drivername == "mysql" else url.drivername
        raise ConfigError(
            f"database_url: no driver for {shown}", remedy=f"pip install '{driver}'" if driver else _to_cure(url)
        ) from None
    except (SQLAlchemyError, SAWarning, ValueError, TypeError) as error:
        raise ConfigError(f"database_url: {mask_url(url)}: {first_line_of(error)}", remedy="correct the URL") from None
    if engine.driver not in _TRIED:
        raise ConfigError(
            f"database_url: batchdrain was not tested with the driver {engine.driver!r}",
            remedy=_to_cure(url),
        )
    return engine


def _to_cure(url: URL) -> str:
    """The remedy that says how a URL of this kind of database is written."""
    name = url.get_backend_name().lower()
    written = _WRITTEN.get(_OTHER_NAMES.get(name, name))
    if written is None:
        return f"batchdrain works with {', '.join(_WRITTEN.values())}"
    missing = _OTHER_NAMES.get(name, name) == "mysql" and find_spec("pymysql") is None
    return f"write {written}" + (" and pip install 'pymysql'" if missing else "")


def require_synchronous(url: URL) -> None:
    """Raises ConfigError for an asynchronous driver. Called before the driver is imported and before the file is looked for,
    since neither would change the answer."""
    try:
        is_async = url.get_dialect().is_async
    except (NoSuchModuleError, ImportError):  # opening the database reports this
        return
    if is_async:
        name = url.drivername.partition("+")[2]
        raise ConfigError(
            f"database_url: the driver {name!r} is asynchronous, and batchdrain supports none of these",
            remedy=_to_cure(url),
        )


def _explain_strangers(dialect: sa.Dialect) -> None:
    """Turn a failure of SQLAlchemy to recognise the server (its version, for instance) into a ConfigError."""
    make_out = dialect.initialize

    def initialize(connection: sa.Connection) -> None:
        try:
            make_out(connection)
        except (SQLAlchemyError, dialect.loaded_dbapi.Error):
            raise
        except Exception as error:
            raise ConfigError(
                f"database_url: the server is no {dialect.name} that SQLAlchemy knows: {first_line_of(error)}",
                remedy="name a PostgreSQL, a MariaDB or a SQLite file",
            ) from error

    dialect.initialize = initialize  # type: ignore[method-assign]
