"""A chain is one thing: its limits, its rate, its report and what `resume` goes on with are of the whole."""

from __future__ import annotations

import json
import signal

import pytest

from tests.drain.chaining import end_in, executed, queue, summary_of, totals
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def test_the_minutes_of_a_chain_are_those_of_its_parts_together(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "r/q~sleep=1.3")
    sqlite_project.fail("r/f")

    ran = sqlite_project.inv("drain-all", "--max-total-minutes=0.02")

    assert (ran.code, sqlite_project.states()["r/f"]) == (0, "FAILED"), ran
    assert "stop.max_total_minutes" in ran.out


def test_the_rate_of_a_chain_is_judged_over_all_its_parts(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "r/a", "r/b", "r/c")
    sqlite_project.fail("r/f~fail")

    assert sqlite_project.inv("drain-all", "--min-success-rate=0.7").code == 0
    assert totals(sqlite_project) == (4, 3, 1)


def test_the_rate_of_a_chain_can_be_missed_though_its_last_part_succeeds(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "r/a~fail", "r/b~fail")
    sqlite_project.fail("s/f")
    assert sqlite_project.inv("drain-all", "--min-success-rate=0.5").code == 1


def test_a_category_is_of_the_queued_phases_too(sqlite_project: Workplace) -> None:
    """A queued phase that never failed is of none, not even of 'unknown'."""
    queue(sqlite_project, "r/never")
    queue(sqlite_project, "s/again", reason="connection reset by peer")
    sqlite_project.fail("t/f", reason="connection reset by peer")
    sqlite_project.fail("u/f")

    assert sqlite_project.inv("drain-all", "--category=transient").code == 0
    assert sqlite_project.states() == {"r/never": "QUEUED", "s/again": "COMPLETE", "t/f": "COMPLETE", "u/f": "FAILED"}
    assert sqlite_project.inv("drain-all", "--category=unknown").code == 0
    assert sqlite_project.states()["r/never"] == "QUEUED"


@pytest.mark.parametrize("task", ["drain-all", "chain-with-queued"])
def test_the_first_failure_ends_a_chain_and_is_not_tried_again(sqlite_project: Workplace, task: str) -> None:
    queue(sqlite_project, "r/a~fail", "r/b")
    sqlite_project.fail("r/f")

    ran = sqlite_project.inv(task, *(["--run-id=r"] if task == "chain-with-queued" else []), "--stop-on-first-failure")

    assert (ran.code, executed(sqlite_project)) == (1, ["r/a~fail"])
    assert summary_of(sqlite_project)["status"] == "stopped"
    assert ran.lines[-1] == f"inv resume --session-id={sqlite_project.session()['session_id']}"


def test_the_first_failure_ends_a_chain_in_its_failed_part_too(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "r/q")
    sqlite_project.fail("r/a~fail", "r/b", "r/c")

    assert sqlite_project.inv("drain-all", "--stop-on-first-failure", "--policy=run-order").code == 1
    assert executed(sqlite_project) == ["r/q", "r/a~fail"]


def test_a_phase_that_fails_in_the_queued_part_is_not_drained_again_by_the_failed_one(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "r/a~fail")
    sqlite_project.fail("r/f")

    assert sqlite_project.inv("drain-all").code == 1

    assert executed(sqlite_project) == ["r/a~fail", "r/f"]
    assert "already attempted: in this chain" in sqlite_project.inv("resume", f"--session-id={last(sqlite_project)}").out


def last(project: Workplace) -> str:
    return str(project.session()["session_id"])


@pytest.mark.parametrize("setting", [{"max_repeats": 1}, {"max_consecutive_failures": 1}, {"max_timeouts_per_run": 1}])
def test_what_stops_a_chain_is_counted_over_its_parts(sqlite_project: Workplace, setting: dict[str, int]) -> None:
    sqlite_project.configure(stop=setting, timeout={"default_s": 0.5, "adaptive": False})
    queue(sqlite_project, "r/a~sleep=600" if "max_timeouts_per_run" in setting else "r/a~alike")
    sqlite_project.fail("r/f", reason="RuntimeError: the shared service is broken")

    sqlite_project.inv("drain-all")

    assert sqlite_project.states()["r/f"] == "FAILED"


@pytest.mark.everyday("sqlite", "postgresql")
def test_the_queued_part_is_one_session_run_by_run_with_the_most_queued_first(project: Workplace) -> None:
    queue(project, "b/1", "b/2~fail", "b/3~fail", "b/4")
    queue(project, "a/1", "a/2", "a/3")
    queue(project, "c/1", "c/2", "c/3")
    project.configure(refresh_s=0.001)

    assert project.inv("drain-all", "--queued-batch-size=1").code == 1

    assert project.taken(0) == ["b/1", "b/2~fail", "b/3~fail", "b/4", "a/1", "a/2", "a/3", "c/1", "c/2", "c/3"]
    assert len(project.session_files()) == 1, "what failed in it is not there for a second one"


def test_a_resumed_queued_part_goes_on_with_the_run_that_it_had_begun(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "b/1", "b/2", "b/3~while=stays", "b/4")
    queue(sqlite_project, "a/1", "a/2", "a/3")

    assert end_in(sqlite_project, "b/3", signal.SIGINT, "drain-all") == 130
    assert sqlite_project.inv("resume").code == 0

    assert sqlite_project.taken(0)[:4] == ["b/1", "b/2", "b/3~while=stays", "b/4"]


def test_a_chain_is_one_record_one_line_and_one_summary(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "r/q")
    sqlite_project.fail("r/f", "s/g~fail")

    ran = sqlite_project.inv("drain-all")

    rows = sqlite_project.sql("SELECT chain_uid, task, status FROM batchdrain_chain")
    assert rows == [(sqlite_project.session()["chain_uid"], "drain-all", "complete")]
    listed = sqlite_project.inv("sessions").lines
    assert len([line for line in listed if line.startswith("batch-drain-")]) == 1
    assert listed[1].split()[1:6] == ["chain", "complete", "3", "2", "1"]
    assert ran.out.count("BATCH DRAIN SUMMARY") == 1
    assert ran.out.endswith(sqlite_project.inv("summary").out), "and `summary` shows the same"
    assert [line for line in ran.lines if line.endswith(" succeeded")] == ["  r: 2/2 succeeded", "  s: 0/1 succeeded"]


@pytest.mark.parametrize("shape", ["json", "markdown"])
def test_every_report_of_a_chain_is_of_both_sessions(sqlite_project: Workplace, shape: str) -> None:
    queue(sqlite_project, "r/q")
    sqlite_project.fail("r/f")
    sqlite_project.inv("drain-all")
    ids = [str(sqlite_project.session(number)["session_id"]) for number in (0, 1)]

    told = sqlite_project.inv("summary", f"--format={shape}").out

    if shape == "json":
        found = json.loads(told)
        assert (found["sessions"], len(found["results"]), found["total_processed"]) == (ids, 2, 2)
    assert all(name.rpartition("-")[2] in told for name in ids)


def test_what_both_parts_of_a_chain_skip_by_one_rule_is_told_as_one_sum(sqlite_project: Workplace) -> None:
    sqlite_project.configure(depends_on=[{"run": "late", "after": ["early"]}])
    sqlite_project.add(("early", "p", 0, "EXECUTING", None))
    queue(sqlite_project, "late/q", "now/q")
    sqlite_project.fail("late/f", "late/g", "now/f")
    assert sqlite_project.inv("drain-all").code == 0
    by_part = [sqlite_project.session(number)["skipped"] for number in (0, 1)]
    assert [[one["count"] for one in skipped] for skipped in by_part] == [[1], [2]], by_part

    [skipped] = sqlite_project.inv("summary", "--format=json").json()["skipped"]

    assert (skipped["rule"], skipped["count"]) == ("depends_on", 3)


def test_a_dry_run_of_drain_all_is_one_report_with_a_line_a_run(sqlite_project: Workplace) -> None:
    names = [f"run-{number:03}/q" for number in range(200)]
    queue(sqlite_project, *names)
    sqlite_project.fail("run-000/f", "z/f")

    ran = sqlite_project.inv("--dry", "drain-all")

    assert ran.code == 0
    of_runs = [line for line in ran.lines if line.startswith("  ") and not line.startswith("  fewer if results")]
    assert of_runs[:2] == ["  run-000: 1 queued, then 1 failed", "  run-001: 1 queued"]
    assert (len(of_runs), len(ran.lines)) == (201, 210)
    assert "--run-id" not in ran.out
    assert not sqlite_project.sessions.exists(), "and nothing is written"
    assert sqlite_project.sql("SELECT name FROM sqlite_master WHERE name LIKE 'batchdrain%'") == []


def test_a_dry_run_and_the_chain_take_the_same_phases(sqlite_project: Workplace) -> None:
    queue(sqlite_project, "a/1", "a/2", "b/1")
    sqlite_project.fail("a/f", "b/f", "c/f")

    told = sqlite_project.inv("--dry", "drain-all", "--queued-batch-size=1", "--max-batches=2", "--batch-size=1").out
    ran = sqlite_project.inv("drain-all", "--queued-batch-size=1", "--max-batches=2", "--batch-size=1")

    assert "Would drain 2 of 3 queued" in told
    assert "Would drain up to 1 of 3 failed" in told
    assert ran.code == 0
    assert (len(sqlite_project.taken(0)), len(sqlite_project.taken(1))) == (2, 1)


def test_queued_phases_are_drained_though_runs_with_queued_ones_are_to_be_left_alone(sqlite_project: Workplace) -> None:
    """That setting is of failed phases."""
    sqlite_project.configure(stop={"skip_runs_with_queued": True})
    queue(sqlite_project, "r/q")
    sqlite_project.fail("r/f")

    assert sqlite_project.inv("drain-all").code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
