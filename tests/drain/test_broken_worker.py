"""A command that is broken, and one that spends too much: what a session gives for it at most."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from batchdrain.planning.failure_row import FailureRow
from tests.chaos.faults import fault
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def told_budget(session: dict[str, Any]) -> tuple[int, int]:
    """What was spent, and the budget, of a session that its budget ended."""
    found = re.fullmatch(
        r"stop\.max_metric: (\d+) of 'tokens' were reported, the budget is (\d+); a new `inv drain` has a new budget",
        session["stopped_because"],
    )
    assert found is not None, session["stopped_because"]
    return int(found[1]), int(found[2])


NEW = "runtimeerror the shared service is broken"
WORDS = (
    "alpha",
    "bravo",
    "coral",
    "delta",
    "ember",
    "flint",
    "grape",
    "hazel",
    "irons",
    "jolly",
    "kites",
    "lemon",
    "mango",
    "nobel",
)


def fail_in_many_ways(place: Workplace, act: str, count: int = 14) -> None:
    rows = [(f"r{n:02}", f"p~{act}", 0, "FAILED", f"ValueError: {WORDS[n]} is wrong") for n in range(count)]
    place.add(*rows)


@fault(98)
@pytest.mark.parametrize("profile", ["classic", "triage"])
def test_a_broken_command_ends_the_session_after_five_phases(sqlite_project: Workplace, profile: str) -> None:
    fail_in_many_ways(sqlite_project, "alike")
    ran = sqlite_project.inv("drain", f"--profile={profile}", "--batch-size=14")
    assert len(sqlite_project.taken()) == 5, ran.out
    why = f"stop.same_new_failure: the command fails the same way whatever the phase: {NEW} (5 in a row)"
    assert sqlite_project.session()["stopped_because"] == why
    assert sqlite_project.session()["status"] == "stopped"
    assert f"Stopped because: {why}" in ran.lines
    assert ran.code == 1


@fault(98)
def test_a_broken_command_ends_the_session_though_half_of_the_rows_stored_its_text(sqlite_project: Workplace) -> None:
    fail_in_many_ways(sqlite_project, "alike", 7)
    sqlite_project.fail(*(f"s{n}/p~alike" for n in range(7)), reason="RuntimeError: the shared service is broken")
    sqlite_project.inv("drain", "--profile=triage", "--batch-size=14")
    assert sqlite_project.session()["stopped_because"].startswith("stop.same_new_failure")
    assert len(sqlite_project.taken()) <= 6


@fault(98)
@pytest.mark.parametrize("task", ["drain", "drain-queued", "drain-all"])
def test_a_broken_command_ends_the_session_though_its_phases_stored_no_reason(sqlite_project: Workplace, task: str) -> None:
    """Nobody knows that they are alike: each counts as one that had failed in a way of its own."""
    state = "FAILED" if task == "drain" else "QUEUED"
    sqlite_project.add(*(("r", f"p{n}~alike", n, state, None) for n in range(9)))

    ran = sqlite_project.inv(task, *(["--run-id=r"] if task == "drain-queued" else []))

    assert len(sqlite_project.taken()) == 5, ran.out
    assert f"stop.same_new_failure: the command fails the same way whatever the phase: {NEW} (5 in a row)" in ran.out
    assert ran.code == 1


@fault(98)
@pytest.mark.parametrize("queued", [1, 4, 5])
def test_the_failures_of_a_chain_are_one_row_over_both_of_its_parts(sqlite_project: Workplace, queued: int) -> None:
    sqlite_project.add(*(("q", f"p{n}~alike", n, "QUEUED", None) for n in range(queued)))
    fail_in_many_ways(sqlite_project, "alike", 7)

    ran = sqlite_project.inv("drain-all", "--min-success-rate=0")

    executed = (sqlite_project.root / "witness.txt").read_text().splitlines()
    assert (len(executed), ran.code) == (5, 1), ran.out
    assert "stop.same_new_failure" in ran.out
    assert ran.lines[-1].startswith("inv resume --session-id=")
    assert ran.lines[-2] == (
        "Exit code 1, though the success rate of 0.0% reaches the wanted 0.0% (min_success_rate): "
        "the command fails the same way whatever the phase (stop.same_new_failure)."
    )


@fault(98)
def test_with_several_workers_only_what_runs_already_goes_on(sqlite_project: Workplace) -> None:
    fail_in_many_ways(sqlite_project, "alike")
    assert sqlite_project.inv("drain", "--workers=3", "--batch-size=14").code == 1
    assert sqlite_project.session()["stopped_because"].startswith("stop.same_new_failure")
    assert 5 <= len(sqlite_project.taken()) <= 7
    assert "EXECUTING" not in sqlite_project.states().values()


def test_a_broken_command_is_no_success_however_low_the_rate_that_suffices(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"same_new_failure": 2})
    sqlite_project.fail(*(f"a{n}/p~ok" for n in range(6)))
    fail_in_many_ways(sqlite_project, "alike", 4)
    ran = sqlite_project.inv("drain", "--min-success-rate=0.5")
    assert (ran.code, sqlite_project.session()["total_success"], sqlite_project.session()["total_failed"]) == (1, 6, 2)
    assert ran.lines[-2].startswith("Exit code 1, though the success rate of 75.0% reaches the wanted 50.0%"), ran.out


@pytest.mark.parametrize("off", [{"same_new_failure": 0}, {"same_new_failure": 99}])
def test_the_limit_can_be_raised_and_put_off(sqlite_project: Workplace, off: dict[str, int]) -> None:
    sqlite_project.configure(stop=off)
    fail_in_many_ways(sqlite_project, "alike", 7)
    sqlite_project.inv("drain")
    assert (len(sqlite_project.taken()), sqlite_project.session()["stopped_because"]) == (7, None)


def test_phases_that_had_failed_alike_say_nothing_of_the_command(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"r{n}/p~alike" for n in range(8)), reason="ValueError: all the same")
    sqlite_project.inv("drain")
    assert (len(sqlite_project.taken()), sqlite_project.session()["stopped_because"]) == (8, None)


def test_an_outage_is_waited_for_and_is_no_broken_command(sqlite_project: Workplace) -> None:
    (sqlite_project.root / "down").touch()
    fail_in_many_ways(sqlite_project, "weather=down", 6)
    sqlite_project.configure(
        retry={"outage_after": 3, "initial_s": 0.1, "max_s": 0.1, "max_attempts": 1},
        patience={"outage_s": 0.3},
        stop={"same_new_failure": 3},
    )
    sqlite_project.inv("drain")
    assert "an outage lasts" in sqlite_project.session()["stopped_because"]


def test_an_outage_is_not_waited_for_where_nothing_is_left_to_take(sqlite_project: Workplace) -> None:
    """Its pause would be an hour."""
    (sqlite_project.root / "down").touch()
    fail_in_many_ways(sqlite_project, "weather=down", 3)
    sqlite_project.configure(
        retry={"outage_after": 3, "initial_s": 3600, "max_s": 3600, "max_attempts": 1}, patience={"outage_s": 36000}
    )
    assert sqlite_project.inv("drain").code == 1
    assert (len(sqlite_project.taken()), sqlite_project.session()["status"]) == (3, "complete")


def test_a_row_of_failures_ends_with_a_success_or_another_failure() -> None:
    row = FailureRow()
    lengths = []
    for new, stored in [
        ("x", "a"),
        ("x", "a"),
        ("x", "b"),
        ("", "c"),
        ("x", "d"),
        ("x", "e"),
        ("y", "f"),
        ("y", "y"),
        ("", "g"),
    ]:
        row.add(new, stored)
        lengths.append(row.length)
    assert lengths == [0, 0, 3, 0, 0, 2, 0, 2, 0]


def test_a_resumed_session_keeps_its_limits_and_counts_its_row_anew(sqlite_project: Workplace) -> None:
    fail_in_many_ways(sqlite_project, "alike")
    sqlite_project.configure(stop={"same_new_failure": 3})
    sqlite_project.inv("drain", "--batch-size=14")
    sqlite_project.configure(stop={"same_new_failure": 0})
    session_id = sqlite_project.session()["session_id"]
    assert sqlite_project.inv("resume", f"--session-id={session_id}").code == 1
    assert sqlite_project.session()["settings"]["stop"]["same_new_failure"] == 3
    assert len(sqlite_project.taken()) == 6


def test_a_session_that_began_before_these_limits_were_goes_on(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_consecutive_failures": 1})
    sqlite_project.fail("a/p~fail", "a/q~ok", "a/r~ok")
    sqlite_project.inv("drain")
    path: Path = sqlite_project.session_files()[0]
    kept = json.loads(path.read_text())
    del kept["settings"]["stop"]["same_new_failure"], kept["settings"]["stop"]["max_metric"]
    path.write_text(json.dumps(kept))
    sqlite_project.inv("resume", f"--session-id={path.stem}")
    assert sqlite_project.session()["total_success"] == 2


def test_a_session_ends_with_the_phase_that_exceeds_its_budget(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_metric": {"tokens": 40}})
    sqlite_project.fail(*(f"r{n}/p~metrics" for n in range(6)))
    dry = sqlite_project.inv("dry-run")
    assert "Budget: the session ends once its results brought 40 of tokens" in dry.lines
    ran = sqlite_project.inv("drain")
    session = sqlite_project.session()
    assert told_budget(session) == (45, 40)
    assert (ran.code, session["total_success"], session["metrics"]) == (0, 3, {"tokens": 45.0})
    assert any(line.startswith("Metric tokens: 45 (") and line.endswith("; the budget is 40)") for line in ran.lines), ran.out


def test_a_budget_that_is_used_up_is_not_given_anew_by_a_resume(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_metric": {"tokens": 30}})
    sqlite_project.fail(*(f"r{n}/p~metrics" for n in range(6)))
    sqlite_project.inv("drain")
    session_id = sqlite_project.session()["session_id"]
    dry = sqlite_project.inv("--dry", "resume", f"--session-id={session_id}")
    again = sqlite_project.inv("resume", f"--session-id={session_id}")
    assert len(sqlite_project.taken()) == 2, again.out
    assert told_budget(sqlite_project.session()) == (30, 30)
    assert "takes nothing more: stop.max_metric" in dry.out


@pytest.mark.parametrize("text", ["tokens=40,calls=7", '{"tokens": 40, "calls": 7}'])
def test_a_budget_can_be_set_by_a_variable(sqlite_project: Workplace, text: str) -> None:
    sqlite_project.fail("r/p~ok")
    sqlite_project.inv("drain", env={"INVOKE_BATCHDRAIN_STOP_MAX_METRIC": text})
    assert sqlite_project.session()["settings"]["stop"]["max_metric"] == {"tokens": 40.0, "calls": 7.0}


@pytest.mark.parametrize("text", ["tokens", "tokens=many", "tokens=-1", "{", "[1]", "tokens=nan"])
def test_a_variable_that_is_no_budget_is_named(sqlite_project: Workplace, text: str) -> None:
    ran = sqlite_project.inv("dry-run", env={"INVOKE_BATCHDRAIN_STOP_MAX_METRIC": text})
    assert ran.code == 78
    assert ran.err.startswith("batchdrain: INVOKE_BATCHDRAIN_STOP_MAX_METRIC: "), ran.err


def test_what_a_try_reported_stays_spent_when_the_phase_is_tried_again(sqlite_project: Workplace) -> None:
    """Also where a resume finds both tries in the ledger."""
    worker = sqlite_project.root / "spend.py"
    worker.write_text(
        "import json, os, sys\n"
        "with open(os.environ['BATCHDRAIN_RESULT_FILE'], 'w') as file:\n"
        "    json.dump({'metrics': {'tokens': 10}}, file)\n"
        "sys.exit(75 if os.environ['BATCHDRAIN_ATTEMPT'] == '1' else 0)\n"
    )
    sqlite_project.configure(command={"argv": ["{python}", str(worker)]}, stop={"max_metric": {"tokens": 60}})
    sqlite_project.fail(*(f"r{n}/p" for n in range(6)))
    sqlite_project.inv("drain", "--batch-size=6", "--max-total-minutes=0")
    assert told_budget(sqlite_project.session()) == (60, 60)
    assert sqlite_project.session()["metrics"] == {"tokens": 60.0}, "the page shows the sum that ended it"
    session_id = sqlite_project.session()["session_id"]
    before = sqlite_project.session()["total_processed"]
    sqlite_project.inv("resume", f"--session-id={session_id}")
    assert sqlite_project.session()["total_processed"] == before
    assert sqlite_project.session()["metrics"] == {"tokens": 60.0}
    assert told_budget(sqlite_project.session()) == (60, 60)
