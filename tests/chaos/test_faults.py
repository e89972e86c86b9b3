"""The fault matrix has tests for each row, as many as it says: no row is a table's alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.counting import KEY, Counts, counted
from tests.chaos.faults import EACH, FAULTS
from tests.conftest import COLLECTED
from tests.support.soaking import PART

ROOT = Path(__file__).parents[2]
SOAKED = {2, 18, 25, 48}
"""Every day leaves them out: a drain for each step, the soak itself, a line that is slow, ten thousand phases."""


def tried(config: pytest.Config, part: float, selected: str = "fault") -> Counts:
    """How often each fault is tried on each database, and in how many cases, by the tests that there are."""
    files = {path for path in (ROOT / "tests").rglob("test_*.py") if re.search(r"fault\(|repeated\(", path.read_text())}
    collected = config.stash[COLLECTED]
    if part == PART and files <= {item.path for item in collected}:
        return counted(item for item in collected if selected == "fault" or not item.get_closest_marker("soak"))
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "tests.chaos.counting", "-m", selected, "-n", "0"]
    env = {**os.environ, "BATCHDRAIN_SOAK": str(part)}
    ran = subprocess.run([*argv, *map(str, files)], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    [line] = [line for line in ran.stdout.splitlines() if line.startswith(KEY)]
    return {int(number): counts for number, counts in json.loads(line.removeprefix(KEY)).items()}


@pytest.mark.parametrize("part", [0.1, 1])
def test_each_fault_has_tests_that_try_it_on_its_databases_as_often_and_in_as_many_ways_as_the_matrix_says(
    pytestconfig: pytest.Config, part: float
) -> None:
    """What runs every day and the soak, or a tenth of it, together."""
    found = tried(pytestconfig, part)
    assert sorted(found) == sorted(FAULTS)
    for number, fault in FAULTS.items():
        least = max(1, int(fault.times * part))
        counts = [found[number][name] for name in fault.on] or [sum(found[number][name] for name in EACH)]
        assert min(counts) >= least, (number, fault.what, found[number])
        assert found[number]["cases"] >= fault.cases, (number, fault.what, found[number])


def test_each_fault_is_tried_every_day_but_for_those_that_take_minutes(pytestconfig: pytest.Config) -> None:
    found = tried(pytestconfig, 1, "fault and not soak")
    assert set(FAULTS) - set(found) == SOAKED
    for number, counts in found.items():
        assert FAULTS[number].on == () or counts["postgresql"] >= 1, (number, counts)


def test_a_fault_that_this_machine_can_not_try_is_told_by_its_number_at_the_end() -> None:
    """Also where the test ran in another process."""
    test = "tests/chaos/test_crash_points.py::test_what_is_printed_was_on_the_disk_before"
    env = {**os.environ, "PATH": "/nowhere"}  # where no strace is
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", test, "-n", "1"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert "fault 38: 1 skipped (strace is not there, or may not trace)" in ran.stdout.splitlines(), ran.stdout
