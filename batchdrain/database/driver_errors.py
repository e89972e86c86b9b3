"""What a database error means: try again, wait for a lock, or tell the user what to mend."""

from __future__ import annotations

import re
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable, FilesUnavailable

_TRANSIENT_SQLSTATES: Final = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03"})
_TRANSIENT_CODES: Final = frozenset({1205, 1213, 2006, 2013, 3572})  # MySQL: lock wait, deadlock, gone away, lost, no wait
_LOCKED: Final = frozenset({"55P03", 1205, 3572})  # PostgreSQL's lock_not_available, MySQL's lock wait timeout and NOWAIT
_SQLITE_BUSY: Final = frozenset({5, 6})  # SQLITE_BUSY, SQLITE_LOCKED, without their extension bits
_SQLITE_BROKEN: Final = frozenset({11, 26})  # SQLITE_CORRUPT, SQLITE_NOTADB
_SQLITE_FULL: Final = frozenset({10, 13})  # SQLITE_IOERR, SQLITE_FULL
_SQLITE_DENIED: Final = frozenset({3, 8, 14, 23})  # SQLITE_PERM, READONLY, CANTOPEN, AUTH


_REFUSED: Final = frozenset({1142, 1143, 1364, 1644, 3819, 4025})  # MySQL: privileges, a default, a trigger, CHECKs
_MISCONFIGURED: Final = frozenset({1044, 1045, 1049, 1130, 1142, 1143, 1698})  # MySQL: access denied, no such database
_ACCESS_DENIED: Final = re.compile(
    r"(?s)FATAL:.*(?:authentication failed|does not exist|no pg_hba\.conf entry|permission denied)"
)


class RowLocked(Exception):
    """Somebody else holds a lock on the row, for longer than we wait."""


def is_transient(error: BaseException) -> bool:
    """Only what a repetition of the whole transaction can mend."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return (code & 0xFF) in _SQLITE_BUSY
    return _sqlstate_of(error) in _TRANSIENT_SQLSTATES or _number_of(error) in _TRANSIENT_CODES


def is_row_lock(error: BaseException) -> bool:
    """Whether somebody else's lock on the row is the cause. Never on SQLite, which locks no rows."""
    return isinstance(error, DBAPIError) and not {_sqlstate_of(error), _number_of(error)}.isdisjoint(_LOCKED)


class RowRefused(ConfigError):
    """The user's table does not take what is written to it: by a constraint, a trigger, a type, a privilege."""


def refusal_of(error: Exception, what: str) -> RowRefused | None:
    """A statement on the user's table failed: the refusal that it is; None for what is the moment's or the server's."""
    cure = "map words and columns in batchdrain.source that it takes; `inv doctor` tries them"
    if isinstance(error, ValueError):
        return RowRefused(f"{what}: {error}", remedy=cure)
    if not isinstance(error, DBAPIError) or is_transient(error):
        return None
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) and _number_of(error) not in _REFUSED:
        return None
    return RowRefused(f"{what}: {first_line_of(error.orig)}", remedy=cure)


def to_batchdrain_error(error: SQLAlchemyError, name: str) -> BatchDrainError:
    """The error as the user can mend it: the configuration, the file, or only the moment. `name`: of the database."""
    orig = getattr(error, "orig", None) or error
    message = f"database {name}: {first_line_of(orig)}"
    code = getattr(orig, "sqlite_errorcode", None)
    if isinstance(code, int) and (code & 0xFF) in _SQLITE_BROKEN:
        return FilesUnavailable(message, remedy="the file is damaged or no SQLite database: restore it")
    if isinstance(code, int) and (code & 0xFF) in _SQLITE_FULL:
        return FilesUnavailable(message, remedy="make room or mend the disk; what was recorded is safe, `inv resume` goes on")
    if isinstance(code, int) and (code & 0xFF) in _SQLITE_DENIED:
        return ConfigError(message, remedy="batchdrain must be able to write the file and its folder")
    if _number_of_driver(orig) in _MISCONFIGURED or _ACCESS_DENIED.search(str(orig)):
        return ConfigError(
            message, remedy="mend batchdrain.database_url, or have the privileges granted; `inv doctor` checks them"
        )
    if isinstance(error, sa.exc.TimeoutError) or (
        isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) and code != 1
    ):
        return DatabaseUnavailable(
            message, remedy="what was recorded is safe: mend it and run `inv doctor`, then `inv resume`"
        )
    return ConfigError(message, remedy="`inv doctor` checks table, columns, states and privileges")


def first_line_of(error: BaseException | None) -> str:
    """At most 300 characters; the type's name where the error says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _sqlstate_of(error: DBAPIError) -> object:
    return getattr(error.orig, "sqlstate", None)


def _number_of(error: DBAPIError) -> object:
    return _number_of_driver(error.orig)


def _number_of_driver(orig: object) -> object:
    args: tuple[Any, ...] = getattr(orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else None
