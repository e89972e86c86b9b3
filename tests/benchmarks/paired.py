"""`python -m tests.benchmarks.paired A B`: two versions of batchdrain in one run, in turns; A is judged against B.

A and B are interpreters, each of a venv in which one checkout is installed. A drain of a thousand phases of /bin/true, and `inv --list`.
Exit code 1 when A costs more than the bound allows.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from rich.console import Console

from tests.benchmarks import listing
from tests.benchmarks.figure import Figure, Pair, table_of
from tests.benchmarks.pairs import Cost, cost, in_turns
from tests.benchmarks.row import ANY, Row
from tests.benchmarks.sample import make_project

NOISE = 1.1
"""On a machine with a load of 7 on two cores one version against itself came to 0.92, by the medians of four drains each."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.paired", description=__doc__)
    parser.add_argument("a", help="python of the version that is judged")
    parser.add_argument("b", help="python of the version that it is judged against")
    parser.add_argument("--phases", type=int, default=1_000, help="of one drain (1000)")
    parser.add_argument("--rounds", type=int, default=5, help="drains of each (5)")
    parser.add_argument("--lists", type=int, default=40, help="inv --list of each (40)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="batchdrain-") as name:
        folder = Path(name)
        found = _drains(folder, asked.a, asked.b, asked.phases, asked.rounds) if asked.rounds else []
        if asked.lists:
            found.append(listing.figure_of(folder / "a", asked.a, asked.lists))
    Console(width=190).print(table_of(found, title="A against B, in turns, in one run on this machine"))
    return 0 if all(figure.holds for figure in found) else 1


def _drains(folder: Path, a: str, b: str, phases: int, rounds: int) -> list[Figure]:
    base = make_project(folder / "base", phases).parent
    (base / "invoke.yaml").write_text(
        (base / "invoke.yaml").read_text().replace('"refresh_s"', '"batch_size": 1000000, "refresh_s"')
    )
    copies = iter(range(10**6))

    def drained(python: str) -> Cost:
        """The copy stays until the end: what is deleted now, the disk is told of at somebody's next commit."""
        work = folder / f"copy-{next(copies)}"
        shutil.copytree(base, work)
        found = cost([python, "-m", "invoke", "drain"], work)
        if f"Total Processed: {phases}" not in (work / "printed").read_text():
            raise RuntimeError((work / "printed").read_text()[-500:])
        return found

    ours, theirs = in_turns(lambda: drained(a), lambda: drained(b), rounds)
    per, both = 1000 / phases, list(zip(ours, theirs, strict=True))
    return [
        _figure(
            f"{phases} in one drain, processor time", [(one.cpu_s * per, other.cpu_s * per) for one, other in both], NOISE
        ),
        _figure(
            f"{phases} in one drain, by the clock", [(one.wall_s * per, other.wall_s * per) for one, other in both], None
        ),
    ]


def _figure(how: str, pairs: list[Pair], bound: float | None) -> Figure:
    row = Row(key="paired", what=f"a phase of /bin/true, of {how}", against="B", bounds={ANY: bound})
    return Figure(row=row, pairs=pairs)


if __name__ == "__main__":
    raise SystemExit(main())
