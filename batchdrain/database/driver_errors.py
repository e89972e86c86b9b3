"""Tells what a database error means: an outage, a lock, trouble with one row, or a mistake that the user has to mend. The
meaning of each code is in driver_error_table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from batchdrain.database.driver_error_table import (
    STATEMENT_POOLING,
    Code,
    DriverError,
    Meaning,
    find_by_text,
    find_driver_error,
)
from batchdrain.model.errors import BadData, BatchDrainError, ConfigError, DatabaseUnavailable, FilesUnavailable

_ACCESS_DENIED: Final = re.compile(
    r"(?s)FATAL:.*(?:authentication failed|does not exist|no pg_hba\.conf entry|permission denied"
    r"|unsupported startup parameter|unrecognized configuration parameter|bouncer config error|no such database|no such user)"
    r"|certificate file|private key file|certificate verify failed"
)
REMEDY_OF_AN_OUTAGE: Final = "recorded results are safe: fix the connection and run `inv doctor`, then `inv resume`"
"""The remedy once a session has begun."""
_REMEDY_BEFORE_A_SESSION: Final = "check that the server runs and that the URL is right (host, port), then try again"
REMEDY_OF_SILENCE: Final = "check that the server runs and who holds locks there, then try again"
"""The remedy before a session, for a server that accepted the connection."""
_REMEDY_OF_A_LOCK: Final = "find out who holds the lock, then try again"
LOCKED: Final = "somebody has its row locked"
_LOCKS: Final = frozenset({"55P03", 1205})
_NO_SAVEPOINT: Final = "storage engine for the table doesn't support"
_NOT_KNOWN: Final = re.compile(r"no such|syntax error|has no column|ambiguous|incomplete input|unrecognized token")
_SQLITE_DAMAGED: Final = frozenset({11, 26})
_LARGE_BYTES: Final = 4_000
_OF_VALUES: Final = (ValueError, ArithmeticError, LookupError, TypeError)
"""What drivers raise themselves because of a value:
a text with a lone surrogate or a NUL, a number beyond 64 bits, the year 10 000."""
_OF_THE_MOMENT: Final = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError)
_SAID_BY_TRIGGERS: Final = frozenset({"08", "25006", "HV", 1290})
_FAILS_FOR_THE_ROW: Final = frozenset({Meaning.ROW, Meaning.LOST_CLAIM, Meaning.CONFIGURATION})


class RowLocked(Exception):
    """The row can't be had now. The message says why."""

    @classmethod
    def of(cls, error: BaseException) -> RowLocked:
        """Make one of an error for which `is_row_lock` holds."""
        known = _find(error) if isinstance(error, DBAPIError) else None
        return cls(LOCKED if known is None or known.codes[0] in _LOCKS else first_line_of(getattr(error, "orig", error)))


class RowRefused(ConfigError):
    """The user's table refuses a write: by a constraint, a trigger, a type, a privilege."""


class StatementLost(DatabaseUnavailable):
    """The connection breaks at one statement each time, while a new one works: the statement's content breaks it."""


def meaning_of(error: BaseException) -> Meaning:
    """The meaning of an error of SQLAlchemy or a driver, as far as the error itself tells it."""
    if isinstance(error, sa.exc.TimeoutError):
        return Meaning.OUTAGE
    if not isinstance(error, DBAPIError):
        cause = getattr(error, "orig", None) or error
        return Meaning.ROW if isinstance(cause, _OF_VALUES) else Meaning.CONFIGURATION
    known = _find(error)
    if known is not None:
        return known.meaning
    if error.connection_invalidated:
        return Meaning.OUTAGE
    if _ACCESS_DENIED.search(str(error.orig)):
        return Meaning.ACCESS
    if isinstance(error, sa.exc.IntegrityError | sa.exc.DataError):
        return Meaning.ROW
    return Meaning.OUTAGE if isinstance(error, _OF_THE_MOMENT) else Meaning.CONFIGURATION


def is_transient(error: BaseException) -> bool:
    """Whether repeating the whole transaction at once can help."""
    if not isinstance(error, DBAPIError):
        return False
    known = _find(error)
    if known is not None and known.at_once:
        return True
    return error.connection_invalidated and (known is None or known.meaning is Meaning.OUTAGE)


def is_row_lock(error: BaseException) -> bool:
    """Whether the error says that the row can't be had now. Never on SQLite, which locks no rows."""
    return isinstance(error, DBAPIError) and meaning_of(error) is Meaning.LOCK


def is_lost_race(error: BaseException) -> bool:
    """Whether the transaction only met another one, which was faster: a deadlock, a serialization, a locked row."""
    return isinstance(error, DBAPIError) and meaning_of(error) in {Meaning.CONFLICT, Meaning.LOCK}


def may_be_said_by_a_trigger(error: BaseException) -> bool:
    """Whether a trigger may have raised this error for one row: a trigger may raise any code. Holds for errors that otherwise
    mean a broken connection, a read-only server or a conflict of transactions, if the connection still works."""
    if not isinstance(error, DBAPIError) or error.connection_invalidated or error.statement is None:
        return False
    known = _find(error)
    return known is not None and (known.meaning is Meaning.CONFLICT or not _SAID_BY_TRIGGERS.isdisjoint(known.codes))


def is_of_row(error: BaseException) -> bool:
    """Whether the content of one of many rows may be the cause, so that other rows may work. On SQLite a function that fails
    for one row has the same code as bad SQL."""
    code = code_of(getattr(error, "orig", None))
    if code == ("sqlite", 1):
        return _NOT_KNOWN.search(str(error)) is None
    return meaning_of(error) is Meaning.ROW


def is_lost_statement(error: BaseException) -> bool:
    """Whether the connection broke during a statement, not during a commit or while it was made."""
    return isinstance(error, DBAPIError) and error.connection_invalidated and error.statement is not None


def is_large(error: BaseException) -> bool:
    """Whether the failed statement carried so many bytes that its size may be the cause."""
    parameters = error.params if isinstance(error, DBAPIError) else None
    values = parameters.values() if isinstance(parameters, dict) else parameters or ()
    return sum(len(value) for value in values if isinstance(value, str | bytes)) > _LARGE_BYTES


def refusal_of(error: Exception, what: str) -> RowRefused | None:
    """The refusal that a failed statement on the user's table means; None if the moment or the server is the cause."""
    cure = "map words and columns in batchdrain.source that it accepts; `inv doctor` tries them"
    if isinstance(error, _OF_VALUES):
        return RowRefused(f"{what}: {first_line_of(error)}", remedy=cure)
    if not isinstance(error, DBAPIError) or meaning_of(error) not in _FAILS_FOR_THE_ROW:
        return None
    if _NO_SAVEPOINT in str(error.orig) or _DENIED.search(str(error.orig)):
        cure = _cure_of_configuration(str(error.orig))
    return RowRefused(f"{what}: {first_line_of(error.orig)}", remedy=cure)


@contextmanager
def as_trouble_of(row: object) -> Iterator[None]:
    """Raise BadData for what fails here because of one row's own content. Such a failure is no outage, and ends nothing else.

    `row`: its name, for people. Outages, locks, lost claims and refusals of the table pass unchanged.
    """
    cure = "correct the row, or exclude its run with --exclude-run"
    try:
        yield
    except RowRefused:
        raise
    except (StatementLost, _RowTrouble) as error:
        raise BadData(f"{row}: this row can't be drained: {error.message}", remedy=cure) from error
    except _OF_VALUES as error:
        raise BadData(f"{row}: this row can't be drained: {first_line_of(error)}", remedy=cure) from error


class _RowTrouble(ConfigError):
    """A statement failed because of a value of one row."""


def to_batchdrain_error(
    error: SQLAlchemyError, name: str, *, was_reached: bool = False, in_session: bool = False
) -> BatchDrainError:
    """The error in the form that the user can act on: configuration, file, or only a bad moment. `name`: of the database;
    `was_reached`: it answered or was written before, so a refusal is an outage and no configuration error; `in_session`: as
    in `Database`."""
    orig = getattr(error, "orig", None) or error
    message, meaning = f"database {name}: {first_line_of(orig)}", meaning_of(error)
    if meaning is Meaning.FILES:
        if (getattr(orig, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_DAMAGED:
            return FilesUnavailable(message, remedy="the file is damaged or no SQLite database: restore it")
        rest = "; recorded results are safe, `inv resume` continues" if in_session else ", and try again"
        return FilesUnavailable(message, remedy=f"free disk space or repair the disk{rest}")
    if meaning is Meaning.ACCESS and not was_reached:
        return ConfigError(message, remedy=_cure_of_access(orig))
    if meaning is Meaning.ROW or meaning is Meaning.LOST_CLAIM:
        return _RowTrouble(message, remedy="`inv doctor` checks table, columns, states and privileges")
    if meaning is Meaning.CONFIGURATION:
        return ConfigError(message, remedy=_cure_of_configuration(message))
    if in_session:
        return DatabaseUnavailable(message, remedy=REMEDY_OF_AN_OUTAGE)
    if meaning in {Meaning.LOCK, Meaning.CONFLICT} or hasattr(orig, "sqlite_errorcode"):
        return DatabaseUnavailable(message, remedy=_REMEDY_OF_A_LOCK)
    return DatabaseUnavailable(message, remedy=REMEDY_OF_SILENCE if was_reached else _REMEDY_BEFORE_A_SESSION)


_DENIED: Final = re.compile(r"permission denied|command denied", re.IGNORECASE)
_GRANT_YOURS: Final = "GRANT SELECT and UPDATE on your table; `inv doctor` tries each write of a drain"
_GRANT_OWN: Final = (
    "GRANT SELECT, INSERT, UPDATE, DELETE on batchdrain's tables, and CREATE and INDEX where they are not made yet; "
    "`inv doctor` tries each"
)


def _cure_of_configuration(message: str) -> str:
    if STATEMENT_POOLING in message:
        return "set the pooler's pool_mode to transaction or session for this database"
    if _DENIED.search(message):
        return _GRANT_OWN if "batchdrain_" in message else _GRANT_YOURS
    if _NO_SAVEPOINT in message:
        return "ALTER TABLE … ENGINE=InnoDB, for each table that a trigger writes to; `inv doctor` names them"
    return "`inv doctor` checks table, columns, states and privileges"


def _cure_of_access(orig: BaseException) -> str:
    if hasattr(orig, "sqlite_errorcode"):
        return "batchdrain must be able to write the file and its folder"
    return "correct batchdrain.database_url, or have the privileges granted; `inv doctor` checks them"


_TWICE: Final = re.compile(r"^connection (?:failed|is bad): (?=connection to )")
"""Psycopg begins its message so, and libpq repeats it."""


def first_line_of(error: BaseException | None) -> str:
    """The first line of the error's text, at most 300 characters; the type's name if the error has no text."""
    args: tuple[Any, ...] = getattr(error, "args", ())
    if len(args) == 2 and isinstance(args[0], int) and isinstance(args[1], str) and not isinstance(error, OSError):
        text = f"{args[1]} ({args[0]})"  # a PyMySQL error, which str() would show as a Python tuple
    else:
        text = _TWICE.sub("", str(error).strip())
    return (text.splitlines() or [type(error).__name__])[0][:300]


def _find(error: DBAPIError) -> DriverError | None:
    by_text = find_by_text(str(error.orig))
    if by_text is not None:
        return by_text
    found = code_of(error.orig)
    return None if found is None else find_driver_error(*found)


def code_of(orig: BaseException | None) -> tuple[str, Code] | None:
    """The database and the code of a driver's error, as the table names them; None if it has no code."""
    code = getattr(orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return "sqlite", code
    args: tuple[Any, ...] = getattr(orig, "args", ())
    if args and isinstance(args[0], int):
        return "mysql", args[0]
    state = getattr(orig, "sqlstate", None)
    return ("postgresql", state) if isinstance(state, str) else None
