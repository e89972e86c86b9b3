"""A whole `inv drain`, and how many phases it executed."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.pairs import Cost, cost


class Drained(NamedTuple):
    """What it cost, and its phases."""

    cost: Cost
    phases: int


def drain(project: Path, *flags: str) -> Drained:
    """Run it to its end. Raises RuntimeError where it says no number of phases."""
    taken = cost([sys.executable, "-m", "invoke", "drain", *flags], project)
    printed = (project / "printed").read_text()
    found = re.search(r"^Total Processed: (\d+)$", printed, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"the drain says no number of phases: {printed[-500:]}")
    return Drained(taken, int(found[1]))


def drain_exactly(project: Path, count: int, *flags: str) -> Cost:
    """So many phases. Raises RuntimeError where they were others."""
    taken, phases = drain(project, f"--batch-size={count}", *flags)
    if phases != count:
        raise RuntimeError(f"the drain executed {phases} phases, not {count}: {(project / 'printed').read_text()[-500:]}")
    return taken
