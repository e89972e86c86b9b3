"""What others may put among the session files: it is neither followed nor believed."""

from __future__ import annotations

import os

import pytest

from tests.cli.telling import told
from tests.sessions.files import put
from tests.workplace import Workplace


def test_a_session_file_never_says_what_is_executed(lite: Workplace) -> None:
    lite.fail("r/a")
    (lite.root / "evil.py").write_text("open('pwned', 'w')\ndef policy(lane, now): return 0\n")
    named = put(lite, "named", settings={"policy": ["evil:policy"]}, policy=["evil:policy"])
    told(lite.inv("resume"), 78, "'evil:policy', which is not configured")

    named.unlink()
    touch = {"argv": ["touch", "pwned"]}
    put(lite, command=touch, engine="evil:policy",
        settings={"command": touch, "engine": "evil:policy", "session_dir": "/", "source": {"table": "x"}})  # fmt: skip
    assert lite.inv("resume").code == 0
    assert not (lite.root / "pwned").exists()
    assert lite.states() == {"r/a": "COMPLETE"}


@pytest.mark.parametrize("name", ["s", "s/lock", "s/logs", "s.events.jsonl"])
@pytest.mark.parametrize("kind", ["link", "file"])
def test_what_somebody_planted_beside_a_session_is_not_followed(lite: Workplace, name: str, kind: str) -> None:
    lite.fail("r/a")
    put(lite)
    planted = lite.sessions / name
    planted.parent.mkdir(exist_ok=True)
    victim = lite.root / "victim"
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

    ran = lite.inv("resume")

    told(ran, 74, name)
    assert lite.states() == {"r/a": "FAILED"}
    assert list(victim.iterdir()) == [] if victim.is_dir() else victim.read_text() == "mine"


def test_a_folder_that_the_group_may_write_is_refused_by_resume_too(lite: Workplace) -> None:
    lite.fail("r/a")
    put(lite)
    lite.sessions.chmod(0o770)
    told(lite.inv("resume"), 74, "chmod 700")
    assert lite.states() == {"r/a": "FAILED"}


def test_a_file_in_place_of_the_folder_is_told(lite: Workplace) -> None:
    lite.fail("r/a")
    (lite.root / "notes.txt").write_text("mine")
    lite.configure(session_dir="notes.txt")
    told(lite.inv("drain"), 74, "batchdrain.session_dir: ", "notes.txt")
    assert (lite.root / "notes.txt").read_text() == "mine"
    assert lite.states() == {"r/a": "FAILED"}


def test_session_files_are_for_us_alone_whatever_the_umask(lite: Workplace) -> None:
    lite.fail("r/a")
    former = os.umask(0)
    try:
        assert lite.inv("drain").code == 0
    finally:
        os.umask(former)
    for path in (lite.sessions.parent, *lite.sessions.parent.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_session_file_that_others_may_write_is_refused(lite: Workplace, mode: int) -> None:
    lite.fail("r/a~fail")
    lite.inv("drain")
    lite.session_files()[0].chmod(mode)
    ran = lite.inv("summary")
    assert (ran.code, "others may write it" in ran.err) == (65, True), ran
