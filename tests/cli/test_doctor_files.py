"""What `inv doctor` says of folders, programs and numbers in settings files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from batchdrain.cli.commands.doctor import session_dir_check
from batchdrain.database import network_disk
from tests.cli.test_doctor import look
from tests.support.workplace import Workplace


@pytest.fixture
def project(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("a/p", "b/p", reason="disk full")
    return sqlite_project


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that the machine says to be of NFS."""
    device = tmp_path.stat().st_dev
    table = tmp_path / "mountinfo"
    table.write_text(f"36 35 {os.major(device)}:{os.minor(device)} / /mnt/our\\040share rw - nfs4 server:/share rw\n")
    monkeypatch.setattr(network_disk, "_MOUNTS", table)
    folder = tmp_path / "sessions"
    folder.mkdir(mode=0o700)
    return folder


def test_sessions_on_a_disk_of_the_network_are_a_warning(mounted: Path) -> None:
    found = [one for one in session_dir_check.check_session_dir(mounted) if one.is_warning]
    assert "is on a network file system (nfs4 at /mnt/our share)" in found[0].message


def test_sessions_without_room_are_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 5_000_000, "total": 9_000_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    (tmp_path / "s").mkdir(mode=0o700)
    found = [one.message for one in session_dir_check.check_session_dir(tmp_path / "s") if one.is_warning]
    assert any(message.startswith("5 MB are free at ") for message in found)


def test_sessions_on_a_full_disk_are_a_problem_and_nothing_is_said_to_be_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 300_000, "total": 9_000_000_000}))
    (tmp_path / "s").mkdir(mode=0o700)
    [found] = session_dir_check.check_session_dir(tmp_path / "s")
    assert (found.ok, found.message) == (False, f"there is no free space at {tmp_path / 's'}: a drain keeps its logs there")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_sessions_where_the_kernel_keeps_no_files_are_a_problem_as_a_drain_fails_there(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.configure(session_dir="/proc/sessions")
    said, drained = sqlite_project.inv("doctor"), sqlite_project.inv("drain")
    assert said.code != 0, said
    assert drained.code != 0, drained
    [line] = [line for line in said.lines if " session_dir: " in line]
    assert line.startswith("FAIL session_dir: /proc "), line
    assert "All is well" not in said.out


def test_a_program_that_others_may_write_is_a_warning_and_one_of_the_path_is_said_to_be(project: Workplace) -> None:
    program = project.root / "work"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o777)
    project.configure(command={"argv": ["./work", "{run_id}"]})
    assert any("is executed for each phase, but others may write it" in line for line in look(project))
    program.chmod(0o755)
    assert look(project) == []
    project.configure(command={"argv": ["sh", "-c", "exit 0"]})
    assert "sh is looked for in this shell's PATH" in project.inv("doctor").out


@pytest.mark.parametrize(
    "text", ["run: 007, after: [a]", "run: a, after: [1_000]", "run: 1.50, after: [b]", "run: a, after: [2024-01-02]"]
)
@pytest.mark.parametrize("task", ["drain", "dry-run", "doctor"])
def test_a_number_where_an_id_is_meant_is_refused_with_its_line(project: Workplace, text: str, task: str) -> None:
    (project.root / "invoke.yaml").write_text(f"batchdrain:\n  depends_on:\n    - {{{text}}}\n")
    ran = project.inv(task)
    assert (ran.code, "invoke.yaml: line 3: YAML reads " in ran.out + ran.err, "quote it" in ran.out + ran.err) == (
        78,
        True,
        True,
    ), ran


@pytest.mark.parametrize("text", ["run: 7, after: [8]", "run: '007', after: ['1_000']"])
def test_a_number_that_is_read_as_it_is_written_is_an_id(project: Workplace, text: str) -> None:
    section = {"database_url": project.url, "command": project.settings["command"]}
    lines = [f"  {name}: {json.dumps(value)}" for name, value in section.items()]
    (project.root / "invoke.yaml").write_text("\n".join(["batchdrain:", *lines, f"  depends_on: [{{{text}}}]"]))
    assert project.inv("dry-run").code == 0
