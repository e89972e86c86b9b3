"""Servers that speak PostgreSQL's or MySQL's protocol as far as a fault needs it: then they stop, drip, or never end.

Real TCP servers, each on a port of its own. A way to break is a function of a socket; `Stranger` runs it for each
connection in a thread, until the client leaves.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

Way = Callable[[socket.socket], None]
_CHUNK: Final = 1 << 16


class Stranger:
    """Listens on 127.0.0.1. `met`: how many connections came."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._clients: set[socket.socket] = set()
        self._served: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.met = 0
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Wakes whoever waits for a socket, and closes them once nobody does: select refuses one that is closed."""
        for one in (self._listener, *self._clients):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        for thread in self._served:
            thread.join()
        for one in (self._listener, *self._clients):
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.met += 1
                self._clients.add(client)
                self._served.append(threading.Thread(target=self._serve, args=(client,), daemon=True))
                self._served[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            self._way(client)


@contextmanager
def strange(way: Way) -> Iterator[Stranger]:
    server = Stranger(way)
    try:
        yield server
    finally:
        server.close()


def exactly(sock: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = sock.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def mute(sock: socket.socket) -> None:
    """Hears everything, says nothing."""
    while sock.recv(_CHUNK):
        pass


def drip(sock: socket.socket, content: bytes, every_s: float) -> None:
    """A byte now and then, over and over, so that no wait for the next one is long."""
    gone = threading.Event()
    threading.Thread(target=_notice_the_end, args=(sock, gone), daemon=True).start()
    while True:
        for place in range(len(content)):
            if gone.wait(every_s):
                return
            sock.sendall(content[place : place + 1])


def flood(sock: socket.socket, content: bytes) -> None:
    """The same over and over, as fast as it is read. What the client says is read and dropped."""
    threading.Thread(target=_notice_the_end, args=(sock, threading.Event()), daemon=True).start()
    content *= max(1, _CHUNK // len(content))
    while True:
        sock.sendall(content)


def _notice_the_end(sock: socket.socket, gone: threading.Event) -> None:
    with contextlib.suppress(OSError):
        mute(sock)
    gone.set()


# PostgreSQL: https://www.postgresql.org/docs/current/protocol-message-formats.html


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


NOTICE: Final = message(b"N", b"SNOTICE\0VNOTICE\0C00000\0Mthere is more\0\0")
PASSWORD: Final = message(b"R", struct.pack("!i", 3))
ROW_HEAD: Final = message(b"T", struct.pack("!h", 1) + b"one\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0))
ROW: Final = message(b"D", struct.pack("!hi", 1, 100) + b"x" * 100)
READY: Final = message(b"Z", b"I")
_PARSED: Final = message(b"1", b"") + message(b"2", b"")
_WELCOME: Final = b"".join(
    (
        message(b"R", struct.pack("!i", 0)),
        *(message(b"S", name + b"\0" + value + b"\0") for name, value in (
            (b"server_version", b"15.0"), (b"client_encoding", b"UTF8"), (b"server_encoding", b"UTF8"),
            (b"standard_conforming_strings", b"on"), (b"integer_datetimes", b"on"), (b"DateStyle", b"ISO, MDY"),
        )),
        message(b"K", struct.pack("!ii", 1, 1)),
        READY,
    )
)  # fmt: skip


def postgresql_start(sock: socket.socket, tls: bytes = b"N") -> None:
    """Until the client has said who it is. `tls`: what is answered to a wish for TLS."""
    while True:
        (size,) = struct.unpack("!i", exactly(sock, 4))
        (code,) = struct.unpack("!i", exactly(sock, size - 4)[:4])
        if code not in {80877103, 80877104}:  # SSLRequest, GSSENCRequest
            return
        sock.sendall(tls if code == 80877103 else b"N")
        if code == 80877103 and tls == b"S":
            mute(sock)


def postgresql_login(sock: socket.socket) -> None:
    postgresql_start(sock)
    sock.sendall(_WELCOME)


def postgresql_query(sock: socket.socket) -> None:
    """After the login: until the first statement that is no BEGIN, which is answered as it should be."""
    while True:
        kind, (size,) = exactly(sock, 1), struct.unpack("!i", exactly(sock, 4))
        body = exactly(sock, size - 4)
        if kind == b"Q" and body.upper().startswith(b"BEGIN"):
            sock.sendall(message(b"C", b"BEGIN\0") + message(b"Z", b"T"))
        elif kind in b"QS":  # a simple query, or the Sync of an extended one
            sock.sendall(_PARSED if kind == b"S" else b"")
            return


# MySQL: https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html

TLS: Final = 0x0800
ABILITIES: Final = 0x0001 | 0x0004 | 0x0008 | 0x0200 | 0x2000 | 0x8000 | 0x0002_0000 | 0x0008_0000


def packet(number: int, body: bytes) -> bytes:
    return struct.pack("<I", len(body))[:3] + bytes([number & 0xFF]) + body


def greeting(abilities: int = ABILITIES) -> bytes:
    body = b"\x0a" + b"8.0.36\0" + struct.pack("<I", 1) + b"12345678\0" + struct.pack("<H", abilities & 0xFFFF)
    body += b"\x2d" + struct.pack("<H", 2) + struct.pack("<H", abilities >> 16) + b"\x15" + b"\0" * 10 + b"123456789012\0"
    return packet(0, body + b"mysql_native_password\0")


_FINE: Final = b"\0\0\0\x02\0\0\0"
SWITCH: Final = b"\xfemysql_native_password\0" + b"1" * 20 + b"\0"


def mysql_packet(sock: socket.socket) -> tuple[int, bytes]:
    head = exactly(sock, 4)
    return head[3], exactly(sock, int.from_bytes(head[:3], "little"))


def mysql_login(sock: socket.socket) -> None:
    sock.sendall(greeting())
    number, _ = mysql_packet(sock)
    sock.sendall(packet(number + 1, _FINE))


def mysql_query(sock: socket.socket) -> None:
    """After the login: until the first SELECT; what sets something up is answered as it should be."""
    while True:
        _, body = mysql_packet(sock)
        if body[1:].lstrip().upper().startswith((b"SELECT", b"SHOW")):
            return
        sock.sendall(packet(1, _FINE))


def mysql_rows(sock: socket.socket) -> None:
    """Rows without end, each with the next number of a packet."""
    column = b"\x03def\0\0\0\x03one\0\x0c" + struct.pack("<HIBHBxx", 45, 100, 253, 0, 0)
    sock.sendall(packet(1, b"\x01") + packet(2, column) + packet(3, b"\xfe\0\0\x02\0"))
    flood(sock, b"".join(packet(number, b"\x64" + b"x" * 100) for number in [*range(4, 256), *range(4)]))


def relay(sock: socket.socket, server: tuple[str, int], word: bytes, answer: bytes) -> None:
    """To a real server, until the client says the word: that gets another answer."""
    with socket.create_connection(server) as real:
        while True:
            for source in select.select([sock, real], [], [])[0]:
                content = source.recv(_CHUNK)
                if not content:
                    return
                if source is sock and word in content:
                    sock.sendall(answer)
                else:
                    (real if source is sock else sock).sendall(content)
