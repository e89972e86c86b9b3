"""`python -m tests.benchmarks [--quick] [--only NAME]`: prints the table; exit code 1 when a bound is broken."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import choice, million, phase, save, texts

PARTS = {
    "phase": phase.measure,
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
    table = Table("what", "ours", "reference", "against", "ratio", "bound", "note", title="costs, in one run on this machine")
    holds = True
    for name, measure in PARTS.items():
        if asked.only not in {None, name}:
            continue
        with tempfile.TemporaryDirectory(prefix="batchdrain-") as folder:
            for figure in measure(Path(folder), quick=asked.quick):
                table.add_row(*figure.row())
                holds = holds and figure.holds
    Console(width=190).print(table)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
