"""How much is measured: for the page, to see that it works, and for the gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Counts of rows, phases and pairs of one run of the benchmarks."""

    rows: int  #: failed phases of the large backlog
    small: int  #: of the small one
    pairs: int  #: of what takes seconds
    commands: int  #: pairs of whole commands over the large backlog
    starts: int  #: pairs of commands that only start and end
    phases: tuple[int, int]  #: of a short and of a long drain; the difference is what phases cost
    rounds: float  #: for each worker, of phases of 0.1 s in the long drain; the short one has a quarter
    minutes: float  #: of a drain that is counted
    choices: tuple[int, int]  #: failed phases of the two backlogs of `choice`
    results: tuple[int, int]  #: in a session, and added to it
    on_dask: tuple[int, int]  #: as `phases`, with 64 slots
    long: int  #: phases of a drain that is watched
    is_gate: bool = False  #: processor time where there is a choice, and what the clock alone tells beside `parallel`


FULL: Final = Sizes(
    rows=1_000_000, small=1_000, pairs=5, commands=3, starts=20, phases=(50, 450), rounds=160, minutes=5.0,
    choices=(1_000, 100_000), results=(10_000, 1_500), on_dask=(500, 3_000), long=10_000,
)  # fmt: skip
QUICK: Final = Sizes(
    rows=30_000, small=1_000, pairs=2, commands=1, starts=2, phases=(10, 60), rounds=16, minutes=0.2,
    choices=(1_000, 10_000), results=(2_000, 300), on_dask=(100, 500), long=1_000,
)  # fmt: skip
GATE: Final = Sizes(
    rows=30_000, small=1_000, pairs=5, commands=5, starts=5, phases=(10, 60), rounds=8, minutes=0.08,
    choices=(1_000, 10_000), results=(2_000, 300), on_dask=(100, 500), long=1_000, is_gate=True,
)  # fmt: skip
