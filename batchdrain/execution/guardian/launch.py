"""The process that becomes the command. It is forked before the order comes, while the controller writes its claim, because forking
an interpreter takes longer than a small command."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple, NoReturn

from batchdrain.execution.guardian import spool_writer, system
from batchdrain.execution.guardian.wire import Inbox, boottime_ms, rehearse, send_order

_GOING: Final = b"g"  # sent just before the exec; without it the process died before it could begin
_LATE: Final = b"l"  # sent instead if the lease has ended by then
_SLICE_MS: Final = 200
_DIES_WITHIN_S: Final = 5.0
_RESET: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGCHLD,
)
Refusal = tuple[int, str]  #: errno and message


class Begun(NamedTuple):
    """The process that has become the command."""

    pid: int
    start: int  #: in clock ticks since boot


class NotBegunError(Exception):
    """The command's time was over before it began. `gone`: nothing is left of its process."""

    def __init__(self, *, gone: bool) -> None:
        super().__init__()
        self.gone = gone


class Launch:
    """A process that is ready to become a command. Raises OSError if it can't be forked."""

    def __init__(self, *close: socket.socket) -> None:
        """`close`: sockets that it must not hold while it waits."""
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
        self._begun = Begun(self.pid, system.start_of(self.pid))  # read now: work after the order delays the command

    def execute(self, order: dict[str, Any], files: list[int], is_over: Callable[[], bool]) -> Begun | Refusal | None:
        """Let the process become the command. `files`: descriptors of its stdout and stderr, then of its stdin if it reads any.

        Returns the process once it is the command; a Refusal if it can't become it; None if it died before. Raises NotBegunError if
        `is_over()` comes true before that, for example because the program is on a file system that hangs.
        """
        if order.get("spool") is not None:
            spool_writer.note(order["spool"], order["token"], *self._begun)
        answer = b""
        with self._sock, contextlib.suppress(ConnectionError):
            send_order(self._sock, {name: order[name] for name in ("argv", "env", "cwd", "deadline_ms")}, files)
            answers = select.poll()
            answers.register(self._sock, select.POLLIN)
            while True:
                if not answers.poll(_SLICE_MS):
                    if is_over():
                        raise NotBegunError(gone=self._kill())
                    continue
                heard = self._sock.recv(4096)
                if not heard:  # the exec closes its end
                    break
                answer += heard
            if answer == _GOING:
                return self._begun
        os.waitpid(self.pid, 0)
        if answer == _LATE:
            raise NotBegunError(gone=True)
        if not answer:
            return None
        number, _, message = answer.removeprefix(_GOING).partition(b" ")
        return int(number), message.decode(errors="replace")

    def drop(self) -> None:
        """Let a process that is not needed go: it sees the end of its socket, and exits."""
        self._sock.close()

    def _kill(self) -> bool:
        """Kill the process. Returns whether it died in time: inside the kernel it may not."""
        os.kill(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + _DIES_WITHIN_S
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
        return True


def start(
    ready: Launch | None, order: dict[str, Any], files: list[int], close: socket.socket, is_over: Callable[[], bool]
) -> Begun | Refusal:
    """Start the command. If no process stands `ready`, or if it died, one is forked now. Returns the command's process, or why
    there is none. Raises NotBegunError if `is_over()` comes true first."""
    found = None if ready is None else ready.execute(order, files, is_over)
    if found is None:
        try:
            found = Launch(close).execute(order, files, is_over)
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
    rehearse()
    found = Inbox(sock).read_order()
    if found is None:  # nobody needs it
        os._exit(0)
    order, files = found
    try:
        os.dup2(files[0], 1)
        os.dup2(files[1], 2)
        for descriptor in files[2:]:
            os.dup2(descriptor, 0)
        os.chdir(_to_bytes(order["cwd"]))
        argv = [_to_bytes(item) for item in order["argv"]]
        env = {_to_bytes(name): _to_bytes(value) for name, value in order["env"].items()}
        if order["deadline_ms"] is not None and boottime_ms() >= order["deadline_ms"]:
            sock.sendall(_LATE)
            os._exit(127)
        sock.sendall(_GOING)
        os.execvpe(argv[0], argv, env)  # noqa: S606 - argv, without a shell
    except (OSError, ValueError) as error:
        code = getattr(error, "errno", None) or 0
        what = os.fsdecode(getattr(error, "filename", None) or _to_bytes(order["argv"][0]))
        sock.sendall(f"{code} {getattr(error, 'strerror', None) or error}: {what}".encode(errors="replace"))
    finally:
        os._exit(127)


def _to_bytes(text: str) -> bytes:
    """Arguments and environment travel byte for byte, whatever the locale of either side."""
    return text.encode("latin-1")
