"""Clocks that jump: the host's, the database's, and the machine's own while it sleeps."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.order import EndedBy
from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import repeated
from tests.chaos.watching import started, watched
from tests.execution.orders import HANG, Make, guarded
from tests.execution.orders import order as order  # noqa: PLC0414 - a fixture
from tests.execution.sleep import sleeps_once_there_is
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

# A policy is code of the user's in our process: this one turns the clock with every look.
JUMPING = """
from datetime import UTC, datetime, timedelta
from itertools import cycle
from batchdrain.runtime import clock

steps = cycle([timedelta(days=-1), timedelta(days=1), timedelta(seconds=-1), timedelta(0)])
clock.now = lambda: datetime.now(UTC) + next(steps)

def jumping(lane, now):
    return 0
"""


@repeated(39, cases=3)
def test_a_host_clock_that_jumps_changes_no_duration_and_no_result(project: Workplace) -> None:
    names = [f"r{number}/p~ms=20" for number in range(4)]
    witness = watched(project, *names, policy=["jumping:jumping", "smart"])
    (project.root / "jumping.py").write_text(JUMPING)
    ran = project.inv("drain", env={"PYTHONPATH": str(project.root)})

    assert ran.code == 0, ran.err
    assert violations(project, witness, ran.out) == []
    assert all(0 < result["duration_s"] < DEADLINE_S for result in project.session()["results"])
    assert "ago" not in project.inv("sessions").out
    assert project.inv("summary").code == 0


@repeated(40, cases=6)
@pytest.mark.parametrize("by_ms", [-86_400_000, 86_400_000])
def test_a_database_clock_that_jumps_takes_no_phase_from_a_living_controller(project: Workplace, by_ms: int) -> None:
    """Where the lease seems to be over, but controller and guardian live: also before the next beat sets it right."""
    witness = watched(project, "a/p~until=go", lease={"ttl_s": 3600, "beat_s": 1200, "margin_s": 1})
    drain = project.start("drain")
    started(witness, 1)
    project.sql("UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms + :by", [{"by": by_ms}])
    other = project.inv("recover")
    (project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert "0 recovered" in other.out, (other.out, other.err)
    assert drain.returncode == 0, (out, err)
    assert violations(project, witness, out.decode()) == []
    assert [seen.word for seen in witnessed(witness)] == ["start", "end"]


@repeated(41)
def test_a_machine_that_slept_beyond_the_lease_ends_the_command_when_it_wakes(
    order: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guardian measures by the time since boot, in which sleep counts; an hour of it passes here at once."""
    slept = tmp_path / "slept"
    sleeps_once_there_is(slept, monkeypatch)
    pool, endings = GuardianPool(), []
    wanted = replace(guarded(order(HANG, grace_s=0.2), tmp_path, lease_s=600), timeout_s=100_000)
    waiting = threading.Thread(target=lambda: endings.append(pool.execute(wanted)))
    waiting.start()
    wait_for((tmp_path / "up").exists, "the command to run")
    slept.touch()
    waiting.join(DEADLINE_S)
    pool.close()

    assert endings[0].by is EndedBy.LEASE


@repeated(41)
def test_a_machine_that_slept_beyond_lease_and_grace_leaves_no_more_grace(
    order: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who came after it may execute the phase already."""
    slept = tmp_path / "slept"
    sleeps_once_there_is(slept, monkeypatch)
    pool, endings = GuardianPool(), []
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('up', 'w'); time.sleep(600)"
    wanted = replace(guarded(order(deaf, grace_s=1200), tmp_path, lease_s=600), timeout_s=100_000)
    waiting = threading.Thread(target=lambda: endings.append(pool.execute(wanted)), daemon=True)
    waiting.start()
    wait_for((tmp_path / "up").exists, "the command to run")
    slept.touch()
    waiting.join(DEADLINE_S)
    pool.close()

    assert [(ending.by, ending.signal) for ending in endings] == [(EndedBy.LEASE, signal.SIGKILL)]


def test_the_machine_s_sleep_is_counted_by_the_clock_that_leases_use() -> None:
    """In a time namespace the time since boot is another: nothing else moves."""
    program = "from batchdrain.execution.guardian.wire import boottime_ms; print(boottime_ms())"
    asked = ["unshare", "-T", "--boottime", "1000000", sys.executable, "-c", program]
    try:
        there = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine allows no time namespaces")
    here = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert 990_000_000 < int(there.stdout) - int(here.stdout) < 1_010_000_000


def test_a_session_of_the_future_is_still_the_newest(sqlite_project: Workplace) -> None:
    """The clock went back since: what is newest is not asked of the clock, and ages are never negative."""
    sqlite_project.fail("a/p", "a/q~fail")
    (sqlite_project.root / "jumping.py").write_text(JUMPING.replace("days=-1", "days=3650"))
    sqlite_project.configure(policy=["jumping:jumping", "smart"])
    assert sqlite_project.inv("drain", env={"PYTHONPATH": str(sqlite_project.root)}).code in {0, 1}
    sqlite_project.configure(policy=["smart"])
    session = sqlite_project.session()
    assert datetime.fromisoformat(session["started_at"])
    assert session["session_id"] in sqlite_project.inv("summary").out


@repeated(42)
def test_a_leap_second_in_a_session_s_file_loses_no_result(sqlite_project: Workplace) -> None:
    """Python knows none: the file is put aside, and the session is made anew from the ledger."""
    sqlite_project.fail("a/p", "a/q~fail")
    assert sqlite_project.inv("drain").code == 1
    [path] = sqlite_project.session_files()
    path.write_text(path.read_text().replace(sqlite_project.session()["started_at"], "2016-12-31T23:59:60Z"))
    told = sqlite_project.inv("summary")
    until = sqlite_project.inv("accept", "--run-id=a", "--reason=known", "--until=2016-12-31T23:59:60Z")

    assert (told.code, "Total Processed: 2" in told.out) == (0, True), told
    assert (until.code, "got '2016-12-31T23:59:60Z'" in until.err) == (2, True)
    assert sqlite_project.inv("resume", "--session-id", path.stem).code == 1
    assert sorted(sqlite_project.taken()) == ["a/p", "a/q~fail"]
    assert [kept.name for kept in sqlite_project.sessions.glob("*.corrupt-*")] == [f"{path.name}.corrupt-1"]
