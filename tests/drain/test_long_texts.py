"""Ids, states and reasons that are too long for what they go into: nothing grows beyond what is read again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from batchdrain.config.load import load
from batchdrain.drain.close import keep_head
from batchdrain.drain.project import Project
from batchdrain.planning.usable_ids import LONGEST, UsableIds
from batchdrain.runtime.files import LARGEST
from batchdrain.sessions.parse import parse
from batchdrain.sessions.session import Session
from tests.chaos.faults import fault
from tests.sessions.files import START
from tests.support.soaking import soak
from tests.support.workplace import Workplace

MEGABYTE = 1_000_000
PROBE = "import os, sys; print(len(sys.argv[1].encode()), os.environ['BATCHDRAIN_PHASE_ID'], file=open('seen.txt', 'a'))"


def make_roomy_table(place: Workplace) -> None:
    kind = "LONGTEXT" if place.url.startswith("mysql") else "TEXT"
    place.sql("DROP TABLE phases")
    place.sql(
        f"CREATE TABLE phases (run_id {kind}, phase_id {kind}, phase_index INT, state {kind}, last_failure_reason {kind})"
    )


@fault(88)
def test_ids_of_megabytes_are_named_and_never_claimed(project: Workplace) -> None:
    make_roomy_table(project)
    for number, letter in enumerate("abcd"):
        project.add((letter * 2 * MEGABYTE, letter * MEGABYTE, number, "FAILED", "why"))
    project.add(
        ("q" * MEGABYTE, "1", 1, "QUEUED", None), ("fine", "one", 1, "FAILED", "why"), ("fine", "two", 1, "QUEUED", None)
    )

    ran = project.inv("drain")

    assert ran.code == 0, ran
    assert project.taken() == ["fine/one"]
    assert f"4 skipped by bad id: {'a' * 59}…: {2 * MEGABYTE} bytes are too long for an argument" in ran.out
    assert "skipped by bad id: aaa" in project.inv("dry-run", "--explain").out
    assert project.inv("pick-next-run", "--state=queued").out == "fine\tdefault\n"
    assert project.inv("drain-queued", f"--run-id={'q' * 120_000}").code == 0
    assert (
        sorted(state for (state,) in project.sql("SELECT state FROM phases"))
        == ["COMPLETE"] + ["FAILED"] * 4 + ["QUEUED"] * 2
    )
    assert all(path.stat().st_size < 100_000 for path in project.sessions.iterdir())
    assert project.inv("summary").code == 0
    assert max(map(len, project.inv("list-run-counts", "--format=text").lines)) < 3_000


@fault(88)
@pytest.mark.everyday("sqlite")
def test_the_longest_id_reaches_the_command_whole_and_one_byte_more_is_too_long(project: Workplace) -> None:
    make_roomy_table(project)
    project.configure(command={"argv": [sys.executable, "-c", PROBE, "{run_id}"]})
    longest, longer = "é" * (LONGEST // 2), "a" * (LONGEST + 1)
    project.add((longest, longest, 1, "FAILED", None), (longest, longer, 1, "FAILED", None), (longer, "x", 1, "FAILED", None))

    ran = project.inv("drain")

    assert ran.code == 0, ran
    assert (project.root / "seen.txt").read_text() == f"{LONGEST} {longest}\n"
    assert project.taken() == [f"{longest}/{longest}"]
    assert "2 skipped by bad id" in ran.out
    assert project.inv("summary", "--format=json").json()["results"][0]["run_id"] == longest
    assert project.inv("resume").code == 0


@fault(88)
def test_an_argument_of_both_ids_is_measured_as_a_whole(sqlite_project: Workplace) -> None:
    make_roomy_table(sqlite_project)
    sqlite_project.configure(command={"argv": [sys.executable, "-c", PROBE, "{run_id}/{phase_id}"]})
    sqlite_project.add(("a" * 90_000, "b" * 90_000, 1, "FAILED", None), ("a" * 90_000, "b", 1, "FAILED", None))

    ran = sqlite_project.inv("drain")

    assert ran.code == 0, ran
    assert "1 skipped by bad id" in ran.out
    assert (sqlite_project.root / "seen.txt").read_text() == "90002 b\n"


def test_a_plan_can_not_name_an_id_that_is_too_long(sqlite_project: Workplace) -> None:
    make_roomy_table(sqlite_project)
    sqlite_project.add(("r", "a" * MEGABYTE, 1, "FAILED", None), ("r", "b", 1, "FAILED", None))
    sqlite_project.inv("dry-run", "--output=plan.json")
    path = sqlite_project.root / "plan.json"
    plan = json.loads(path.read_text())
    plan["phases"].append({**plan["phases"][0], "phase_id": "a" * MEGABYTE})
    path.write_text(json.dumps(plan))

    ran = sqlite_project.inv("drain", "--plan=plan.json")

    assert ran.code == 0, ran
    assert "1 skipped by bad id" in ran.out
    assert sqlite_project.taken() == ["r/b"]


def test_of_many_ids_that_are_too_long_some_are_named() -> None:
    usable = UsableIds(["{run_id}"])
    found = [usable.problem_of("r", f"{number:05}" + "a" * LONGEST) for number in range(100)]
    assert len(set(found)) == 21
    assert None not in found


@soak
@fault(89)
def test_a_session_ends_before_its_file_is_larger_than_what_is_read(sqlite_project: Workplace) -> None:
    make_roomy_table(sqlite_project)
    ids = "\x01" * 99_900  # six bytes each in JSON
    sqlite_project.add(*((ids, f"{ids}{number}", number, "FAILED", None) for number in range(80)))

    ran = sqlite_project.inv("drain", "--batch-size=1000")

    assert ran.code == 0, ran
    assert "Stopped because: session is full: its file nears the 64 MB that are read; `inv drain` continues" in ran.out
    assert LARGEST // 2 < sqlite_project.session_files()[-1].stat().st_size < LARGEST
    assert sqlite_project.inv("summary").code == 0
    assert sqlite_project.inv("resume").out.startswith("Nothing to resume")
    done = len(sqlite_project.session()["results"])
    ran = sqlite_project.inv("dry-run", "--batch-size=10", "--output=plan.json")
    assert (ran.code, (sqlite_project.root / "plan.json").exists()) == (0, True), ran.err
    assert sqlite_project.inv("drain", "--batch-size=1000").code == 0
    assert len(sqlite_project.session()["results"]) == 80 - done


@fault(89)
def test_a_plan_that_would_not_be_read_is_not_written(sqlite_project: Workplace) -> None:
    make_roomy_table(sqlite_project)
    ids = "\x01" * 99_900
    sqlite_project.add(*((ids, f"{ids}{number}", number, "FAILED", None) for number in range(80)))

    ran = sqlite_project.inv("dry-run", "--batch-size=1000", "--output=plan.json")

    assert ran.code == 2, ran
    assert "more than `inv drain --plan` reads; plan fewer with --batch-size" in ran.err
    assert not (sqlite_project.root / "plan.json").exists()


@fault(89)
@pytest.mark.everyday("sqlite")
def test_a_state_of_megabytes_is_cut_where_it_is_kept(project: Workplace) -> None:
    make_roomy_table(project)
    project.add(("r", "p", 1, "FAILED", "why"), ("r", "other", 2, "s" * MEGABYTE, "why"))
    gate = Path(project.root / "set.py")
    gate.write_text(
        "import sqlalchemy as sa\n"
        f"engine = sa.create_engine({project.url!r})\n"
        "with engine.begin() as connection:\n"
        "    connection.execute(sa.text(\"UPDATE phases SET state = :state WHERE phase_id = 'p'\"), {'state': 't' * 1000000})\n"
    )
    project.configure(command={"argv": [sys.executable, str(gate)], "result_from": "database"})

    ran = project.inv("drain")

    assert ran.code == 1, ran
    assert max(map(len, ran.lines)) < 3_000
    assert all(path.stat().st_size < 100_000 for path in project.sessions.iterdir())
    assert project.session()["results"][0]["final_state"] == "t" * 499 + "…"
    for task in ("doctor", "list-run-counts", "clusters", "summary", "sessions"):
        assert max(map(len, project.inv(task).lines)) < 5_000


def test_what_the_ledger_keeps_of_a_session_is_small_whatever_its_phases_failed_with(sqlite_project: Workplace) -> None:
    project = Project.open(load({"database_url": sqlite_project.url}, {}), {}, sqlite_project.root)
    project.store.ledger.create(project.store.database)
    counts = {f"{number} " + "x" * 290: 1 for number in range(20_000)}
    session = Session(session_id="s", session_uid="u" * 32, started_at=START, fingerprint_counts=counts)
    keep_head(project, session)
    [head] = project.store.history.read_session_heads("s")
    project.close()
    assert len(head) < MEGABYTE
    assert parse(head.encode(), "the ledger").session_uid == "u" * 32


def test_a_long_reason_of_a_plan_is_cut_where_it_is_told(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.inv("dry-run", "--output=plan.json")
    path = sqlite_project.root / "plan.json"
    plan = json.loads(path.read_text())
    plan["phases"][0]["reason"] = "why " * MEGABYTE
    path.write_text(json.dumps(plan))
    assert sqlite_project.inv("drain", "--plan=plan.json").code == 0
    assert all(path.stat().st_size < 100_000 for path in sqlite_project.sessions.iterdir())


def test_a_long_name_is_not_compared_with_every_other_one(sqlite_project: Workplace) -> None:
    for number in range(3):
        sqlite_project.inv("hint", f"--run-id={number}{'ab' * 50_000}", "--priority=1")
    ran = sqlite_project.inv("hint", f"--run-id={'ba' * 50_000}", "--clear")
    assert ran.code == 2, ran
    assert len(ran.err) < 5_000
