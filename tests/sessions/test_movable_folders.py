"""Folders in whose place others may put another one: refused, and never written through."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import pytest

from batchdrain.runtime import folders
from tests.chaos.faults import fault
from tests.cli.telling import told
from tests.support.strangers import STRANGER, do_as, give, inv_as
from tests.support.workplace import Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")

WAITS = "import os, pathlib, time\npathlib.Path('started').touch()\nwhile not os.path.exists('go'): time.sleep(0.02)"


@pytest.fixture
def shared(sqlite_project: Workplace, tmp_path: Path) -> Path:
    """A folder above that of the sessions, which is ours so far."""
    folder = tmp_path / "shared"
    (folder / "state").mkdir(parents=True)
    folder.chmod(0o755)
    sqlite_project.configure(session_dir=str(folder / "state" / "sessions"))
    sqlite_project.fail("r/a")
    return folder


@fault(82)
@pytest.mark.parametrize("exists", [True, False], ids=["there", "to be made"])
def test_a_folder_below_one_that_everybody_may_write_is_refused(
    sqlite_project: Workplace, shared: Path, exists: bool
) -> None:
    if exists:
        assert sqlite_project.inv("dry-run").code == 0
        (shared / "state" / "sessions").mkdir(mode=0o700)
    shared.chmod(0o777)
    for task in (["drain"], ["triage"]):
        sqlite_project.configure(triage={"argv": ["/bin/true"]})
        told(
            sqlite_project.inv(*task),
            74,
            "batchdrain.session_dir: ",
            f"{shared / 'state'} may be replaced by others",
            f"chmod go-w {shared}",
        )
    doctor = sqlite_project.inv("doctor")
    assert doctor.code == 78
    assert f"FAIL session_dir: {shared / 'state'} may be replaced by others" in doctor.out
    assert sqlite_project.states() == {"r/a": "FAILED"}
    shared.chmod(0o1777)
    assert sqlite_project.inv("drain").code == 0


@fault(82)
@pytest.mark.parametrize("owned", ["shared", "state"])
def test_a_folder_below_one_of_another_user_is_refused(sqlite_project: Workplace, shared: Path, owned: str) -> None:
    do_as(["true"])
    os.chown(shared if owned == "shared" else shared / "state", STRANGER, STRANGER)
    told(sqlite_project.inv("drain"), 74, "may be replaced by others", f"belongs to uid {STRANGER}", "below one of your own")
    assert sqlite_project.states() == {"r/a": "FAILED"}


@fault(82)
def test_root_may_own_what_lies_above(sqlite_project: Workplace, shared: Path) -> None:
    sqlite_project.configure(command={"argv": ["/bin/true"]})
    give(sqlite_project.root.parent)
    os.chown(shared, 0, 0)
    ran = inv_as(sqlite_project, "drain")
    assert ran.code == 0, ran.err


@fault(82)
@pytest.mark.parametrize("kind", ["link", "folder"])
def test_what_is_swapped_during_a_drain_is_not_written_to(
    sqlite_project: Workplace, shared: Path, tmp_path: Path, kind: str
) -> None:
    sqlite_project.configure(command={"argv": [sys.executable, "-c", WAITS]})
    do_as(["true"])
    victim = tmp_path / "victim"
    (victim / "sessions").mkdir(parents=True, mode=0o700)
    drain = sqlite_project.start("drain")
    wait_for((sqlite_project.root / "started").exists, "the command to run")
    shared.chmod(0o777)
    do_as(["mv", shared / "state", shared / "former"])
    do_as(["ln", "-s", victim, shared / "state"] if kind == "link" else ["mkdir", "-p", shared / "state" / "sessions"])
    (sqlite_project.root / "go").touch()

    code, _ = ended(drain)

    assert code == 74
    assert list((victim / "sessions").iterdir()) == []
    assert list((shared / "state" / "sessions").iterdir()) == []
    assert sqlite_project.states() == {"r/a": "COMPLETE"}
    do_as(["mv", shared / "state", shared / "planted"])
    do_as(["mv", shared / "former", shared / "state"])
    shared.chmod(0o755)
    resumed = sqlite_project.inv("resume")
    assert resumed.code == 0, resumed.err
    assert sqlite_project.states() == {"r/a": "COMPLETE"}


@fault(82)
def test_a_report_and_a_plan_follow_no_link_of_another_user(sqlite_project: Workplace, shared: Path, tmp_path: Path) -> None:
    do_as(["true"])
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    assert sqlite_project.inv("drain").code == 0
    shared.chmod(0o1777)
    do_as(["ln", "-s", victim, shared / "out"])
    do_as(["ln", "-s", tmp_path, shared / "way"])
    for flag in (f"--output={shared / 'out'}", f"--output={shared / 'way' / 'new.txt'}"):
        for task in ("summary", "dry-run"):
            told(sqlite_project.inv(task, flag), 74, "--output: ", "other users may redirect it")
    assert (victim.read_text(), (tmp_path / "new.txt").exists()) == ("mine", False)
    (shared / "ours").symlink_to(victim)
    assert sqlite_project.inv("summary", f"--output={shared / 'ours'}").code == 0
    assert victim.read_text().startswith("Batch") or "SUMMARY" in victim.read_text()


def acl(uid: int) -> bytes:
    """A list of access rights that lets one further user write, as the system keeps it."""
    entries = ((1, 7, -1), (2, 7, uid), (4, 5, -1), (16, 7, -1), (32, 5, -1))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


@fault(82)
def test_a_group_that_is_ours_alone_is_nobody_else(tmp_path: Path) -> None:
    """As many systems give each user one, and let it write by their umask."""
    if os.geteuid():
        pytest.skip("only root can give a folder to any group")
    above = tmp_path / "above"
    for name in ("first", "second", "third"):  # what was opened once is held and not walked to again
        (above / name).mkdir(parents=True)
    above.chmod(0o775)
    os.chown(above, 0, 0)
    os.close(folders.open_folder(above / "first", guarded=True))
    os.chown(above, 0, STRANGER)
    with pytest.raises(folders.MovableError, match="they may write to"):
        folders.open_folder(above / "second", guarded=True)
    os.chown(above, 0, 0)
    try:
        os.setxattr(above, "system.posix_acl_access", acl(STRANGER))
    except OSError:
        pytest.skip("this file system keeps no lists of access rights")
    with pytest.raises(folders.MovableError, match="they may write to"):
        folders.open_folder(above / "third", guarded=True)
