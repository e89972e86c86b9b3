"""The process that becomes the command. It is forked before the order comes, while the controller does its books: a fork
of an interpreter takes longer than a small command."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from typing import Any, Final, NoReturn

from batchdrain.guardian import system
from batchdrain.guardian.wire import Inbox, send_order

_GOING: Final = b"g"  # said just before the exec: without it the process died before it could begin
_RESET: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGCHLD)
Refusal = tuple[int, str]  #: errno and message


class Launch:
    """One process, ready to become a command. Raises OSError where it can't be forked."""

    def __init__(self, *close: socket.socket) -> None:
        """`close`: what it must not hold while it waits."""
        guardian = os.getpid()
        self._sock, theirs = socket.socketpair()
        try:
            self.pid = os.fork()
        except OSError:
            self._sock.close()
            theirs.close()
            raise
        if self.pid == 0:
            try:
                for one in (self._sock, *close):
                    one.close()
                _become_the_command(theirs, guardian)
            finally:
                os._exit(127)
        theirs.close()

    def go(self, order: dict[str, Any], logs: list[int]) -> int | Refusal | None:
        """Its pid once it is the command; why it can't be; None where it died before."""
        with self._sock, contextlib.suppress(ConnectionError):
            send_order(self._sock, {name: order[name] for name in ("argv", "env", "cwd")}, logs)
            said = b""
            while heard := self._sock.recv(4096):  # the exec closes its end
                said += heard
            if said == _GOING:
                return self.pid
        os.waitpid(self.pid, 0)
        if not said:
            return None
        number, _, message = said.removeprefix(_GOING).partition(b" ")
        return int(number), message.decode(errors="replace")

    def drop(self) -> None:
        """It is not needed: it sees the end of its socket, and leaves."""
        self._sock.close()


def started(ready: Launch | None, order: dict[str, Any], logs: list[int], close: socket.socket) -> int | Refusal:
    """The command's pid, or why there is none. Where nothing stands `ready`, or what stood there died, it is forked now."""
    found = None if ready is None else ready.go(order, logs)
    if found is None:
        try:
            found = Launch(close).go(order, logs)
        except OSError as error:
            return error.errno or 0, error.strerror or str(error)
    return found if found is not None else (0, "the process of the command died before it began")


def _become_the_command(sock: socket.socket, guardian: int) -> NoReturn:
    os.setsid()
    system.die_with_parent(signal.SIGKILL)
    if os.getppid() != guardian:
        os._exit(127)
    for number in _RESET:
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    found = Inbox(sock).order()
    if found is None:  # nobody needs it
        os._exit(0)
    order, logs = found
    try:
        os.dup2(logs[0], 1)
        os.dup2(logs[1], 2)
        os.chdir(_bytes(order["cwd"]))
        argv = [_bytes(item) for item in order["argv"]]
        env = {_bytes(name): _bytes(value) for name, value in order["env"].items()}
        sock.sendall(_GOING)
        os.execvpe(argv[0], argv, env)  # noqa: S606 - argv, without a shell
    except (OSError, ValueError) as error:
        code = getattr(error, "errno", None) or 0
        what = os.fsdecode(getattr(error, "filename", None) or _bytes(order["argv"][0]))
        sock.sendall(f"{code} {getattr(error, 'strerror', None) or error}: {what}".encode(errors="replace"))
    finally:
        os._exit(127)


def _bytes(text: str) -> bytes:
    """Arguments and environment travel byte for byte, whatever the locale of either side."""
    return text.encode("latin-1")
