"""Several controllers at once: each phase is executed once, and who lost its lease writes nothing."""

from __future__ import annotations

import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from sqlalchemy.exc import OperationalError

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import repeated
from tests.chaos.watching import is_stopped, running, started, watched
from tests.execution.sleep import tasks_that_sleep_once_there_is
from tests.support.soaking import PART
from tests.support.workplace import DEADLINE_S, INV, TASKS, Beside, Workplace, wait_for

EVERYDAY_PHASES, PHASES = 100, 500 if PART == 1 else 200
LONG = {"ttl_s": 600, "beat_s": 0.5, "margin_s": 0.5}
"""A lease that is over when the test says so, however slow the machine is."""


@repeated(17)
@pytest.mark.timeout(600)
def test_controllers_on_one_database_share_the_work_and_execute_each_phase_once(project: Workplace, again: int) -> None:
    """Every day two of them; the gate tries eight too, the whole soak four."""
    controllers = (2, 8, 4)[again % 3]
    names = [f"run{number % 10}/p{number}~ms=1" for number in range(EVERYDAY_PHASES if again == 0 else PHASES)]
    witness = watched(project, *names)
    with ThreadPoolExecutor(controllers) as pool:
        ran = list(pool.map(lambda _: project.inv("drain", "--batch-size=1000"), range(controllers)))

    assert [(one.code, one.err) for one in ran] == [(0, "")] * controllers
    assert violations(project, witness, "".join(one.out for one in ran)) == []
    assert sorted(seen.name for seen in witnessed(witness) if seen.word == "end") == sorted(names)
    assert project.sql("SELECT count(*), count(DISTINCT session_uid) > 1 FROM batchdrain_attempt") == [(len(names), True)]


@repeated(19)
def test_of_two_resumes_of_one_session_the_second_refuses_and_names_the_first(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang", "b/q~ms=1")
    first = sqlite_project.start("drain")
    started(witness, 1)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=DEADLINE_S)

    one = sqlite_project.start("resume")
    started(witness, 2)
    [(holder, _)] = running(sqlite_project)
    other = sqlite_project.inv("resume", "--session-id", sqlite_project.session()["session_id"])
    one.send_signal(signal.SIGINT)
    one.communicate(timeout=DEADLINE_S)

    assert (other.code, f"process {holder}" in other.err) == (73, True)


def lease_is_over(place: Workplace) -> None:
    """By the database's clock."""
    place.sql("UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms - 3600000")


def stop_between_writes(place: Workplace, drains: list[Beside]) -> None:
    """One that is stopped within a transaction keeps its lock, and nobody could write: it goes on then, and is stopped again."""
    while True:
        for drain in drains:
            drain.send_signal(signal.SIGSTOP)
        wait_for(lambda: all(is_stopped(drain.pid) for drain in drains), "the controllers to be stopped")
        try:
            place.sql("UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms")
        except OperationalError:
            for drain in drains:
                drain.send_signal(signal.SIGCONT)
        else:
            return


@repeated(9, each=5)
@pytest.mark.timeout(300)
def test_a_controller_that_is_stopped_beyond_its_lease_is_succeeded_and_writes_nothing(project: Workplace) -> None:
    """Its guardian ends the command while it can't; another one drains the phase; when it wakes up it is fenced."""
    names = [f"run{number}/p~hang=1" for number in range(5)]
    witness = watched(project, *names, lease=LONG)
    slept = project.root / "slept"
    (project.root / "tasks.py").write_text(tasks_that_sleep_once_there_is(slept, TASKS))
    drains = [project.start("drain", f"--run-id=run{number}") for number in range(len(names))]
    started(witness, len(names))
    guardians = [guardian for _, guardian in running(project)]
    stop_between_writes(project, drains)
    slept.touch()
    wait_for(lambda: not any(map(psutil.pid_exists, guardians)), "the guardians to end what nobody renews")
    slept.unlink()
    lease_is_over(project)
    assert "0 still held." in project.inv("recover").out
    heir = project.inv("drain")
    before = project.phases()
    for drain in drains:
        drain.send_signal(signal.SIGCONT)
    said = [drain.communicate(timeout=DEADLINE_S) for drain in drains]

    assert heir.code == 0, heir.err
    assert [drain.returncode for drain in drains] == [76] * len(drains), said
    assert project.phases() == before
    assert set(project.states().values()) == {"COMPLETE"}
    assert violations(project, witness, heir.out) == []


def test_a_controller_of_another_machine_is_judged_by_its_lease_alone(project: Workplace) -> None:
    """Equal pids mean nothing there: neither is it taken for dead, nor is anything killed for it."""
    witness = watched(project, "a/p~hang=1", lease=LONG)
    drain = project.start("drain")
    started(witness, 1)
    [(_, guardian)] = running(project)
    project.sql("UPDATE batchdrain_claim SET host_id = 'another-boot:1'")
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)

    early = project.inv("recover")
    lease_is_over(project)
    later = project.inv("recover")

    assert "0 still held." in later.out
    assert ("0 recovered, 1 still held." in early.lines, "is of another machine" in early.out) == (True, True)
    wait_for(lambda: not psutil.pid_exists(guardian), "its own guardian to end the command")
    assert violations(project, witness, "") == []


@repeated(16)
def test_a_controller_in_another_pid_namespace_of_this_machine_is_not_taken_for_dead(sqlite_project: Workplace) -> None:
    """Its pids mean nothing there: a container on the same host."""
    apart = ["unshare", "--pid", "--fork", "--mount-proc"]
    if shutil.which("unshare") is None or subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no pid namespace can be made here")
    witness = watched(sqlite_project, "a/p~hang")
    drain = sqlite_project.start("drain")
    started(witness, 1)
    ran = subprocess.run(
        [*apart, *INV, "recover"], cwd=sqlite_project.root, env=sqlite_project.environ(), capture_output=True, check=False
    )
    assert b"0 recovered, 1 still held." in ran.stdout, ran
    assert b"is of another machine" in ran.stdout
    drain.terminate()
    drain.communicate(timeout=DEADLINE_S)
    assert violations(sqlite_project, witness, "") == []
