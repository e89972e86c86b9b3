"""How batchdrain takes each error of the three drivers. Only this table knows their codes; docs/databases.md shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    """How an error is taken, which decides what is done about it."""

    OUTAGE = "outage"  #: the server is away or takes nothing now: waited out for `patience.outage_s`, then exit code 75
    CONFLICT = "conflict"  #: the whole transaction is tried again at once
    LOCK = "lock"  #: this row can't be had now: it is passed over, others go on; exit code 75 at the end
    LOST_CLAIM = "lost claim"  #: in batchdrain's tables: another controller was faster. In yours: a row error
    ROW = "a row error"  #: the row is named and skipped, the others go on
    CONFIGURATION = "configuration"  #: exit code 78
    ACCESS = "access"  #: a configuration error if the database was never reached, an outage if it answered before
    FILES = "files"  #: exit code 74: disk, memory, a damaged file


Code = int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverError:
    """Errors of one database that have the same meaning."""

    database: str  #: sqlite, postgresql or mysql
    codes: tuple[Code, ...]  #: SQLSTATEs or their two-character classes; MySQL's numbers; SQLite's primary or extended codes
    meaning: Meaning
    what: str  #: the explanation for people
    at_once: bool = False  #: whether the whole transaction is repeated before anybody is told


def _postgresql(meaning: Meaning, codes: str, what: str, *, at_once: bool = False) -> DriverError:
    return DriverError(database="postgresql", codes=tuple(codes.split()), meaning=meaning, what=what, at_once=at_once)


def _mysql(meaning: Meaning, codes: str, what: str, *, at_once: bool = False) -> DriverError:
    numbers = tuple(map(int, codes.split()))
    return DriverError(database="mysql", codes=numbers, meaning=meaning, what=what, at_once=at_once)


def _sqlite(meaning: Meaning, codes: str, what: str, *, at_once: bool = False) -> DriverError:
    numbers = tuple(map(int, codes.split()))
    return DriverError(database="sqlite", codes=numbers, meaning=meaning, what=what, at_once=at_once)


_M = Meaning
DRIVER_ERRORS: Final[tuple[DriverError, ...]] = (
    _postgresql(_M.OUTAGE, "25006", "the server takes no writes: a standby, a failover, default_transaction_read_only"),
    _postgresql(_M.OUTAGE, "08", "the connection broke, or a pooler could not make it"),
    _postgresql(_M.OUTAGE, "57P01 57P02 57P03", "the server stops, has crashed, or is starting", at_once=True),
    _postgresql(_M.OUTAGE, "57P04 57P05 25P03 25P04", "the server ended the session: it idled, took too long, its database is gone"),
    _postgresql(_M.OUTAGE, "53", "too many connections, no disk, no memory on the server"),
    _postgresql(_M.OUTAGE, "58", "the server's system failed: input, output, a file of its own"),
    _postgresql(_M.OUTAGE, "55006", "an object is in use"),
    _postgresql(_M.OUTAGE, "HV", "a foreign table's server can't be reached"),
    _postgresql(_M.CONFLICT, "40001 40P01 40003", "two transactions met: serialization, deadlock", at_once=True),
    _postgresql(_M.CONFLICT, "72 26000 42P05", "a snapshot or a prepared statement no longer exists", at_once=True),
    _postgresql(_M.LOCK, "55P03", "somebody has the row locked", at_once=True),
    _postgresql(_M.LOCK, "57014", "statement_timeout, or somebody cancelled the statement", at_once=True),
    _postgresql(_M.LOST_CLAIM, "23505", "the key exists already"),
    _postgresql(_M.ROW, "22", "a value does not fit its column: too long, out of range, another character set"),
    _postgresql(_M.ROW, "23 40002 44", "a constraint, or a view's check option, refuses the row"),
    _postgresql(_M.ROW, "09 27 38 39 P0", "a trigger or a function refuses the row"),
    _postgresql(_M.ROW, "54", "a value is too large for the server's limits"),
    _postgresql(_M.ROW, "XX", "the stored row is damaged"),
    _postgresql(_M.CONFIGURATION, "42 3F 0A 55000 21 F0", "no such table or column, no privilege, not supported"),
    _postgresql(_M.ACCESS, "28 3D", "the password, the user or the database is refused"),
    _mysql(_M.OUTAGE, "2006 2013", "the connection broke", at_once=True),
    _mysql(_M.OUTAGE, "1290 1792 1836", "the server takes no writes: --read-only, a replica"),
    _mysql(_M.OUTAGE, "1040 1041 1135 1203 1226 1637", "too many connections, or no room for one more"),
    _mysql(_M.OUTAGE, "1053 1077 1079 1080 1927 4031", "the server stops, or ended the connection"),
    _mysql(_M.OUTAGE, "1042 1043 1129 1152 1154 1155 1156 1157 1158 1159 1160 1161 1184", "the network broke between us"),
    _mysql(_M.OUTAGE, "1021 1030 1037 1038 1114 1180 1206", "no disk, no memory on the server; its storage failed"),
    _mysql(_M.OUTAGE, "1047", "a node of the cluster is not ready"),
    _mysql(
        _M.OUTAGE,
        "2000 2001 2002 2003 2004 2005 2007 2008 2009 2010 2011 2012 2014 2026 2027 2048 2055",
        "the server can't be reached, or does not speak as it should",
    ),
    _mysql(_M.CONFLICT, "1213 1020 1412 1615", "two transactions met: a deadlock, a table that was changed", at_once=True),
    _mysql(_M.CONFLICT, "1317", "somebody ended the statement (KILL QUERY)", at_once=True),
    _mysql(_M.LOCK, "1205 3572", "somebody has the row locked", at_once=True),
    _mysql(_M.LOCK, "1969 3024", "max_statement_time or max_execution_time is over", at_once=True),
    _mysql(_M.LOST_CLAIM, "1062", "the key exists already"),
    _mysql(_M.ROW, "1153 2020 1301", "a text is larger than max_allowed_packet"),
    _mysql(_M.ROW, "1264 1265 1292 1365 1366 1367 1406 1411 1441 1525 1690 1300 4079", "a value does not fit its column"),
    _mysql(
        _M.ROW,
        "1048 1169 1216 1217 1364 1369 1451 1452 1526 1586 1748 3819 4025",
        "a constraint, a default that is missing or a view's check option refuses the row",
    ),
    _mysql(_M.ROW, "1644 1442 1172 1242", "a trigger refuses the row"),
    _mysql(_M.ROW, "1712 1034 126 127 134", "the stored row is damaged"),
    _mysql(_M.CONFIGURATION, "1142 1143 1227 1370 1449", "no privilege"),
    _mysql(_M.CONFIGURATION, "1054 1064 1146 1305 1356", "no such table or column, a view that is broken"),
    _mysql(_M.CONFIGURATION, "1031 1036 1288 1348 1471", "a table or view that can't be updated"),
    _mysql(_M.CONFIGURATION, "1178", "a table that a trigger writes to has an engine that takes no part in transactions"),
    _mysql(_M.ACCESS, "1044 1045 1049 1130 1251 1275 1698 1820 1862 2059", "the password, the user or the database is refused"),
    _sqlite(_M.OUTAGE, "5 6", "somebody else writes (SQLITE_BUSY, SQLITE_LOCKED)", at_once=True),
    _sqlite(_M.CONFLICT, "4 9 15 17", "interrupted, or the file changed meanwhile", at_once=True),
    _sqlite(_M.ROW, "18 19 20 25", "a constraint, a trigger, a value that is too large or of another type"),
    _sqlite(_M.LOST_CLAIM, "1555 2067", "the key exists already"),
    _sqlite(_M.ACCESS, "3 8 14 23", "the file can't be opened or written"),
    _sqlite(_M.CONFIGURATION, "1 2 12 16 21 22 24", "no such table or column, or SQL that SQLite does not know"),
    _sqlite(_M.FILES, "7 10 13", "no memory, no room, or the disk failed"),
    _sqlite(_M.FILES, "11 26", "the file is damaged, or no database"),
)  # fmt: skip

_BY_CODE: Final[dict[tuple[str, Code], DriverError]] = {
    (error.database, code): error for error in DRIVER_ERRORS for code in error.codes
}

STATEMENT_POOLING: Final = "transaction blocks not allowed in statement pooling mode"
_BY_TEXT: Final[dict[str, Code]] = {
    "cached plan must not change result type": "26000",  # comes as 0A000, which else is an unsupported feature
    STATEMENT_POOLING: "0A",  # comes as 08P01, which else is a broken connection
}
"""Errors that their code alone does not tell: a piece of the message, and the code whose meaning it has."""


def find_by_text(message: str) -> DriverError | None:
    """The meaning of an error that is known by its message, whatever its code is."""
    return next((_BY_CODE["postgresql", code] for piece, code in _BY_TEXT.items() if piece in message), None)


def find_driver_error(database: str, code: Code) -> DriverError | None:
    """The meaning of a code: its own, else that of its class (its first two characters,
    or its lowest byte). None if unknown."""
    return _BY_CODE.get((database, code)) or next(
        (found for wider in _wider(code) if (found := _BY_CODE.get((database, wider))) is not None), None
    )


def _wider(code: Code) -> Iterator[Code]:
    yield code[:2] if isinstance(code, str) else code & 0xFF
