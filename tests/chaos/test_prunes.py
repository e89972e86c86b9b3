"""A prune that is killed, meets others, links, folders of others, a disk that takes nothing."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.chaos.faults import fault
from tests.drain.test_prune import OLD, drained, kept, left, totals
from tests.support.workplace import Workplace, ended, wait_for


@fault(99)
def test_what_is_not_ours_or_has_no_form_of_ours_stays(sqlite_project: Workplace, tmp_path: Path) -> None:
    drained(sqlite_project, "r/a")
    folder, victim = sqlite_project.sessions, tmp_path / "victim"
    [own] = [path for path in folder.iterdir() if path.is_dir()]
    (victim / "logs").mkdir(parents=True)
    (victim / "precious.json").write_text("{}")
    (own / "logs" / "link").symlink_to(victim)
    (own / "spool" / "file").symlink_to(victim / "precious.json")
    for link in ("batch-drain-20200101-000000", "triage-20200101-000000", "batch-drain-20200101-000001"):
        (folder / link).symlink_to(victim)
    (folder / "batch-drain-20200101-000003.json").symlink_to(victim / "precious.json")
    strangers = {"notes.txt", "mine", "mine.events.jsonl", "triage-notes", "report.json", "batch-drain-2020"}
    for name in strangers - {"notes.txt", "report.json", "mine.events.jsonl"}:
        (folder / name).mkdir()
    (folder / "notes.txt").write_text("x")
    (folder / "report.json").write_text('{"some": "thing"}')
    (folder / "mine.events.jsonl").write_text('{"timestamp": "2020-01-01T00:00:00+00:00"}\n')
    os.utime(folder / "report.json", (0, 0))
    links = {path.name for path in folder.iterdir() if path.is_symlink()}

    ran = sqlite_project.inv(*OLD, "--yes")

    assert (ran.code, set(left(sqlite_project))) == (0, strangers | links), ran
    assert sorted(path.name for path in victim.iterdir()) == ["logs", "precious.json"]


@fault(99)
def test_a_folder_in_which_another_works_meanwhile_is_left_to_him(sqlite_project: Workplace) -> None:
    """Two prunes at once, on a session that a resume may take: whoever holds its lock has it."""
    from batchdrain.sessions.folder import SessionFolder

    name = drained(sqlite_project, "r/a")
    lock = SessionFolder(sqlite_project.sessions).lock(name)
    assert kept(sqlite_project) == {"running": [name]}
    assert sqlite_project.inv(*OLD, "--yes").code == 0
    assert any(path.name == f"{name}.json" for path in sqlite_project.sessions.iterdir())
    os.close(lock)
    assert (sqlite_project.inv(*OLD, "--yes").code, left(sqlite_project)) == (0, [])


@fault(99)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_of_several_prunes_at_once_each_attempt_is_summed_once(project: Workplace) -> None:
    drained(project, *(f"r{number % 3}/p{number}" for number in range(9)))
    ran: list[int] = []
    prunes = [threading.Thread(target=lambda: ran.append(project.inv(*OLD, "--yes").code)) for _ in range(3)]
    for prune in prunes:
        prune.start()
    for prune in prunes:
        prune.join()
    assert (ran, totals(project), left(project)) == ([0, 0, 0], (0, 9), [])


KILLING = """
import os, signal
import sqlalchemy as sa
from batchdrain.collection import ns as ns
left = int(os.environ.get("STEPS", "-1"))
def step():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
def stepping(function):
    def called(*args, **kwargs):
        step()
        return function(*args, **kwargs)
    return called
if left > 0:
    os.unlink, os.rmdir = stepping(os.unlink), stepping(os.rmdir)
    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def note(connection, cursor, statement, *_):
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            step()
    @sa.event.listens_for(sa.Engine, "commit")
    def before(connection):
        step()
"""


@fault(99, each=8)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_a_prune_that_is_killed_at_any_step_loses_and_doubles_nothing(project: Workplace) -> None:
    drained(project, "r/a", "r/b", "s/c~fail")
    (project.root / "tasks.py").write_text(KILLING)
    codes = []
    for steps in (1, 2, 3, 5, 7, 9, 12, 16):
        codes.append(project.inv(*OLD, "--yes", env={"STEPS": str(steps)}).code)
        single, summed = totals(project)
        assert (single + summed, project.inv("sessions").code, project.inv("--dry", "recover").code) == (3, 0, 0)
    assert codes[:3] == [-9, -9, -9]
    assert (project.inv(*OLD, "--yes").code, left(project), totals(project)) == (0, [], (1, 2))


@fault(99)
def test_a_drain_at_work_keeps_all_that_it_needs(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b~until=go")
    drain = sqlite_project.start("drain")
    wait_for(lambda: sqlite_project.states()["r/a"] == "COMPLETE", "the first phase")
    sqlite_project.sql("UPDATE batchdrain_attempt SET started_ms = 1, ended_ms = 2 WHERE outcome IS NOT NULL")

    ran = sqlite_project.inv(*OLD, "--yes")

    assert (ran.code, totals(sqlite_project)) == (0, (2, 0)), ran
    (sqlite_project.root / "go").touch()
    assert ended(drain)[0] == 0
    assert sqlite_project.session()["total_success"] == 2


REFUSING = """
import errno, os
from batchdrain.collection import ns as ns
def refuse(name, *_, **__):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), name)
os.unlink = os.rmdir = refuse
"""


@fault(99)
def test_a_disk_that_takes_no_change_is_told_with_its_cure_and_a_later_prune_goes_on(sqlite_project: Workplace) -> None:
    drained(sqlite_project, "r/a")
    (sqlite_project.root / "tasks.py").write_text(REFUSING)
    ran = sqlite_project.inv(*OLD, "--yes")
    assert ran.code == 74, ran
    assert "can't be removed: " in ran.err
    assert "Read-only file system; make it writable for your user, and prune again" in ran.err
    (sqlite_project.root / "tasks.py").write_text("from batchdrain.collection import ns as ns\n")
    assert (sqlite_project.inv(*OLD, "--yes").code, left(sqlite_project)) == (0, [])


@fault(99)
def test_sessions_of_another_database_in_one_folder_stay_unless_named(sqlite_project: Workplace) -> None:
    name = drained(sqlite_project, "r/a")
    sqlite_project.sql("UPDATE batchdrain_meta SET value = 'another' WHERE name = 'database_uid'")
    assert kept(sqlite_project) == {"of another database": [name]}
    assert sqlite_project.inv(*OLD, "--yes").code == 0
    assert len(left(sqlite_project)) == 3
    assert (sqlite_project.inv("prune", f"--session-id={name}", "--yes").code, left(sqlite_project)) == (0, [])


@fault(99)
def test_tables_of_version_2_with_a_claim_held_keep_their_attempts(sqlite_project: Workplace) -> None:
    drained(sqlite_project, "r/a")
    sqlite_project.sql("DROP TABLE batchdrain_attempt_sum")
    sqlite_project.sql("UPDATE batchdrain_meta SET value = '2' WHERE name = 'schema_version'")
    sqlite_project.sql(
        "INSERT INTO batchdrain_claim (source, key, epoch, owner, lease_until_ms, host_id, ctl_pid, ctl_start, prior_state, "
        "orphan_count, attempts) VALUES ('phases', 'k', 1, 'o', 99999999999999, 'elsewhere', 1, 1, 'FAILED', 0, 0)"
    )

    ran = sqlite_project.inv(*OLD, "--yes")

    assert (ran.code, left(sqlite_project)) == (0, []), ran
    assert "attempts are kept: batchdrain's tables are of version 2, without sums: somebody holds a claim" in ran.out
    assert sqlite_project.sql("SELECT count(*) FROM batchdrain_attempt") == [(1,)]
    sqlite_project.sql("DELETE FROM batchdrain_claim WHERE key = 'k'")
    assert (sqlite_project.inv(*OLD, "--yes").code, totals(sqlite_project)) == (0, (0, 1))
