"""One phase is a phase, and it is; more of them are phases, and they are."""

from __future__ import annotations

import re

import pytest

from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.config.stop_settings import Stop
from batchdrain.database.run_counts import RunCounts, describe_counts
from batchdrain.planning.stop import Progress, session_stop
from batchdrain.runtime.text import agree, count_of
from tests.support.scripted_project import scripted_project
from tests.support.workplace import Workplace

NOUNS = "phases|runs|rows|sessions|clusters|failures|minutes|results|processes|ports|hosts"
WRONG = re.compile(
    rf"(?<![\d.,/-])1 ((failed|queued|complete|more|older) )?({NOUNS})\b|(?<![\d.,/-])1 (are|were|find|have)\b|\bAll 1\b"
)


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 failed phases"), (1, "1 failed phase"), (2, "2 failed phases"), (21, "21 failed phases")]
)
def test_a_count_goes_with_its_noun(number: int, said: str) -> None:
    assert count_of(number, "failed phase") == said
    assert count_of(number, "process", "processes") == f"{number} process{'' if number == 1 else 'es'}"
    assert agree(number, "is", "are") == ("is" if number == 1 else "are")


def test_a_minute_is_over_and_minutes_are() -> None:
    for minutes, said in ((1, "1 minute is over"), (0.5, "0.5 minutes are over"), (90, "90 minutes are over")):
        stop = session_stop(Progress(elapsed_s=10_000), Stop(max_total_minutes=minutes))
        assert stop is not None
        assert stop.value == said


def test_a_database_has_phases_in_one_run_or_in_runs() -> None:
    one = RunCounts(run_id="r", failed=1)
    assert describe_counts([one]).endswith("in 1 run")
    assert describe_counts([one, one]).endswith("in 2 runs")


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("happens", [{}, {0: "interrupt"}])
def test_a_drain_and_its_dry_run_say_one_as_one(count: int, happens: dict[int, str]) -> None:
    rows = [("r", f"{number}~fail", number, "FAILED", "boom") for number in range(count)]
    with scripted_project(rows, {"batch_size": 1}, happens) as project:
        for flags in (
            DrainFlags(dry_run=True, explain=True),
            DrainFlags(dry_run=True, exclude_run=("r",)),
            DrainFlags(exclude_run=("r",)),
            DrainFlags(),
        ):
            said = project.call(drain_failed, flags)
            assert WRONG.search(said) is None, said
        skipped = project.call(drain_failed, DrainFlags(exclude_run=("r",)))
        line = "The only failed phase is skipped:" if count == 1 else "All 2 failed phases are skipped:"
        assert line in skipped.splitlines()


def test_the_lists_and_the_doctor_say_one_as_one(sqlite_project: Workplace) -> None:
    sqlite_project.configure(source={"where": "run_id <> 'x'"})
    sqlite_project.fail("r/1~fail")
    sqlite_project.add(("r", "q", 1, "QUEUED", None))
    for argv in (
        ["doctor"], ["clusters"], ["--dry", "drain-all"], ["drain"], ["--dry", "triage"], ["sessions", "--top=1"], ["prune", "--older-than=1d"],
        ["resume"], ["demo"], ["accept", "--run-id=r", "--reason=x"], ["hint", "--run-id=r", "--priority=1"], ["drain"],
    ):  # fmt: skip
        ran = sqlite_project.inv(*argv)
        assert WRONG.search(ran.out + ran.err) is None, ran


def test_a_phase_that_finds_the_batch_full_is_said_to_in_every_line_of_a_plan() -> None:
    rows = [("r", str(number), number, "FAILED", None) for number in range(3)]
    with scripted_project(rows, {"batch_size": 1}) as project:
        said = project.call(drain_failed, DrainFlags(dry_run=True, explain=True)).splitlines()
        assert "Would drain 1 of 3: 0 are skipped, 2 do not fit into the batch" in said
        assert [line for line in said if line.startswith("  - ")] == [
            f"  - r / {number}: does not fit into the batch: 1 phase comes first" for number in (1, 2)
        ]
        assert "        2 do not fit into the batch" in said
        assert not any("skipped by batch" in line for line in said)
