"""Runs one command for pairs.py and writes what it cost: `python -I -S launcher.py DESCRIPTOR ARGV…`.

A process of its own, and a small one: the kernel counts as a process's peak memory also what its parent had when it was
started, so that a large parent would hide it.
"""

import json
import os
import sys
import time


def main(descriptor: int, argv: list[str]) -> None:
    os.set_inheritable(descriptor, False)
    started = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ)
    _, status, used = os.wait4(pid, 0)
    wall_s = time.perf_counter() - started
    found = {
        "code": os.waitstatus_to_exitcode(status),
        "wall_s": wall_s,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1000,
    }
    os.write(descriptor, json.dumps(found).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
