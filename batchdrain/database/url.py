"""The URL of a database: read, shown without its secrets, and refused before it can make an empty file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from batchdrain.errors import ConfigError

_SECRET: Final = re.compile(r"pass|secret|token|key", re.IGNORECASE)


def parse_url(text: str) -> URL:
    """Raises ConfigError for what is no database URL; never shows the text, which may hold a password."""
    try:
        return make_url(text)
    except (SQLAlchemyError, ValueError):
        raise ConfigError(
            "database_url: is not a database URL", remedy="write it as sqlite:///file.db or postgresql://user@host/name"
        ) from None


def masked(url: URL) -> str:
    """The URL for people and files: no password, neither in its place nor in the query."""
    query = {key: "***" if _SECRET.search(key) else value for key, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")


def require_file(url: URL) -> None:
    name = url.database or ""
    if name in {"", ":memory:"}:
        raise ConfigError("database_url: a SQLite database in memory holds nothing", remedy="name a file: sqlite:///work.db")
    if not name.startswith("file:") and not Path(name).exists():
        raise ConfigError(
            f"database {masked(url)}: the file {Path(name).absolute()} does not exist",
            remedy="set batchdrain.database_url or DATABASE_URL, or make a sample with `inv demo`",
        )
