"""The command of the chaos tests. It holds a lock on its phase: a second execution at the same time is caught by the kernel.

What it does stands in the phase's id: `…~ms=50` works so long, `…~until=go` until that file is there,
`…~hang=2` hangs up to epoch 2, `…~daemon` leaves a daemon behind that holds the lock too, `…~fail` fails. It takes the standard library alone, and as little of it as it can.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time


def main() -> int:
    folder, phase = sys.argv[1], os.environ["BATCHDRAIN_PHASE_ID"]
    name = f"{os.environ['BATCHDRAIN_RUN_ID']}/{phase}"
    epoch = os.environ["BATCHDRAIN_EPOCH"]

    def say(word: str) -> None:  # one write to a file that appends: never mixed with another's
        os.write(log, f"{word}\t{name}\t{epoch}\t{time.clock_gettime_ns(time.CLOCK_BOOTTIME)}\n".encode())

    log = os.open(f"{folder}/events", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    lock = os.open(f"{folder}/{name.encode().hex()}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(lock, True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("overlap")
        return 70
    say("start")
    act, _, argument = phase.rpartition("~")[2].partition("=")
    if act == "daemon" and os.fork() == 0:
        os.setsid()
        time.sleep(600)
    if act == "ms":
        time.sleep(int(argument) / 1000)
    while act == "until" and not os.path.exists(argument):  # noqa: PTH110 - pathlib is slow to import
        time.sleep(0.01)
    if act == "hang" and int(epoch) <= int(argument or epoch):
        time.sleep(600)
    say("end")
    return 1 if act == "fail" else 0


if __name__ == "__main__":
    raise SystemExit(main())
