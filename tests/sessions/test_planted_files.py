"""What others may put among the session files: it is neither followed nor believed."""

from __future__ import annotations

import os

import pytest

from tests.cli.telling import told
from tests.sessions.files import put
from tests.support.strangers import let_a_group_write
from tests.support.workplace import Workplace


def test_a_session_file_never_says_what_is_executed(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    (sqlite_project.root / "evil.py").write_text("open('pwned', 'w')\ndef policy(lane, now): return 0\n")
    named = put(sqlite_project, "named", settings={"policy": ["evil:policy"]}, policy=["evil:policy"])
    told(sqlite_project.inv("resume"), 78, "'evil:policy', which is not configured")

    named.unlink()
    touch = {"argv": ["touch", "pwned"]}
    put(sqlite_project, command=touch, engine="evil:policy",
        settings={"command": touch, "engine": "evil:policy", "session_dir": "/", "source": {"table": "x"}})  # fmt: skip
    assert sqlite_project.inv("resume").code == 0
    assert not (sqlite_project.root / "pwned").exists()
    assert sqlite_project.states() == {"r/a": "COMPLETE"}


@pytest.mark.parametrize("name", ["s", "s/lock", "s/logs", "s.events.jsonl"])
@pytest.mark.parametrize("kind", ["link", "file"])
def test_what_somebody_planted_beside_a_session_is_not_followed(sqlite_project: Workplace, name: str, kind: str) -> None:
    sqlite_project.fail("r/a")
    put(sqlite_project)
    planted = sqlite_project.sessions / name
    planted.parent.mkdir(exist_ok=True)
    victim = sqlite_project.root / "victim"
    if name in {"s", "s/logs"}:
        victim.mkdir()
    else:
        victim.write_text("mine")
    if kind == "link":
        planted.symlink_to(victim)
    elif name in {"s", "s/logs"}:
        planted.write_text("mine")
    else:
        planted.mkdir()

    ran = sqlite_project.inv("resume")

    told(ran, 74, name)
    assert sqlite_project.states() == {"r/a": "FAILED"}
    assert list(victim.iterdir()) == [] if victim.is_dir() else victim.read_text() == "mine"


def test_a_folder_that_the_group_may_write_is_refused_by_resume_too(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    put(sqlite_project)
    let_a_group_write(sqlite_project.sessions, 0o770)
    told(sqlite_project.inv("resume"), 74, "chmod 700")
    assert sqlite_project.states() == {"r/a": "FAILED"}


def test_a_file_in_place_of_the_folder_is_told(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    (sqlite_project.root / "notes.txt").write_text("mine")
    sqlite_project.configure(session_dir="notes.txt")
    told(sqlite_project.inv("drain"), 74, "batchdrain.session_dir: ", "notes.txt")
    assert (sqlite_project.root / "notes.txt").read_text() == "mine"
    assert sqlite_project.states() == {"r/a": "FAILED"}


def test_session_files_are_for_us_alone_whatever_the_umask(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    former = os.umask(0)
    try:
        assert sqlite_project.inv("drain").code == 0
    finally:
        os.umask(former)
    for path in (sqlite_project.sessions.parent, *sqlite_project.sessions.parent.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_session_file_that_others_may_write_is_refused(sqlite_project: Workplace, mode: int) -> None:
    sqlite_project.fail("r/a~fail")
    sqlite_project.inv("drain")
    let_a_group_write(sqlite_project.session_files()[0], mode, gid=0)
    assert sqlite_project.inv("summary").code == (65 if mode & 2 else 0)  # root's own group is nobody else
    let_a_group_write(sqlite_project.session_files()[0], mode)
    ran = sqlite_project.inv("summary")
    assert (ran.code, "others may write it" in ran.err) == (65, True), ran
