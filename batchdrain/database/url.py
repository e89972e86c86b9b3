"""The URL of a database: parsed, shown without its secrets, and refused before it can make an empty file."""

from __future__ import annotations

import getpass
import os
import pwd
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.util import asbool

from batchdrain.config.paths import expand_home
from batchdrain.config.secret_names import SHOWN_IN_URLS
from batchdrain.database.url_options import require_taken
from batchdrain.model.errors import ConfigError

MEMORY: Final = ":memory:"
_PORTS: Final = {"postgresql": 5432, "mysql": 3306}
_HOSTS: Final = ("host", "hostaddr")


def parse_url(text: str) -> URL:
    """Parse a database URL. Raises ConfigError for a text that is no database URL, or has an option that is not accepted. The
    message never shows the text, which may hold a password."""
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        url = None
    if url is None or url.drivername.count("+") > 1:
        raise ConfigError(
            "database_url: is not a database URL",
            remedy="write it as sqlite:///file.db, postgresql://user@host/name or mysql+pymysql://user@host/name",
        )
    if "@" in (url.host or "") or (url.password is not None and "@" in (url.database or "")):  # it is a part of the password
        raise ConfigError(
            "database_url: holds an '@' behind the one that ends the password", remedy="write the password's own '@' as %40"
        )
    if url.get_backend_name() == "sqlite" and url.host:
        raise ConfigError(
            "database_url: a SQLite URL has a file and no host: after two slashes the file is read as a host",
            remedy="write sqlite:///work.db, and sqlite:////srv/work.db for a path from the root",
        )
    if url.get_backend_name() == "mariadb":  # SQLAlchemy has two names for one dialect; batchdrain uses the older
        url = url.set(drivername=url.drivername.replace("mariadb", "mysql", 1))
    require_taken(url)
    return url


def mask_url(url: URL) -> str:
    """The URL for people and files: without a password, both in its place and in the query."""
    query = {key: value if key.lower() in SHOWN_IN_URLS else "***" for key, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")


def anchor_url(url: URL, root: Path) -> URL:
    """Make a SQLite URL name the same file from any working directory; a relative path is below `root`. A `file:` URI opens
    only an existing file. Other URLs are returned unchanged. Raises ConfigError for a variable in the path, or a `~` without
    a home."""
    if url.get_backend_name() != "sqlite" or is_in_memory(url):
        return url
    try:
        path = str(root / expand_home(str(file_of(url)) if _is_uri(url) else url.database or ""))
    except ValueError as error:
        raise ConfigError(f"database_url: {error}", remedy="name the file: sqlite:////home/me/work.db") from None
    if not _is_uri(url):
        return url.set(database=path)
    mode = "ro" if url.query.get("mode") == "ro" else "rw"  # SQLite's own default would make the file
    return url.set(database="file:" + quote(path), query={**url.query, "mode": mode})


def file_of(url: URL) -> Path:
    """The file that a SQLite URL names."""
    name = url.database or ""
    if not _is_uri(url) or not name.startswith("file:"):
        return Path(name)
    name = name.removeprefix("file:").partition("#")[0]
    if name.startswith("//"):  # an authority: empty or localhost
        name = "/" + name[2:].partition("/")[2]
    return Path(unquote(name))


def place_of(url: URL) -> str:
    """The file, or the host and database name: tells people which database was used."""
    if url.get_backend_name() == "sqlite":
        return str(file_of(url).absolute())
    hosts = [one for one in (url.host, *(_first_of(url, name) for name in _HOSTS)) if one and not one.startswith("/")]
    port = url.port or _first_of(url, "port") or (_PORTS.get(url.get_backend_name()) if hosts else None)
    return f"{hosts[0] if hosts else 'local socket'}{f':{port}' if port else ''}/{url.database or ''}"


def is_place_of(place: object, url: URL) -> bool:
    """Whether a file names the database of the URL. `place`: as `place_of` gives it, or as earlier versions did."""
    former = f"{url.host or 'local socket'}:{url.port or 'default'}/{url.database or ''}"
    return place in (place_of(url), former)  # no set: a file may have a list there


def _first_of(url: URL, name: str) -> str | None:
    given = url.query.get(name)
    return given if given is None or isinstance(given, str) else given[0]


def is_in_memory(url: URL) -> bool:
    """Whether a SQLite URL names no file."""
    name = url.database or ""
    uri = _is_uri(url) and (url.query.get("mode") == "memory" or str(file_of(url)) in {".", MEMORY})
    return name in {"", MEMORY} or uri


def require_file(url: URL) -> None:
    """Raises ConfigError for a SQLite URL whose file does not exist, or that names none."""
    if is_in_memory(url):
        raise ConfigError("database_url: a SQLite database in memory holds nothing", remedy="name a file: sqlite:///work.db")
    path = file_of(url)
    if not path.exists():
        raise ConfigError(
            f"database {mask_url(url)}: the file {path.absolute()} does not exist",
            remedy="set batchdrain.database_url or DATABASE_URL, or make a sample with `inv demo`",
        )


def require_user(url: URL) -> None:
    """Raises ConfigError if the URL names no user and the system has no name for our uid: drivers ask for that name."""
    backend = url.get_backend_name()
    if backend == "sqlite" or url.username or {"user", "service", "read_default_file"} & url.query.keys():
        return
    if backend == "postgresql" and {"PGUSER", "PGSERVICE"} & os.environ.keys():
        return
    try:
        if backend == "postgresql":  # libpq asks only the system
            pwd.getpwuid(os.geteuid())
        else:
            getpass.getuser()
    except (KeyError, OSError):
        raise ConfigError(
            f"database_url: names no user, and the system has no name for uid {os.geteuid()}",
            remedy="write the user into the URL: postgresql://user@host/name",
        ) from None


def _is_uri(url: URL) -> bool:
    try:
        return bool(asbool(url.query.get("uri", "false")))
    except ValueError:  # opening the database raises the error
        return False
