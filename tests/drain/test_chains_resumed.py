"""Whatever ends a chain leaves something that `resume` goes on with as a whole, and nothing twice."""

from __future__ import annotations

import json
import signal

import pytest

from tests.chaos.faults import fault
from tests.drain.chaining import end_between, end_in, queue, totals
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def left_over(project: Workplace) -> None:
    """After a resume: everything was drained once, and by no more than two sessions of one chain."""
    assert project.inv("resume").code == 0
    assert set(project.states().values()) == {"COMPLETE"}, project.states()
    sessions = [project.session(number) for number in range(len(project.session_files()))]
    assert [session["kind"] for session in sessions] == ["queued", "failed"]
    assert len({session["chain_uid"] for session in sessions}) == 1
    taken = [*project.taken(0), *project.taken(1)]
    assert len(taken) == len(set(taken)) == len(project.states())
    assert project.sql("SELECT status FROM batchdrain_chain") == [("complete",)]
    assert project.inv("resume").out.startswith("Nothing to resume")


CHAIN = ("drain-all", "--exclude-run=left*")


def ready(project: Workplace) -> None:
    queue(project, "r/q1", "r/q2~while=stays", "s/q")
    project.fail("s/f1", "s/f2~while=stays", "t/f")


@fault(96)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.everyday("sqlite", "postgresql")
def test_a_chain_that_is_left_in_its_queued_part_is_resumed_as_a_whole(project: Workplace, number: signal.Signals) -> None:
    ready(project)
    assert end_in(project, "r/q2", number, *CHAIN) in {-signal.SIGKILL, 130}
    left_over(project)


@fault(96)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_chain_that_is_left_in_its_failed_part_is_resumed_as_a_whole(project: Workplace, number: signal.Signals) -> None:
    queue(project, "r/q1")
    project.fail("s/f1", "s/f2~while=stays", "t/f")
    assert end_in(project, "s/f2", number, *CHAIN) in {-signal.SIGKILL, 143}
    left_over(project)


@fault(96)
@pytest.mark.everyday("sqlite", "postgresql")
def test_a_chain_that_is_killed_between_its_parts_is_resumed_as_a_whole(project: Workplace) -> None:
    queue(project, "r/q1")
    project.fail("s/f1", "left-1/f")
    assert end_between(project, *CHAIN).returncode == -signal.SIGKILL
    assert len(project.session_files()) == 1
    assert "interrupted" in project.inv("sessions").out
    assert "not yet" in project.inv("summary").out

    assert project.inv("resume").code == 0

    assert project.states() == {"r/q1": "COMPLETE", "s/f1": "COMPLETE", "left-1/f": "FAILED"}, "with its own filters"
    assert totals(project) == (2, 2, 0)


@fault(96)
@pytest.mark.parametrize("at", ["after the first", "before the second"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_chain_that_is_interrupted_between_its_parts_says_how_it_goes_on(
    sqlite_project: Workplace, number: signal.Signals, at: str
) -> None:
    queue(sqlite_project, "r/q1")
    sqlite_project.fail("s/f1")

    ran = end_between(sqlite_project, *CHAIN, by=number.name, at=at)

    assert ran.returncode == 128 + number, ran.stderr
    assert "Completed: not yet (interrupted)\n" in ran.stdout
    assert f"Stopped because: {number.name}\n" in ran.stdout
    assert "  r: 1/1 succeeded\n" in ran.stdout
    assert ran.stdout.endswith("\ninv resume\n")
    left_over(sqlite_project)


def test_a_chain_whose_parts_end_with_an_error_is_resumed_as_a_whole(sqlite_project: Workplace) -> None:
    takes = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=30); "
    takes += "c.execute('UPDATE batchdrain_claim SET epoch = epoch + 1 WHERE owner IS NOT NULL'); c.commit()"
    argv = sqlite_project.settings["command"]["argv"]
    queue(sqlite_project, "r/q")
    sqlite_project.fail("r/f")
    sqlite_project.configure(command={"argv": ["{python}", "-c", takes, sqlite_project.url.removeprefix("sqlite:///")]})
    assert sqlite_project.inv("drain-all").code == 76

    sqlite_project.configure(command={"argv": argv})
    sqlite_project.inv("recover")
    left_over(sqlite_project)


def test_the_time_of_a_chain_goes_on_where_it_was_left(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "r/q1")
    sqlite_project.fail("s/f1")
    end_between(sqlite_project, "drain-all", "--max-total-minutes=5")
    path = sqlite_project.session_files()[0]
    path.write_text(json.dumps({**json.loads(path.read_text()), "active_s": 400}))

    ran = sqlite_project.inv("resume")

    assert (ran.code, sqlite_project.states()["s/f1"]) == (0, "FAILED"), ran
    assert "stop.max_total_minutes" in ran.out
    assert ran.lines[-1].startswith("inv resume --session-id=")
    assert sqlite_project.inv(*ran.lines[-1].split()[1:]).code == 0, "whoever says so gives it its minutes anew"
    assert sqlite_project.states()["s/f1"] == "COMPLETE"


def test_a_smaller_size_is_of_the_whole_chain_this_time(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "r/q1~while=stays", "r/q2")
    sqlite_project.fail("s/f1", "s/f2")
    end_in(sqlite_project, "r/q1", signal.SIGINT, *CHAIN)

    assert sqlite_project.inv("resume", "--batch-size=3").code == 0
    assert sorted(sqlite_project.states().values()).count("COMPLETE") == 3
    left_over(sqlite_project)


def test_what_this_resume_leaves_out_it_leaves_out_of_a_part_that_begins_too(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "r/q1~while=stays")
    sqlite_project.fail("r/f1", "s/f2")
    end_in(sqlite_project, "r/q1", signal.SIGINT, *CHAIN)

    assert sqlite_project.inv("drain", "--resume", "--run-id=r").code == 0
    assert [name for name, state in sqlite_project.states().items() if state != "COMPLETE"] == ["s/f2"]
    left_over(sqlite_project)


@fault(97)
@pytest.mark.parametrize("way", ["between", "as a whole"])
def test_a_chain_on_tables_of_version_2_that_wait_is_kept_all_the_same(sqlite_project: Workplace, way: str) -> None:
    sqlite_project.fail("old/f")
    sqlite_project.inv("drain")
    sqlite_project.sql("DROP TABLE batchdrain_chain")
    sqlite_project.sql("UPDATE batchdrain_meta SET value = '2' WHERE name = 'schema_version'")
    held = "UPDATE batchdrain_claim SET owner = 'x', host_id = 'elsewhere', lease_until_ms = 9000000000000"
    sqlite_project.sql(held)
    queue(sqlite_project, "r/q1")
    sqlite_project.fail("s/f1")

    if way == "between":
        end_between(sqlite_project, *CHAIN)
        assert sqlite_project.inv("resume").code == 0
    else:
        assert sqlite_project.inv(*CHAIN).code == 0

    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert sqlite_project.inv("resume").out.startswith("Nothing to resume")
    assert sqlite_project.sql("SELECT name FROM sqlite_master WHERE name = 'batchdrain_chain'") == []
