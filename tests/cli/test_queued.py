"""Queued phases: drain-queued, chain-with-queued, drain-all, and picking a run."""

from __future__ import annotations

import json
import signal

import pytest

from tests.support.workplace import DEADLINE_S, Workplace, named, wait_for

pytestmark = pytest.mark.everyday("sqlite")


def queue(project: Workplace, *names: str) -> None:
    project.add(*((*named(name), index, "QUEUED", None) for index, name in enumerate(names)))


def test_queued_phases_are_drained_in_phase_order_batch_after_batch(project: Workplace) -> None:
    queue(project, *(f"r/p{number}" for number in (3, 1, 2, 0, 4)), "s/other")

    ran = project.inv("drain-queued", "--run-id=r", "--batch-size=2")
    assert ran.code == 0
    assert ran.lines[3:5] == ["Target: Process all queued phases", "Run: r"]

    assert project.taken() == ["r/p3", "r/p1", "r/p2", "r/p0", "r/p4"]
    assert project.session()["kind"] == "queued"
    assert project.states()["s/other"] == "QUEUED"


def test_a_phase_that_is_queued_meanwhile_joins_a_later_batch(project: Workplace) -> None:
    code = f"import sqlalchemy as sa\nwith sa.create_engine({project.url!r}).begin() as c:\n"
    code += " c.execute(sa.text(\"UPDATE phases SET state = 'QUEUED' WHERE state = 'LATER'\"))"
    project.configure(command={"argv": ["{python}", "-c", code]})
    queue(project, "r/a")
    project.add(("r", "b", 9, "LATER", None))

    assert project.inv("drain-queued", "--run-id=r", "--batch-size=1").code == 0
    assert project.states() == {"r/a": "COMPLETE", "r/b": "COMPLETE"}


def test_batches_can_be_limited_and_the_next_drain_takes_the_rest(project: Workplace) -> None:
    queue(project, *(f"r/p{number}" for number in range(5)))

    assert project.inv("drain-queued", "--run-id=r", "--batch-size=2", "--max-batches=1").code == 0
    assert (project.taken(), project.session()["status"]) == (["r/p0", "r/p1"], "complete")

    assert project.inv("drain-queued", "--run-id=r").code == 0
    assert project.taken() == ["r/p2", "r/p3", "r/p4"]
    assert set(project.states().values()) == {"COMPLETE"}


def test_a_limited_queued_drain_that_was_interrupted_is_resumed_up_to_its_limit(project: Workplace) -> None:
    stays = project.root / "stays"
    stays.touch()
    queue(project, "r/p0", "r/p1~while=stays", *(f"r/p{number}" for number in range(2, 6)))
    drain = project.start("drain-queued", "--run-id=r", "--batch-size=2", "--max-batches=2")
    witness = project.root / "witness.txt"
    wait_for(lambda: witness.exists() and "p1" in witness.read_text(), "the second phase")
    drain.send_signal(signal.SIGINT)
    drain.communicate(timeout=DEADLINE_S)
    assert drain.returncode == 130
    assert project.states()["r/p1~while=stays"] == "QUEUED"
    stays.unlink()

    assert project.inv("resume").code == 0

    drained = ["r/p0", "r/p1~while=stays", "r/p2", "r/p3"]
    assert (project.taken(), project.session()["status"], len(project.session_files())) == (drained, "complete", 1)
    assert [name for name, state in sorted(project.states().items()) if state == "QUEUED"] == ["r/p4", "r/p5"]


def test_the_first_failure_can_end_a_queued_drain(project: Workplace) -> None:
    queue(project, "r/a", "r/b~fail", "r/c")

    ran = project.inv("drain-queued", "--run-id=r", "--stop-on-first-failure")

    assert ran.code == 1
    assert project.states() == {"r/a": "COMPLETE", "r/b~fail": "FAILED", "r/c": "QUEUED"}
    assert (project.session()["status"], project.session()["stopped_because"]) == (
        "stopped",
        "--stop-on-first-failure: r / b~fail",
    )


def test_a_queued_phase_that_is_transient_is_tried_again(project: Workplace) -> None:
    queue(project, "r/a~transient")
    assert project.inv("drain-queued", "--run-id=r").code == 0
    assert project.states() == {"r/a~transient": "COMPLETE"}


def test_a_queued_drain_needs_a_run(sqlite_project: Workplace) -> None:
    ran = sqlite_project.inv("drain-queued")
    assert (ran.code, "--run-id: is required" in ran.err) == (2, True)


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_chain_drains_queued_then_failed_in_sessions_of_their_own(project: Workplace) -> None:
    queue(project, "r/q")
    project.fail("r/f~fail", "s/other")

    ran = project.inv("chain-with-queued", "--run-id=r")

    assert ran.code == 1
    assert [line for line in ran.lines if line.startswith("Total Processed")] == ["Total Processed: 2"]
    assert [project.session(number)["kind"] for number in range(2)] == ["queued", "failed"]
    assert project.states() == {"r/q": "COMPLETE", "r/f~fail": "FAILED", "s/other": "FAILED"}


@pytest.mark.everyday("sqlite", "postgresql")
def test_drain_all_takes_the_runs_with_most_queued_first_and_failed_last(project: Workplace) -> None:
    queue(project, "few/a", "many/a", "many/b")
    project.fail("z/f")

    ran = project.inv("drain-all")
    assert ran.code == 0
    assert "Total Processed: 4" in ran.lines

    kinds = [
        (project.session(n)["kind"], project.session(n)["filters"]["run_id"]) for n in range(len(project.session_files()))
    ]
    assert kinds == [("queued", None), ("failed", None)]
    assert project.taken(0) == ["many/a", "many/b", "few/a"]
    assert set(project.states().values()) == {"COMPLETE"}


@pytest.mark.parametrize(
    ("state", "picked"), [("any", "many\tdefault\n"), ("queued", "many\tdefault\n"), ("failed", "first\tbuilding\n")]
)
@pytest.mark.everyday("sqlite", "postgresql")
def test_the_run_to_drain_next_is_picked(project: Workplace, state: str, picked: str) -> None:
    project.configure(run_types=[{"match": "fir*", "type": "building"}])
    queue(project, "few/a", "many/a", "many/b")
    project.fail("first/f", "last/g")
    assert project.inv("pick-next-run", f"--state={state}").out == picked


def test_without_queued_phases_the_run_of_the_drains_first_phase_is_picked(project: Workplace) -> None:
    project.fail("b/1", reason="boom")
    project.fail("a/1", "a/2", reason="boom")
    project.fail("c/1", reason="connection reset by peer")
    assert project.inv("pick-next-run").out == "c\tdefault\n"
    assert project.inv("pick-next-run", "--format=json").json() == {"run_id": "c", "run_type": "default"}


@pytest.mark.parametrize(("shape", "out"), [("tsv", ""), ("json", "null\n")])
def test_with_nothing_to_pick_nothing_is_printed(sqlite_project: Workplace, shape: str, out: str) -> None:
    ran = sqlite_project.inv("pick-next-run", f"--format={shape}")
    assert (ran.code, ran.out) == (0, out)


@pytest.mark.everyday("sqlite", "postgresql")
def test_run_counts_are_sorted_by_queued_then_failed(project: Workplace) -> None:
    queue(project, "b/1", "c/1", "c/2")
    project.fail("a/1", "b/9")
    project.add(("b", "x", 1, "CANCELLED", None), ("b", "y", 2, "COMPLETE", None), ("b", "z", 3, "EXECUTING", None))

    assert project.inv("list-run-counts").out == "c\t2\t0\t0\t0\nb\t1\t1\t1\t2\na\t0\t1\t0\t0\n"
    assert json.loads(project.inv("list-run-counts", "--format=json").out)[1] == {
        "run_id": "b", "queued": 1, "failed": 1, "complete": 1, "other": 2,
    }  # fmt: skip
    assert "3 queued" in project.inv("list-run-counts", "--format=text").lines[0]


def test_each_error_of_a_chain_is_told_and_the_worst_is_its_exit_code(sqlite_project: Workplace) -> None:
    """Both parts end with a claim that was taken over while its command ran."""
    sqlite_project.configure(command={"argv": ["{python}", "-c", TAKES_OVER, sqlite_project.url.removeprefix("sqlite:///")]})
    queue(sqlite_project, "r/q")
    sqlite_project.fail("r/f")

    ran = sqlite_project.inv("chain-with-queued", "--run-id=r")

    assert ran.code == 76, ran
    assert ran.err.count("the claim of epoch 1 was taken over") == 2, ran.err
    assert {"r / q", "r / f"} == {line.split(": ")[1] for line in ran.err.splitlines()}


TAKES_OVER = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=30); "
    "c.execute('UPDATE batchdrain_claim SET epoch = epoch + 1 WHERE owner IS NOT NULL'); c.commit()"
)
