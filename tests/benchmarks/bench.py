"""What each part of the benchmarks is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.backlogs import Backlogs
from tests.benchmarks.sizes import Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A folder of its own, how much is measured, and the backlogs that it shares with the other parts."""

    folder: Path
    sizes: Sizes
    backlogs: Backlogs
