"""The fault matrix has tests for each row, as many as it says: no row is a table's alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.counting import KEY
from tests.chaos.faults import FAULTS, FULL

ROOT = Path(__file__).parents[2]


def tried(scale: int) -> dict[int, dict[str, int]]:
    """How often each fault is tried on each database, and in how many cases, by the tests that there are."""
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "tests.chaos.counting", "-m", "fault", "-n", "0"]
    env = {**os.environ, "BATCHDRAIN_CHAOS": str(scale)}
    ran = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    [line] = [line for line in ran.stdout.splitlines() if line.startswith(KEY)]
    return {int(number): counts for number, counts in json.loads(line.removeprefix(KEY)).items()}


@pytest.mark.parametrize("scale", [1, FULL])
def test_each_fault_has_tests_that_try_it_on_its_databases_as_often_and_in_as_many_ways_as_the_matrix_says(
    scale: int,
) -> None:
    found = tried(scale)
    assert sorted(found) == sorted(FAULTS)
    for number, fault in FAULTS.items():
        least = max(1, fault.times * scale // FULL)
        counts = [found[number][name] for name in fault.on] or [sum(found[number].values())]
        assert min(counts) >= least, (number, fault.what, found[number])
        assert found[number]["cases"] >= fault.cases, (number, fault.what, found[number])


def test_a_fault_that_this_machine_can_not_try_is_told_by_its_number_at_the_end() -> None:
    """Also where the test ran in another process."""
    test = "tests/chaos/test_crash_points.py::test_what_is_printed_was_on_the_disk_before"
    env = {**os.environ, "PATH": "/nowhere"}  # where no strace is
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", test, "-n", "1"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert "fault 38: 1 skipped (strace is not there, or may not trace)" in ran.stdout.splitlines(), ran.stdout
