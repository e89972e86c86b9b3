"""Several tables share a ledger: who prunes the one takes nothing from the others."""

from __future__ import annotations

import json

import pytest

from tests.drain.test_chains_pruned import PRUNE, left_between
from tests.support.aging import age
from tests.support.two_tables import TwoTables
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


def drained(place: Workplace, *argv: str) -> str:
    """The session's uid."""
    assert place.inv("drain", *argv).code == 0
    return str(place.session()["session_uid"])


def records(place: Workplace) -> set[str]:
    """The uids of the sessions that the ledger could rebuild."""
    rows = place.sql("SELECT name FROM batchdrain_meta WHERE name LIKE 'session/%'")
    return {name.rpartition("/")[2] for (name,) in rows}


def test_the_records_of_another_tables_sessions_stay(project: Workplace) -> None:
    two = TwoTables.beside(project, "a/p")
    ours, theirs = drained(two.ours), drained(two.theirs)
    assert records(project) == {ours, theirs}
    age(two.ours, 40)

    shown = two.ours.inv(*PRUNE[:-1], "--format=json").json()["kinds"]
    assert two.ours.inv(*PRUNE).code == 0

    assert records(project) == {theirs}
    assert {row["kind"]: row["count"] for row in shown}["session records"] == 1
    [path] = two.theirs.session_files()
    path.unlink()
    assert two.theirs.inv("resume", f"--session-id={path.stem}").code == 0
    assert two.theirs.session()["session_uid"] == theirs, "it was rebuilt"


def test_a_session_of_another_table_is_not_there_to_be_named(project: Workplace) -> None:
    """What the ledger keeps of it is all that can rebuild it, and its folder is another one."""
    two = TwoTables.beside(project, "a/p")
    theirs = drained(two.theirs)
    [path] = two.theirs.session_files()

    ran = two.ours.inv("prune", f"--session-id={path.stem}", "--yes")

    assert (ran.code, records(project)) == (2, {theirs})
    assert f"there is no session {path.stem}" in ran.err
    assert two.theirs.inv("prune", f"--session-id={path.stem}", "--yes").code == 0
    assert records(project) == set()


def test_what_another_table_left_unended_keeps_no_group(project: Workplace) -> None:
    two = TwoTables.beside(project, "a/p")
    drained(two.ours, "--group=nightly", "--batch-size=1")
    age(project, 40)
    project.sql("UPDATE batchdrain_group SET begun_ms = 1")
    theirs = drained(two.theirs)
    [(name, value)] = project.sql(f"SELECT name, value FROM batchdrain_meta WHERE name LIKE '%{theirs}'")
    unended = {"n": name, "v": json.dumps(json.loads(value) | {"completed_at": None})}
    project.sql("UPDATE batchdrain_meta SET value = :v WHERE name = :n", [unended])

    assert two.ours.inv(*PRUNE).code == 0

    assert project.sql("SELECT count(*) FROM batchdrain_group") == [(0,)]
    assert records(project) == {theirs}


@pytest.mark.everyday("sqlite")
def test_a_chain_of_another_table_in_one_folder_keeps_its_complete_session(sqlite_project: Workplace) -> None:
    name = left_between(sqlite_project)
    sqlite_project.sql("CREATE TABLE steps AS SELECT * FROM phases")
    sqlite_project.sql("CREATE UNIQUE INDEX its_ids ON steps (run_id, phase_id)")
    sqlite_project.source = {"table": "steps"}
    sqlite_project.configure()

    kept = sqlite_project.inv(*PRUNE, "--format=json").json()["kept"]

    assert {row["why"]: row["sessions"] for row in kept} == {"to be resumed": [name]}
    sqlite_project.source = {}
    sqlite_project.configure()
    assert sqlite_project.inv("resume").code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
