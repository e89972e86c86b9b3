"""SQLAlchemy's engine for a database URL, with what we ask of every connection."""

from __future__ import annotations

import warnings
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

_DRIVERS: Final = {"psycopg": "psycopg[binary]", "pymysql": "pymysql", "MySQLdb": "pymysql"}
_WRITTEN: Final = {"postgresql": "postgresql+psycopg://…", "mysql": "mysql+pymysql://…", "sqlite": "sqlite:///…"}
_TRIED: Final = frozenset({"pysqlite", "psycopg", "pymysql"})


def make_engine(url: URL, patience: Patience) -> sa.Engine:
    """Connects to nothing yet. Raises ConfigError for a missing driver, one that is not tried, or a URL that it refuses."""
    engine = _create(url, patience)
    _explain_strangers(engine.dialect)
    listen(engine, patience)
    if url.get_backend_name() == "sqlite":
        SameFile(file_of(url)).listen(engine)
    return engine


def _create(url: URL, patience: Patience) -> sa.Engine:
    try:
        _require_synchronous(url)
        with warnings.catch_warnings():
            warnings.simplefilter("error", SAWarning)  # a part of the URL that would be ignored
            engine = sa.create_engine(url, **engine_options_of(url, patience))
    except (NoSuchModuleError, ImportError) as error:
        if (shortage := shortage_of(error)) is not None:
            raise shortage from error
        wanted = (getattr(error, "name", None) or "").split(".")[0]
        driver = _DRIVERS.get(wanted, "")
        way = "write mysql+pymysql://… and " if wanted == "MySQLdb" else ""
        raise ConfigError(
            f"database_url: no driver for {url.drivername}",
            remedy=f"{way}pip install '{driver}'" if driver else "use sqlite, postgresql or mysql+pymysql",
        ) from None
    except (SQLAlchemyError, SAWarning, ValueError, TypeError) as error:
        raise ConfigError(f"database_url: {mask_url(url)}: {first_line_of(error)}", remedy="mend the URL") from None
    if engine.driver not in _TRIED:
        raise ConfigError(
            f"database_url: batchdrain is not tried with the driver {engine.driver!r}",
            remedy="write sqlite://, postgresql+psycopg:// or mysql+pymysql://",
        )
    return engine


def _require_synchronous(url: URL) -> None:
    """Asked before the driver is imported: whether it is installed changes nothing. Raises ConfigError, SQLAlchemyError."""
    if url.get_dialect().is_async:
        name = url.drivername.partition("+")[2]
        raise ConfigError(
            f"database_url: the driver {name!r} is asynchronous, and batchdrain takes none of these",
            remedy=f"write {_WRITTEN.get(url.get_backend_name(), 'the URL of another driver')}",
        )


def _explain_strangers(dialect: sa.Dialect) -> None:
    """A server that SQLAlchemy can't make out (by its version, say) is told in a sentence."""
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
