"""Real schedulers and workers of dask are killed, cut off and retired: nothing is executed twice, nothing is lost."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.chaos.checker import still_running, violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.proxy import Proxy
from tests.chaos.watching import started, watched
from tests.support.dask_cluster import Cluster, cluster
from tests.support.soaking import PART, soak
from tests.support.workplace import DEADLINE_S, Beside, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")

SHORT = {"ttl_s": 6.0, "beat_s": 0.5, "margin_s": 0.5}


def use(place: Workplace, found: Cluster, **options: object) -> None:
    """The project drains by this cluster, whose workers see none of our files."""
    engine = found.options_of_engine
    engine["engine_options"] |= {"shares_files": False, "connect_s": 5, **options}
    place.configure(lease=SHORT, **engine)


def settled(place: Workplace) -> None:
    """What is still held is settled within the lease and the grace time."""
    until = time.monotonic() + SHORT["ttl_s"] + 0.5 + DEADLINE_S / 4
    place.configure(engine="local", engine_options={})
    while place.sql("SELECT 1 FROM batchdrain_claim WHERE owner IS NOT NULL"):
        assert time.monotonic() < until, place.inv("recover").out
        place.inv("recover")
        time.sleep(0.2)


@contextmanager
def at_work(project: Workplace, folder: Path, act: str) -> Iterator[tuple[Cluster, Beside, Path]]:
    """Four commands that do `act` run on two workers. The cluster, the drain, and what is witnessed."""
    witness = watched(project, *(f"r{number}/p~{act}" for number in range(4)))
    with cluster(folder / "cluster", 2, 2) as found:
        use(project, found)
        drain = project.start("drain", "--workers=4")
        started(witness, 4)
        yield found, drain, witness


@fault(110)
def test_phases_are_executed_by_the_workers_of_a_cluster(project: Workplace, tmp_path: Path) -> None:
    witness = watched(project, *(f"r{number}/p~ms=20" for number in range(12)))
    with cluster(tmp_path / "cluster", 2, 2) as found:
        project.configure(**found.options_of_engine)
        ran = project.inv("drain", "--workers=4", "--batch-size=100")

    assert (ran.code, ran.err) == (0, ""), ran
    assert set(project.states().values()) == {"COMPLETE"}
    assert len(witnessed(witness)) == 24
    assert violations(project, witness, ran.out) == []


def test_without_an_address_a_cluster_of_our_own_executes(project: Workplace) -> None:
    witness = watched(project, *(f"r{number}/p~ms=20" for number in range(6)))
    project.configure(engine="dask")
    ran = project.inv("drain", "--workers=3")

    assert (ran.code, ran.err) == (0, ""), ran
    assert violations(project, witness, ran.out) == []


def drained_though_a_worker_dies(project: Workplace, folder: Path, *, phases: int, ms: int, threads: int) -> None:
    """Of two workers one is killed once half of the phases are executed."""
    witness = watched(project, *(f"r{number}/p~ms={ms}" for number in range(phases)))
    with cluster(folder / "cluster", threads, threads) as found:
        use(project, found)
        drain = project.start("drain", f"--workers={2 * threads}", f"--batch-size={phases}")
        half = phases // 2
        wait_for(lambda: sum(seen.word == "end" for seen in witnessed(witness)) >= half, "half of the phases to be executed")
        found.workers[0].kill()
        out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))
        settled(project)

    assert (drain.returncode in {0, 1, 75}, "Traceback" in err) == (True, False), (out, err)
    assert list(project.states().values()).count("COMPLETE") >= phases - 2 * threads
    assert violations(project, witness, out) == []


@pytest.mark.everyday("sqlite", "postgresql")
@fault(43)
@fault(112)
def test_of_a_hundred_phases_none_is_lost_or_doubled_when_a_worker_is_killed_half_way(
    project: Workplace, tmp_path: Path
) -> None:
    drained_though_a_worker_dies(project, tmp_path, phases=100, ms=50, threads=2)


@soak
@pytest.mark.skipif(PART < 1, reason="the gate has a hundred phases")
def test_of_four_hundred_phases_none_is_lost_or_doubled_when_a_worker_is_killed_half_way(
    project: Workplace, tmp_path: Path
) -> None:
    drained_though_a_worker_dies(project, tmp_path, phases=400, ms=200, threads=4)


@fault(44)
@fault(112)
def test_workers_that_come_and_go_lose_nothing_double_nothing_and_fail_nothing(project: Workplace, tmp_path: Path) -> None:
    witness = watched(project, *(f"r{number}/p~ms=300" for number in range(40)))
    with cluster(tmp_path / "cluster", 2) as found:
        use(project, found)
        found.add_worker("--lifetime", "4s", threads=2)
        drain = project.start("drain", "--workers=4", "--batch-size=40")
        wait_for(lambda: found.workers[1].poll() is not None, "a worker to retire")
        found.add_worker(threads=2)
        out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))

    assert (drain.returncode, "Traceback" in err) == (0, False), (out, err)
    assert set(project.states().values()) == {"COMPLETE"}
    assert violations(project, witness, out) == []


@fault(116)
def test_ctrl_c_ends_the_commands_of_all_workers_within_the_grace_time_and_five_seconds(
    project: Workplace, tmp_path: Path
) -> None:
    with at_work(project, tmp_path, "until=never") as (_, drain, witness):
        begun = time.monotonic()
        drain.send_signal(signal.SIGINT)
        out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))
        took_s = time.monotonic() - begun
        settled(project)

    assert (drain.returncode, "Traceback" in err) == (130, False), (out, err)
    assert took_s < 0.5 + 5 + 2, took_s
    assert set(project.states().values()) == {"FAILED"}
    assert violations(project, witness, out) == []


@fault(45)
@fault(113)
def test_when_the_scheduler_is_killed_every_command_ends_before_its_claim_is_given_back(
    project: Workplace, tmp_path: Path
) -> None:
    with at_work(project, tmp_path, "until=never") as (found, drain, witness):
        assert found.scheduler is not None
        found.scheduler.kill()
        out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))
        alive = list(still_running(project))
        settled(project)

    assert (drain.returncode, "the connection to the scheduler was lost" in out + err) == (75, True), (out, err)
    assert alive == []
    assert set(project.states().values()) == {"FAILED"}
    assert violations(project, witness, out) == []


@fault(113)
def test_what_ends_after_the_schedulers_death_is_read_from_the_spool(project: Workplace, tmp_path: Path) -> None:
    witness = watched(project, "a/p~until=go", "b/p~until=go")
    with cluster(tmp_path / "cluster", 2) as found:
        use(project, found, shares_files=True)
        drain = project.start("drain", "--workers=2")
        started(witness, 2)
        assert found.scheduler is not None
        found.scheduler.kill()
        (project.root / "go").touch()
        out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))

    assert (drain.returncode, "Traceback" in err) == (0, False), (out, err)
    assert set(project.states().values()) == {"COMPLETE"}
    assert violations(project, witness, out) == []


@fault(115)
def test_the_commands_of_a_controller_that_is_killed_end_before_its_lease_is_over(project: Workplace, tmp_path: Path) -> None:
    with at_work(project, tmp_path, "hang=1") as (_, drain, witness):
        os.killpg(drain.pid, signal.SIGKILL)
        drain.communicate(timeout=DEADLINE_S)
        wait_for(lambda: not list(still_running(project)), "the end of all commands")
        early = project.sql("SELECT 1 FROM batchdrain_claim WHERE owner IS NOT NULL")
        settled(project)
        ran = project.inv("drain")

    assert len(early) == 4
    assert ran.code == 0, ran
    assert set(project.states().values()) == {"COMPLETE"}
    assert violations(project, witness, ran.out) == []


@fault(114)
def test_a_worker_that_is_cut_off_ends_its_command_and_the_phase_is_executed_elsewhere(
    project: Workplace, tmp_path: Path
) -> None:
    witness = watched(project, "a/p~until=go", "b/p~until=go")
    with cluster(tmp_path / "cluster", 1) as found:
        use(project, found)
        to_scheduler = Proxy("127.0.0.1", urlsplit(found.address).port or 0)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        to_worker = Proxy("127.0.0.1", port)
        here = ("--listen-address", f"tcp://127.0.0.1:{port}", "--contact-address", f"tcp://127.0.0.1:{to_worker.port}")
        found.add_worker(*here, threads=1, scheduler=f"tcp://127.0.0.1:{to_scheduler.port}")
        drain = project.start("drain", "--workers=2")
        started(witness, 2)
        for wire in (to_scheduler, to_worker):
            wire.silence()
        wait_for(lambda: len(list(still_running(project))) == 1, "the command beyond the wire to end")
        held = project.sql("SELECT 1 FROM batchdrain_claim WHERE owner IS NOT NULL")
        (project.root / "go").touch()
        out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))
        settled(project)
        ran = project.inv("drain")

    assert len(held) == 2
    assert (drain.returncode in {0, 1, 75}, "Traceback" in err) == (True, False), (out, err)
    assert ran.code == 0, ran
    assert set(project.states().values()) == {"COMPLETE"}
    assert violations(project, witness, out + ran.out) == []


def test_doctor_names_versions_workers_threads_and_executes_true_on_each(sqlite_project: Workplace, tmp_path: Path) -> None:
    watched(sqlite_project, "a/p~ms=1")
    with cluster(tmp_path / "cluster", 2, 1) as found:
        use(sqlite_project, found)
        ran = sqlite_project.inv("doctor")

    assert ran.code == 0, ran
    assert f"ok   engine: connected to {found.address}; scheduler: python " in ran.out
    assert "ok   engine: there: 2 workers with 3 threads" in ran.lines
    assert sum("executes `true`" in line for line in ran.lines) == 2


def test_the_result_and_the_summary_name_the_host(sqlite_project: Workplace, tmp_path: Path) -> None:
    watched(sqlite_project, "a/p~ms=1", "b/p~fail")
    with cluster(tmp_path / "cluster", 1) as found:
        use(sqlite_project, found)
        ran = sqlite_project.inv("drain")
    host = socket.gethostname()

    assert [result["host"] for result in sqlite_project.session()["results"]] == [host, host]
    assert [event["host"] for event in sqlite_project.events() if event["event"] == "phase.finished"] == [host, host]
    assert ran.lines[ran.lines.index("Results by Host:") + 1] == f"  {host}: 1/2 succeeded"
