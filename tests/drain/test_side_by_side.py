"""`drain-all --workers` drains the queued phases of many runs side by side, and each run's in its order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.watching import watched
from tests.support.workplace import Workplace, ended, wait_for

RUNS, PHASES = 8, 3


@pytest.mark.everyday("sqlite", "postgresql")
def test_queued_phases_of_many_runs_are_drained_side_by_side_and_each_run_in_its_order(project: Workplace) -> None:
    witness = watched(project)
    first = [(f"run{run}", f"0~until={project.root / 'go'}", 0, "QUEUED", None) for run in range(RUNS)]
    rest = [(f"run{run}", f"{index}~ms=1", index, "QUEUED", None) for run in range(RUNS) for index in range(1, PHASES)]
    project.add(*first, *rest)
    drain = project.start("drain-all", f"--workers={RUNS}")
    wait_for(lambda: len(words(witness, "start")) >= RUNS, "the first phase of each run to run, all at once")
    (project.root / "go").touch()
    code, out = ended(drain)

    assert code == 0, out
    assert set(project.states().values()) == {"COMPLETE"}
    assert violations(project, witness, out) == []
    begun, over = words(witness, "start"), words(witness, "end")
    for run in range(RUNS):
        of_run = [name for name in begun if name.startswith(f"run{run}/")]
        assert [name.partition("/")[2][0] for name in of_run] == ["0", "1", "2"], of_run
    seen = [(one.word, one.name) for one in witnessed(witness)]
    for name in begun[RUNS:]:
        named_run, _, phase = name.partition("/")
        before = next(one for one in over if one.startswith(f"{named_run}/{int(phase[0]) - 1}"))
        assert seen.index(("end", before)) < seen.index(("start", name)), "one of a run at a time"


def words(witness: Path, word: str) -> list[str]:
    """The phases of which the witness saw this, in turn."""
    return [seen.name for seen in witnessed(witness) if seen.word == word]
