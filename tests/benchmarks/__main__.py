"""`python -m tests.benchmarks [--quick] [--only NAME]`: prints the table; exit code 1 when a bound is broken."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console

from tests.benchmarks import choice, listing, million, phase, save, texts
from tests.benchmarks.figure import Figure, table_of

PARTS = {
    "phase": phase.measure,
    "list": listing.measure,
    "save": save.measure,
    "choice": choice.measure,
    "million": million.measure,
    "texts": texts.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller numbers, to see that it works")
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    asked = parser.parse_args()
    found: list[Figure] = []
    for name, measure in PARTS.items():
        if asked.only not in {None, name}:
            continue
        with tempfile.TemporaryDirectory(prefix="batchdrain-") as folder:
            found += measure(Path(folder), quick=asked.quick)
    Console(width=190).print(table_of(found, title="costs, in one run on this machine"))
    return 0 if all(figure.holds for figure in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
