"""The source of guardians: a small server process of ours, which forks them."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from pathlib import Path
from typing import Final

from batchdrain.execution.guardian.hire import call_guardian, limit_sends, start_server
from batchdrain.execution.guardian_client import GuardianClient
from batchdrain.runtime.forks import keep_socket_from_children

_PACKAGE: Final = str(Path(__file__).parents[2])
_TAKES_WITHIN_S: Final = 10
_ENDS_WITHIN_S: Final = 2.0
_DIES_WITHIN_S: Final = 5.0  # a process inside the kernel may not die


class GuardianServer:
    """Starts the server with the first guardian that is called for. A server that is stopped, or does not answer, holds nobody
    up."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()

    def hire(self, *, anew: bool = False) -> GuardianClient:
        """Get a guardian that will greet and then wait for its order. `anew`: from a new server. Raises OSError."""
        with self._guard:
            if anew:
                self._stop()
            try:
                return self._hire_once()
            except OSError:  # the server died: its guardians live on, but new ones need a new server
                self._stop()
                return self._hire_once()

    def close(self) -> None:
        """End the server: it sees the end of its socket, or else is killed. Guardians that it forked live on."""
        with self._guard:
            self._stop()

    def _hire_once(self) -> GuardianClient:
        if self._control is None:
            self._start()
        if self._control is None:
            raise AssertionError("started")
        return GuardianClient(call_guardian(self._control))

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        keep_socket_from_children(self._control)
        limit_sends(self._control, _TAKES_WITHIN_S)
        with theirs:
            self._server = start_server(theirs, _PACKAGE)

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            _end(self._server)
        self._control = self._server = None


def _end(server: subprocess.Popen[bytes]) -> None:
    """Wait for the server, or kill it. Its pid can't be reused before we have collected it, as it is our own child."""
    try:
        server.wait(_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(_DIES_WITHIN_S)
