"""`python -m tests.benchmarks`: prints what batchdrain costs; exit code 1 when a bound is broken. `--write` writes the page,
`--gate` judges small sizes as .ci/run does."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.benchmarks import (
    choice,
    choosing,
    listing,
    many_workers,
    minutes,
    on_dask,
    phase,
    save,
    start,
    texts,
    whole,
)  # fmt: skip
from tests.benchmarks.backlogs import Backlogs
from tests.benchmarks.bench import Bench
from tests.benchmarks.figure import Figure, table_of
from tests.benchmarks.gate import judge
from tests.benchmarks.machine import describe_commit, describe_machine, describe_moment
from tests.benchmarks.measured import Book, Measured, Stamp
from tests.benchmarks.page import PAGE, performance_page
from tests.benchmarks.sizes import FULL, GATE, QUICK, Sizes

PARTS: Final[Mapping[str, Callable[[Bench], list[Figure]]]] = {
    "start": start.measure,
    "list": listing.measure,
    "texts": texts.measure,
    "save": save.measure,
    "choice": choice.measure,
    "choosing": choosing.measure,
    "whole": whole.measure,
    "phase": phase.measure,
    "workers": many_workers.measure,
    "minutes": minutes.measure,
    "dask": on_dask.measure,
}
"""In the order in which they are measured: what drains a shared backlog comes after what only reads it."""
TRIES: Final = 3
GATED: Final = ("start", "texts", "choosing", "whole", "phase", "workers", "minutes")


def main() -> int:
    asked = _parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # folders and databases of ours go also then
    console = Console(width=190, highlight=False)
    sizes = GATE if asked.gate else QUICK if asked.quick else FULL
    sizes = replace(sizes, rows=asked.rows or sizes.rows, minutes=asked.minutes or sizes.minutes)
    if asked.pairs:
        sizes = replace(sizes, pairs=asked.pairs, commands=asked.pairs, starts=asked.pairs)
    stamp = Stamp(commit=describe_commit(), machine=describe_machine(), **describe_moment())
    names = [name for name in PARTS if name in (asked.only or (GATED if asked.gate else PARTS))]
    parts: dict[str, list[Figure]] = {}
    last = Book.read().gate
    with _workplace(in_memory=asked.gate) as folder:
        for name, figures in _measured(names, folder, sizes, console):
            parts[name] = figures
            if asked.write:  # after each part: what was measured is not lost where a later one fails
                _keep(figures, stamp, is_gate=asked.gate)
    if asked.gate:
        return 0 if not (again := _judge(parts, last, console)) else _judge_again(again, last, sizes, console)
    found = [figure for figures in parts.values() for figure in figures]
    console.print(table_of(found, title=f"costs of {stamp.commit}, in one run on this machine"))
    return 0 if all(figure.holds for figure in found) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep it in measured.json, and write docs/performance.md")
    parser.add_argument("--quick", action="store_true", help="smaller numbers, to see that it works")
    parser.add_argument("--gate", action="store_true", help="small sizes; exit code 1 when one is outside its bound by half")
    parser.add_argument("--only", type=_parts, help=f"some parts of it, with commas: {', '.join(PARTS)}")
    parser.add_argument("--rows", type=int, help="failed phases of the large backlog, in place of a million")
    parser.add_argument("--minutes", type=float, help="of the drain that is counted, in place of five")
    parser.add_argument("--pairs", type=int, help="of each row")
    asked = parser.parse_args()
    if asked.quick and (asked.write or asked.gate):
        parser.error("--quick is to see that it works: nothing of it is kept or judged")
    return asked


def _parts(words: str) -> Sequence[str]:
    names = words.split(",")
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(PARTS)}")
    return names


def _measured(names: Sequence[str], folder: Path, sizes: Sizes, console: Console) -> Iterator[tuple[str, list[Figure]]]:
    """Part after part, each with a folder of its own; all with the same backlogs."""
    shared = folder / "backlogs"
    shared.mkdir()
    backlogs = Backlogs(shared)
    for name in names:
        own = folder / name
        own.mkdir()
        begun = time.monotonic()
        figures = PARTS[name](Bench(folder=own, sizes=sizes, backlogs=backlogs))
        console.print(f"{name}: {time.monotonic() - begun:.0f} s")
        yield name, figures


@contextmanager
def _workplace(*, in_memory: bool) -> Iterator[Path]:
    """The gate's lies in memory where there is such a place: how long a disk takes to sync is no regression of ours."""
    place = Path("/dev/shm")
    usable = in_memory and os.access(place, os.W_OK)
    with tempfile.TemporaryDirectory(prefix="batchdrain-", dir=place if usable else None) as folder:
        yield Path(folder)


def _keep(figures: Sequence[Figure], stamp: Stamp, *, is_gate: bool) -> None:
    """What another run wrote meanwhile stays."""
    book = Book.read()
    book.add(figures, stamp, is_gate=is_gate)
    book.write()
    PAGE.write_text(performance_page())


def _judge(parts: Mapping[str, Sequence[Figure]], last: Mapping[tuple[str, str], Measured], console: Console) -> list[str]:
    """The parts of which a row does not pass."""
    failed = []
    for name, figures in parts.items():
        rulings = [judge(figure, last) for figure in figures]
        for ruling in rulings:
            console.print(ruling.words, markup=False)
        if not all(ruling.passes for ruling in rulings):
            failed.append(name)
    return failed


def _judge_again(names: Sequence[str], last: Mapping[tuple[str, str], Measured], sizes: Sizes, console: Console) -> int:
    """Another program may have taken the machine meanwhile: what does not pass is measured again, at most TRIES times."""
    for number in range(TRIES):
        console.print(f"measured again ({number + 1} of at most {TRIES}): {', '.join(names)}")
        with _workplace(in_memory=True) as folder:
            names = _judge(dict(_measured(names, folder, sizes, console)), last, console)
        if not names:
            return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
