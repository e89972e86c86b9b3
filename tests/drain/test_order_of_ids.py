"""Ids that are integers by their type come in the order of numbers wherever ids are ordered; texts in that of texts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.workplace import Workplace

QUEUES = ("mail", "mail", "mail", "mail", "mail", "mail")
NUMBERS = (15, 2, 1, 10, 3, 100)


def make_jobs(project: Workplace, kind: str = "BIGINT", *, state: str = "failed", **columns: Any) -> None:
    """A queue of jobs whose key is a number, without a run and without an order of its own."""
    project.sql(
        f"CREATE TABLE jobs (id {kind} PRIMARY KEY, queue VARCHAR(20) NOT NULL, status VARCHAR(20) NOT NULL, payload TEXT)"
    )
    project.sql(
        "INSERT INTO jobs VALUES (:id, :queue, :status, 'kept')",
        [
            {"id": str(number) if "CHAR" in kind else number, "queue": queue, "status": state}
            for queue, number in zip(QUEUES, NUMBERS, strict=True)
        ],
    )
    mapped = {
        "run_id": "queue",
        "phase_id": "id",
        "phase_index": None,
        "state": "status",
        "last_failure_reason": None,
        **columns,
    }
    states = {"failed": "failed", "queued": "todo", "executing": "doing", "complete": "succeeded"}
    project.source = {"table": "jobs", "columns": mapped, "states": states}
    project.configure()


def planned(project: Workplace, *flags: str) -> list[str]:
    return [one["phase_id"] for one in project.inv("dry-run", "--format=json", *flags).json()["phases"]]


@pytest.mark.parametrize("policy", [None, ["run-order"], ["fewest-failures"]], ids=str)
@pytest.mark.parametrize("kind", ["BIGINT", "DECIMAL(20, 0)"])
def test_phases_that_are_numbers_are_planned_and_drained_as_numbers(
    project: Workplace, kind: str, policy: list[str] | None
) -> None:
    make_jobs(project, kind)
    if policy is not None:
        project.configure(policy=policy)
    expected = [str(number) for number in sorted(NUMBERS)]
    assert planned(project) == expected
    assert project.inv("drain").code == 0
    assert [one["phase_id"] for one in project.session()["results"]] == expected
    assert project.sql("SELECT DISTINCT status, payload FROM jobs") == [("succeeded", "kept")]


def test_every_phase_is_explained_in_the_order_of_its_ids(project: Workplace) -> None:
    make_jobs(project)
    project.configure(batch_size=2)
    told = [line.split(": ")[0] for line in project.inv("dry-run", "--explain").lines if line.startswith(("  + ", "  - "))]
    as_json = project.inv("dry-run", "--explain", "--format=json").json()["explanation"]
    expected = [str(number) for number in sorted(NUMBERS)]
    assert told == [f"  {'+' if at < 2 else '-'} mail / {number}" for at, number in enumerate(expected)]
    assert [one["phase_id"] for one in as_json] == expected


def test_phases_that_are_texts_stay_in_the_order_of_texts(project: Workplace) -> None:
    make_jobs(project, "VARCHAR(20)")
    assert planned(project) == ["1", "10", "100", "15", "2", "3"]


def test_a_column_may_be_the_id_of_a_phase_and_its_index(project: Workplace) -> None:
    make_jobs(project, phase_index="id")
    plan = project.inv("dry-run", "--format=json").json()["phases"]
    assert [one["phase_index"] for one in plan] == sorted(NUMBERS)
    assert [one["phase_id"] for one in plan] == [str(number) for number in sorted(NUMBERS)]


def test_a_table_without_runs_is_one_run(project: Workplace) -> None:
    make_jobs(project, run_id={"value": "all"})
    before = project.sql("SELECT id, queue, payload FROM jobs ORDER BY id")
    assert project.inv("doctor").code == 0
    assert project.inv("list-run-counts").out == "all\t0\t6\t0\t0\n"
    assert project.inv("pick-next-run").out == "all\tdefault\n"
    assert project.inv("dry-run", "--run-id=mail", "--format=json").json()["would_drain"] == 0

    assert project.inv("drain", "--run-id=all", "--batch-size=4").code == 0
    assert project.taken() == ["all/1", "all/2", "all/3", "all/10"]
    assert project.sql("SELECT id, queue, payload FROM jobs ORDER BY id") == before
    assert sorted(project.sql("SELECT id FROM jobs WHERE status = 'failed'")) == [(15,), (100,)]


def test_queued_phases_that_are_numbers_are_drained_as_numbers(project: Workplace) -> None:
    make_jobs(project, state="todo")
    assert project.inv("drain-queued", "--run-id=mail", "--batch-size=2").code == 0
    assert [one["phase_id"] for one in project.session()["results"]] == [str(number) for number in sorted(NUMBERS)]


def test_runs_that_are_numbers_are_counted_and_picked_as_numbers(project: Workplace) -> None:
    make_jobs(project, state="todo", run_id="id", phase_id="queue")
    expected = [str(number) for number in sorted(NUMBERS)]
    assert [line.split("\t")[0] for line in project.inv("list-run-counts").lines] == expected
    assert project.inv("pick-next-run").out.startswith("1\t")


def test_the_first_run_that_is_waited_for_is_the_one_with_the_lowest_number(project: Workplace) -> None:
    make_jobs(project, run_id="id", phase_id="queue")
    project.configure(depends_on=[{"run": "100", "after": ["2", "10"]}])
    skipped = project.inv("dry-run", "--format=json").json()["skipped"]
    assert [(one["rule"], one["value"]) for one in skipped] == [("depends_on", "waits for run 2")]


@pytest.mark.parametrize("batch_size", [1, 30])
def test_of_a_lane_that_keeps_few_the_lowest_numbers_are_kept(project: Workplace, batch_size: int) -> None:
    """Long failure texts leave room for one phase of each lane: it is the first one all the same."""
    project.sql("CREATE TABLE phases2 (id INTEGER PRIMARY KEY, r VARCHAR(9), s VARCHAR(9), why TEXT)")
    project.sql(
        "INSERT INTO phases2 VALUES (:id, 'r', 'FAILED', :why)",
        [{"id": number, "why": "x" * 20_000} for number in range(30, 0, -1)],
    )
    columns = {"run_id": "r", "phase_id": "id", "phase_index": None, "state": "s", "last_failure_reason": "why"}
    project.source = {"table": "phases2", "columns": columns}
    project.configure()
    assert planned(project, f"--batch-size={batch_size}") == [str(number) for number in range(1, batch_size + 1)]
