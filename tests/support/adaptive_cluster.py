"""An adaptive cluster of dask on 127.0.0.1: `python adaptive_cluster.py`. It prints its address, then takes lines that say how many
workers there may be at most, and answers each once no more are there."""

import sys
import time

from distributed import LocalCluster

QUICK = {"interval": "100ms", "target_duration": "100ms", "wait_count": 2, "minimum": 0}


def main() -> None:
    """Until its input ends."""
    with LocalCluster(
        n_workers=0, threads_per_worker=1, host="127.0.0.1", scheduler_port=0, dashboard_address="127.0.0.1:0", memory_limit=0
    ) as cluster:
        cluster.adapt(maximum=2, **QUICK)
        print(cluster.scheduler_address, flush=True)
        for line in sys.stdin:
            cluster.adapt(maximum=int(line), **QUICK)
            while len(cluster.scheduler.workers) > int(line):
                time.sleep(0.05)
            print(len(cluster.scheduler.workers), flush=True)


if __name__ == "__main__":
    main()
