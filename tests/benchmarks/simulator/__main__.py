"""`python -m tests.benchmarks.simulator [--seeds N] [--quick]`: prints the tables; exit code 1 when a bound is broken."""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from rich.console import Console

from tests.benchmarks.simulator.contest import BATCH, WARM, contest
from tests.benchmarks.simulator.kinds import KINDS
from tests.benchmarks.simulator.tables import DEFAULT, JUDGED, SMART, Verdicts, table_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="worlds of each kind")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--phases", type=int, default=300, help="failed phases of a world")
    parser.add_argument("--quick", action="store_true", help="four seeds, small worlds: to see that it works")
    parser.add_argument("--batch-size", type=int, default=BATCH, help="phases of a session")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--policies", help="these alone, with commas; those that they are measured against come too")
    asked = parser.parse_args()
    seeds, phases = (4, 120) if asked.quick else (asked.seeds, asked.phases)
    names = list(dict.fromkeys([SMART, DEFAULT, JUDGED, *asked.policies.split(",")])) if asked.policies else None
    console, verdicts = Console(width=150), Verdicts()
    with ProcessPoolExecutor(asked.jobs) as pool:
        for kind in asked.kinds.split(","):
            for warm in (False, True):
                begun = time.monotonic()
                one = partial(
                    contest, kind, phases=phases, names=WARM if warm else names, warm=warm, batch_size=asked.batch_size
                )
                found = list(pool.map(one, range(asked.first_seed, asked.first_seed + seeds)))
                console.print(table_of(kind, found, warm=warm, verdicts=verdicts))
                console.print(
                    f"{seeds} seeds, {phases} phases each, sessions of {asked.batch_size}, {time.monotonic() - begun:.0f} s"
                )
    for line in verdicts.lines:
        console.print(line)
    return 0 if verdicts.hold else 1


if __name__ == "__main__":
    raise SystemExit(main())
