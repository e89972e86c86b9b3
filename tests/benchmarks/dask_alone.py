"""dask alone, beside which ours is measured: `python dask_alone.py ADDRESS TASKS [COMMAND…]` prints how many seconds so many tasks
took, each of which does nothing, or executes the command."""

import subprocess
import sys
import time

from distributed import Client


def main(address: str, tasks: int, command: list[str]) -> None:
    """One client, which asks for all of them at once, and waits for all."""
    with Client(address, set_as_default=False) as client:
        client.gather([client.submit(_execute, command, number, pure=False) for number in range(64)])
        begun = time.perf_counter()
        client.gather([client.submit(_execute, command, number, pure=False) for number in range(tasks)])
        print(time.perf_counter() - begun)


def _execute(command: list[str], number: int) -> int:
    if command:
        subprocess.run(command, check=True)
    return number


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
