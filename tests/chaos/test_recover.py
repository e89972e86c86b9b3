"""What is held is shown, and `inv recover` settles it without starting work."""

from __future__ import annotations

import subprocess
import time

import psutil
import pytest

from tests.chaos.faults import fault
from tests.chaos.watching import running, started, watched
from tests.support.soaking import share, soak
from tests.support.workplace import DEADLINE_S, INV, Workplace, wait_for

LONG = ["drain", "--batch-size=100000", "--workers=4", "--quiet"]
RESULT_BYTES = 8_000
"""What a result of the session may cost: it stays in memory."""
SLACK_BYTES = 8_000_000


def test_what_is_held_is_shown_by_sessions_and_doctor(project: Workplace) -> None:
    witness = watched(project, "a/p~hang", "b/q~ms=1")
    drain = project.start("drain")
    started(witness, 1)
    [(controller, _)] = running(project)

    listed, as_json, doctor, quiet = (project.inv(*argv) for argv in (
        ["sessions"], ["sessions", "--format=json"], ["doctor"], ["recover"],
    ))  # fmt: skip
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)
    dead = project.inv("sessions")

    assert f"  holds a / p~hang: attempt 1, process {controller} runs; its lease lasts" in listed.out
    assert [held["alive"] for held in as_json.json()[0]["held"]] == [True]
    assert f"held now: a / p~hang: attempt 1, process {controller} runs" in doctor.out
    assert "0 recovered, 1 still held." in quiet.lines
    assert "is dead: `inv recover` releases it" in " ".join(dead.out.split()), "which may take two lines"


def test_recover_starts_no_work_and_a_dry_one_changes_nothing(project: Workplace) -> None:
    witness = watched(project, "a/p~hang", "b/q~ms=1")
    drain = project.start("drain", "--run-id=a")
    started(witness, 1)
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)

    dry = project.inv("--dry", "recover")
    before = project.states()
    real = project.inv("recover")
    again = project.inv("recover")

    assert dry.out.startswith("Would be released: a / p~hang: attempt 1, process "), dry
    assert "; it would be FAILED\n1 would be recovered, 0 still held. Nothing was written.\n" in dry.out
    assert "inv recover" not in dry.out, "it is what was asked about"
    assert before == {"a/p~hang": "EXECUTING", "b/q~ms=1": "FAILED"}
    assert project.states() == {"a/p~hang": "FAILED", "b/q~ms=1": "FAILED"}
    assert (real.lines[-1], again.lines) == ("1 recovered, 0 still held.", ["0 recovered, 0 still held."])


def test_recover_without_a_ledger_makes_none(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/p")
    assert sqlite_project.inv("recover").lines == ["0 recovered, 0 still held."]
    assert sqlite_project.sql("SELECT count(*) FROM sqlite_master WHERE name LIKE 'batchdrain%'") == [(0,)]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("phases", [200, pytest.param(share(10_000), marks=[soak, fault(48)])])
def test_a_long_drain_opens_no_more_and_more(project: Workplace, phases: int) -> None:
    """Descriptors, threads and memory of the controller, while it drains many phases with several workers."""
    # Heartbeats and readings, which have connections of their own, come in both halves, however slow the machine is.
    project.configure(command={"argv": ["/bin/true"]}, lease={"ttl_s": 30, "beat_s": 0.2, "margin_s": 1}, refresh_s=0.5)
    project.fail(*(f"r{number % 50}/p{number}" for number in range(phases)))
    # Not forked from an interpreter that stands ready: its memory is to be its own.
    drain = subprocess.Popen([*INV, *LONG], cwd=project.root, env=project.environ())
    seen: list[tuple[int, int, float]] = []
    wait_for(
        lambda: project.sql("SELECT count(*) FROM phases WHERE state = 'COMPLETE'") > [(50,)], "the drain to be under way"
    )
    while drain.poll() is None:
        count = _used(drain.pid)
        if count is not None:
            seen.append(count)
        time.sleep(0.01)  # a core is the drain's

    half = len(seen) // 2
    assert drain.returncode == 0
    assert half > 5
    for what, at_once in ((0, 12), (1, 3)):  # a reading does not see all that four workers hold open for a moment
        assert max(count[what] for count in seen[half:]) <= max(count[what] for count in seen[:half]) + at_once
    assert seen[0][2] < 100
    growth = max(count[2] for count in seen[half:]) - max(count[2] for count in seen[:half])
    assert growth * 1e6 < phases / 2 * RESULT_BYTES + SLACK_BYTES


def _used(pid: int) -> tuple[int, int, float] | None:
    """Descriptors, threads, megabytes."""
    try:
        process = psutil.Process(pid)
        return process.num_fds(), process.num_threads(), process.memory_info().rss / 1e6
    except psutil.Error:
        return None
