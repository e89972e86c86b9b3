"""Makes guardians by forking itself: starting an interpreter takes 15 ms, forking a small one hardly any time."""

from __future__ import annotations

import gc
import os
import signal
import socket

from batchdrain.execution.guardian.guardian import serve


def main() -> None:
    """Serve on descriptor 0: each byte comes with a socket for a new guardian. Ends with the controller."""
    control = socket.socket(fileno=os.dup(0))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)  # acting on a Ctrl-C is the controller's task
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # commands would inherit what the starting thread had blocked
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for guardians here
    gc.disable()
    gc.freeze()  # a collection would write to every page that the forks share, and so copy it
    while True:
        asked, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            return
        os.set_inheritable(descriptors[0], False)
        if os.fork() == 0:
            _serve_one(control, descriptors[0])
        os.close(descriptors[0])


def _serve_one(control: socket.socket, descriptor: int) -> None:
    code = 1
    try:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        control.close()
        serve(socket.socket(fileno=descriptor))
        code = 0
    finally:
        os._exit(code)
