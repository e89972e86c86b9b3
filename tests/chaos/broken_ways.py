"""The ways in which a server breaks, by the name that a test shows: it falls silent, drips, or never ends."""

from __future__ import annotations

import socket
import struct
from typing import Final

from tests.chaos.fake_servers import (
    ABILITIES,
    NOTICE,
    PASSWORD,
    ROW,
    ROW_HEAD,
    SWITCH,
    TLS,
    Way,
    drip,
    flood,
    greeting,
    message,
    mute,
    mysql_login,
    mysql_packet,
    mysql_query,
    mysql_rows,
    packet,
    postgresql_login,
    postgresql_query,
    postgresql_start,
)


def _after(*steps: Way) -> Way:
    def way(sock: socket.socket) -> None:
        for step in steps:
            step(sock)

    return way


def _says(content: bytes) -> Way:
    return lambda sock: sock.sendall(content)


def _drips(content: bytes) -> Way:
    return lambda sock: drip(sock, content, 0.1)


def _floods(content: bytes) -> Way:
    return lambda sock: flood(sock, content)


def _switches(sock: socket.socket) -> None:
    """Another way to say who one is, and another."""
    sock.sendall(greeting())
    while True:
        number, _ = mysql_packet(sock)
        sock.sendall(packet(number + 1, SWITCH))


_IN = _says(message(b"R", struct.pack("!i", 0)))
_HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n"
_ENDLESS_ROW = b"D" + struct.pack("!i", 0x7FFF_FFF0) + struct.pack("!hi", 1, 0x7FFF_FF00)

SILENT: Final[dict[str, Way]] = {
    "postgresql: no word": mute,
    "postgresql: no TLS after the promise of it": lambda sock: postgresql_start(sock, b"S"),
    "postgresql: nothing after the login": _after(postgresql_login, mute),
    "postgresql: nothing after a statement": _after(postgresql_login, postgresql_query, mute),
    "mysql: no word": mute,
    "mysql: no TLS after the promise of it": _after(_says(greeting(ABILITIES | TLS)), mute),
    "mysql: nothing after the login": _after(mysql_login, mute),
    "mysql: nothing after a statement": _after(mysql_login, mysql_query, mute),
    "mysql: half a greeting": _after(_says(greeting()[:20]), mute),
}
DRIPPING: Final[dict[str, Way]] = {
    "postgresql: in the login": _after(postgresql_start, _drips(PASSWORD)),
    "postgresql: parameters": _after(postgresql_start, _IN, _drips(message(b"S", b"a\0b\0"))),
    "postgresql: notices": _after(postgresql_login, postgresql_query, _drips(NOTICE)),
    "postgresql: rows": _after(postgresql_login, postgresql_query, _says(ROW_HEAD), _drips(ROW)),
    "mysql: in the greeting": _drips(greeting()),
    "mysql: in a packet of 16 MB": _drips(b"\xff\xff\xff\0" + b"x" * 100),
    "mysql: in an answer": _after(mysql_login, mysql_query, _drips(b"\xff\xff\xff\1" + b"x" * 100)),
}
ENDLESS: Final[dict[str, Way]] = {
    "postgresql: asks for the password again": _after(postgresql_start, _floods(PASSWORD)),
    "postgresql: notices in the login": _after(postgresql_start, _IN, _floods(NOTICE)),
    "postgresql: notices": _after(postgresql_login, postgresql_query, _floods(NOTICE)),
    "postgresql: one row": _after(postgresql_login, postgresql_query, _says(ROW_HEAD + _ENDLESS_ROW), _floods(b"x")),
    "postgresql: another protocol": _after(postgresql_start, _floods(_HTTP)),
    "mysql: another way to log in": _switches,
    "mysql: rows": _after(mysql_login, mysql_query, mysql_rows),
    "mysql: another protocol": _floods(_HTTP),
}


def postgresql_rows(sock: socket.socket) -> None:
    """Rows without end."""
    _after(postgresql_login, postgresql_query, _says(ROW_HEAD), _floods(ROW))(sock)


def url_of(name: str, port: int) -> str:
    """Of a way above, which names the protocol first."""
    scheme = "postgresql+psycopg" if name.startswith("postgresql") else "mysql+pymysql"
    return f"{scheme}://user:hunter2-canary@127.0.0.1:{port}/x"
