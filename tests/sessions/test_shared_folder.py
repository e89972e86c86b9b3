"""Two databases share a folder of sessions: each sees its own."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chaos.faults import fault
from tests.support.workplace import DEADLINE_S, Workplace, wait_for


@pytest.fixture
def other(sqlite_project: Workplace, tmp_path: Path) -> Workplace:
    """A second project of the same user's, with a database of its own and the same folder of sessions."""
    root = tmp_path / "other"
    root.mkdir()
    place = Workplace(root=root, url=f"sqlite:///{tmp_path / 'other.db'}")
    place.make_table()
    place.configure(session_dir=str(sqlite_project.sessions))
    return place


@fault(74)
def test_summary_shows_the_newest_session_of_its_own_database(sqlite_project: Workplace, other: Workplace) -> None:
    sqlite_project.fail("ours/a")
    other.fail("theirs/b")
    sqlite_project.inv("drain")
    other.inv("drain")

    ours, theirs = sqlite_project.inv("summary"), other.inv("summary")

    assert ("ours: 1/1" in ours.out, "theirs: 1/1" in theirs.out) == (True, True), (ours, theirs)
    newest = sqlite_project.session()["session_id"]
    assert "theirs: 1/1" in sqlite_project.inv("summary", f"--session-id={newest}").out


@fault(74)
def test_summary_says_so_where_all_sessions_are_of_another_database(sqlite_project: Workplace, other: Workplace) -> None:
    sqlite_project.fail("ours/a")
    sqlite_project.inv("drain")

    ran = other.inv("summary")

    assert (ran.code, "of this database; the newest there" in ran.err) == (2, True), ran


@fault(74)
def test_resume_goes_on_with_the_newest_session_of_its_own_database(sqlite_project: Workplace, other: Workplace) -> None:
    for place, name in ((sqlite_project, "ours"), (other, "theirs")):
        (place.root / "flag").touch()
        place.fail(f"{name}/p~while=flag")
        drain = place.start("drain")
        wait_for((place.root / "witness.txt").exists, "the command to begin")
        drain.send_signal(signal.SIGINT)
        drain.communicate(timeout=DEADLINE_S)
        (place.root / "flag").unlink()

    ran = sqlite_project.inv("resume")

    assert (ran.code, "ours: 1/1" in ran.out) == (0, True), ran
    assert other.states() == {"theirs/p~while=flag": "FAILED"}
