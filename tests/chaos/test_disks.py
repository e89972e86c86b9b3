"""Disks that are full, closed or broken, and commands that would fill them: what ended is kept, nothing stays held."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchdrain.sessions.late_saver import LAG_S
from tests.chaos.checker import REASON, still_running
from tests.chaos.disk import Disk, mounted, ran, start
from tests.chaos.faults import repeated
from tests.chaos.test_commands import FLOOD
from tests.chaos.test_interrupts import FIRST, said
from tests.support.workplace import DEADLINE_S, TASKS, Beside, Ran, Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")

NAMES = ["a/p", "b/p~until=go", "c/p"]
WITHOUT_OVERRIDE = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]
"""root may write everywhere: these capabilities are why."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with mounted(tmp_path / "disk") as found:
        yield found


@pytest.fixture
def obedient() -> list[str]:
    """What to write before a command so that the modes of files bind it."""
    if os.geteuid():
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write to everything, and there is no setpriv to take that right away")
    return WITHOUT_OVERRIDE


def prepared(place: Workplace, prefix: list[str]) -> tuple[Beside, bytes]:
    """A drain whose first phase is recorded and whose second one runs; and the session's file as it is then."""
    place.configure(**FIRST)
    place.fail(*NAMES, reason=REASON)
    drain = start(place, prefix, "drain")
    said(place, "waiting")
    [path] = place.session_files()
    before = path.read_bytes()
    assert json.loads(before)["total_processed"] == 1
    wait_for(lambda: time.time() - path.stat().st_mtime > LAG_S, "the next result to be written at once, however quick it is")
    return drain, before


def let_it_end(place: Workplace, drain: Beside) -> Ran:
    (place.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert (b"Traceback" in err, list(still_running(place))) == (False, []), err.decode()
    return Ran(drain.wait(), out.decode(), err.decode())


def on_disk(tmp_path: Path, disk: Disk) -> Workplace:
    """A project whose database lies on the disk."""
    root, path = tmp_path / "project", disk.path / "work.db"
    root.mkdir()
    path.touch()
    place = Workplace(root=root, url=f"sqlite:///{path}")
    place.make_table()
    return place


def kept(place: Workplace) -> None:
    """The ended phase is recorded, the next one was not claimed, nobody holds anything."""
    assert place.states() == dict(zip(NAMES, ["COMPLETE", "COMPLETE", "FAILED"], strict=True))
    assert free(place)


def free(place: Workplace) -> bool:
    """Whether nobody holds anything."""
    return place.sql("SELECT owner FROM batchdrain_claim WHERE owner IS NOT NULL") == []


def ends_well(place: Workplace) -> None:
    """`resume` completes the session; no command ran twice."""
    done = place.inv("resume")
    assert done.code == 0, (done.out, done.err)
    assert set(place.states().values()) == {"COMPLETE"}
    assert sorted(place.taken()) == sorted(NAMES)
    assert place.session()["status"] == "complete"
    witness = [line.split()[0] for line in (place.root / "witness.txt").read_text().splitlines()]
    assert sorted(witness) == sorted(NAMES)


@repeated(34, cases=3)
@pytest.mark.everyday("sqlite", "postgresql")
def test_a_full_disk_of_the_sessions_keeps_the_old_file_and_the_new_result(project: Workplace, disk: Disk) -> None:
    (project.root / ".autonomous_runs").symlink_to(disk.path)
    drain, before = prepared(project, [])
    disk.fill()

    told = let_it_end(project, drain)

    assert (told.code, "No space left on device" in told.err, "inv resume" in told.err) == (74, True, True), told
    assert project.session_files()[0].read_bytes() == before
    kept(project)
    disk.make_room()
    ends_well(project)


@repeated(34, cases=3)
def test_output_that_fills_the_disk_fails_its_phase_and_ends_the_drain(project: Workplace, disk: Disk) -> None:
    (project.root / ".autonomous_runs").symlink_to(disk.path)
    project.configure(command={"argv": [sys.executable, "-c", FLOOD]})
    project.fail("a/p", "b/p", reason=REASON)

    told = project.inv("drain")

    assert (told.code, "No space left on device" in told.err, "Traceback" in told.err) == (74, True, False), told
    assert project.sql("SELECT outcome FROM batchdrain_attempt") == [("failed",)]
    assert set(project.states().values()) == {"FAILED"}
    assert free(project)
    json.loads(project.session_files()[0].read_bytes())


@repeated(34)
def test_a_full_disk_of_the_database_loses_no_result(tmp_path: Path, disk: Disk) -> None:
    place = on_disk(tmp_path, disk)
    drain, _ = prepared(place, [])
    disk.fill()

    (place.root / "go").touch()
    code, _ = ended(drain)

    assert code in {74, 75}
    disk.make_room()
    with sqlite3.connect(disk.path / "work.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    ends_well(place)


@repeated(35, cases=3)
def test_a_limit_on_the_size_of_files_is_as_a_full_disk(project: Workplace) -> None:
    drain, before = prepared(project, [])
    resource.prlimit(drain.pid, resource.RLIMIT_FSIZE, (0, 0))

    told = let_it_end(project, drain)

    assert (told.code, project.session_files()[0].read_bytes()) == (74, before), told
    if not project.url.startswith("sqlite"):  # its file is limited too: the guardian keeps the result
        kept(project)
    ends_well(project)


@repeated(37, cases=3)
def test_no_more_descriptors_in_the_middle_hold_nothing(project: Workplace) -> None:
    drain, _ = prepared(project, [])
    taken = {int(name) for name in os.listdir(f"/proc/{drain.pid}/fd")}
    least = min(set(range(len(taken) + 1)) - taken)
    resource.prlimit(drain.pid, resource.RLIMIT_NOFILE, (least, least))

    told = let_it_end(project, drain)

    assert told.code in {0, 74}, told
    assert project.states()["b/p~until=go"] == "COMPLETE"
    assert free(project)
    if told.code:
        ends_well(project)


def test_a_folder_of_sessions_that_is_closed_in_the_middle_keeps_the_result(project: Workplace, obedient: list[str]) -> None:
    drain, before = prepared(project, obedient)
    project.sessions.chmod(0o500)

    told = let_it_end(project, drain)

    project.sessions.chmod(0o700)
    assert (told.code, "Permission denied" in told.err) == (74, True), told
    assert project.session_files()[0].read_bytes() == before
    kept(project)
    ends_well(project)


@repeated(29, cases=2)
@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_sqlite_database_that_can_only_be_read_is_told_and_left_as_it_was(
    sqlite_project: Workplace, obedient: list[str], closed: str
) -> None:
    sqlite_project.fail("r/p", reason=REASON)
    path = Path(sqlite_project.engine.url.database or "")
    before, target = path.read_bytes(), path if closed == "file" else path.parent
    target.chmod(0o500)
    try:
        told = ran(sqlite_project, obedient, "drain")
    finally:
        target.chmod(0o700)

    assert (told.code, "Traceback" in told.err, str(path) in told.err) == (78, False, True), told
    assert path.read_bytes() == before


@repeated(29)
def test_a_sqlite_database_on_a_disk_that_is_mounted_to_be_read_is_told(tmp_path: Path, disk: Disk) -> None:
    place = on_disk(tmp_path, disk)
    place.fail("r/p", reason=REASON)
    disk.only_to_be_read()

    told, seen = place.inv("drain"), place.inv("dry-run")

    assert (told.code, "Traceback" in told.err, str(disk.path) in told.err) == (78, False, True), told
    assert (seen.code, "Would drain 1 of 1" in seen.out) == (0, True), seen
    assert sorted(path.name for path in disk.path.iterdir()) == ["work.db"]
    assert not list(place.sessions.glob("*.json"))


@repeated(29)
def test_a_sqlite_database_on_a_disk_of_the_network_is_refused_and_told_by_doctor(tmp_path: Path, disk: Disk) -> None:
    """Its disk is of this machine: for this project a tmpfs counts as one of the network."""
    place = on_disk(tmp_path, disk)
    place.fail("r/p", reason=REASON)
    widened = "from batchdrain.database import network_disk\nnetwork_disk.NETWORK = network_disk.NETWORK | {'tmpfs'}\n"
    (place.root / "tasks.py").write_text(widened + TASKS)

    told, doctor = place.inv("drain"), place.inv("doctor")

    for text, code in ((told.err, told.code), (doctor.out, doctor.code)):
        assert (code, f"is on a network file system (tmpfs at {disk.path})" in text) == (78, True), text
    assert place.phases() == {"r/p": ("FAILED", REASON)}
    assert sorted(path.name for path in disk.path.iterdir()) == ["work.db"]


@repeated(34, cases=3)
def test_temporary_files_that_can_not_be_written_are_not_missed(project: Workplace, disk: Disk) -> None:
    disk.fill()
    project.fail("a/p", "b/p", reason=REASON)
    full = {name: str(disk.path) for name in ("TMPDIR", "SQLITE_TMPDIR")}

    ran = project.inv("drain", env=full)

    assert ran.code == 0, ran.err
    assert set(project.states().values()) == {"COMPLETE"}


@repeated(30, cases=2)
@pytest.mark.parametrize("how", ["overwritten", "truncated"])
def test_a_sqlite_database_that_breaks_in_the_middle_ends_the_drain_in_order(sqlite_project: Workplace, how: str) -> None:
    drain, _ = prepared(sqlite_project, [])
    path = Path(sqlite_project.engine.url.database or "")
    sqlite_project.sql("UPDATE phases SET note = 'changed'")  # whoever cached a page has to read it again
    for file in (path, path.with_name(f"{path.name}-wal")):
        size = file.stat().st_size
        with file.open("r+b") as opened:
            opened.write(b"\xa5" * size) if how == "overwritten" else opened.truncate()

    (sqlite_project.root / "go").touch()
    code, out = ended(drain)

    assert (code, out.count("✓ Success")) == (74, 1)
    session = sqlite_project.session()
    assert (session["status"], session["total_processed"]) == ("interrupted", 1)
    broken = path.read_bytes()
    assert sqlite_project.inv("resume").code in {74, 78}
    assert path.read_bytes() == broken


@pytest.mark.parametrize("most", [10, 12])
def test_too_few_descriptors_are_told_and_hold_nothing(project: Workplace, most: int) -> None:
    project.fail("r/p", "s/p", reason=REASON)

    told = ran(project, ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh"], "drain", "--workers=2")

    assert (told.code, "Too many open files" in told.err, "Traceback" in told.err) == (74, True, False), told
    assert set(project.phases().values()) <= {("FAILED", REASON), ("COMPLETE", None)}
    assert free(project)
    assert list(still_running(project)) == []
    assert project.inv("drain").code == 0
