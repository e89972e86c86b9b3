"""The drains of a group are one: its batch size and its end are counted over all of them, whatever is killed."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.watching import started, watched
from tests.support.aging import age
from tests.support.workplace import Beside, Workplace, ended, read_until

SIZE = 25
GROUP = ("drain", "--group=nightly", f"--batch-size={SIZE}")
UNITS = "SELECT most, taken, stopped FROM batchdrain_group"


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_three_drains_of_a_group_take_together_what_one_was_asked_for(project: Workplace) -> None:
    names = [f"run{number % 10}/p{number}~ms=1" for number in range(60)]
    witness = watched(project, *names)
    with ThreadPoolExecutor(3) as pool:
        ran = list(pool.map(lambda _: project.inv(*GROUP), range(3)))

    assert [(one.code, one.err) for one in ran] == [(0, "")] * 3, ran
    assert violations(project, witness, "".join(one.out for one in ran)) == []
    assert len([seen for seen in witnessed(witness) if seen.word == "end"]) == SIZE
    assert project.sql(UNITS) == [(SIZE, SIZE, None)]
    assert {project.session(number)["status"] for number in range(len(project.session_files()))} == {"complete"}


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_a_drain_that_comes_when_the_group_has_all_takes_nothing_and_says_so(project: Workplace) -> None:
    project.fail("r/a", "r/b", "s/c")
    assert project.inv("drain", "--group=n 'é", "--batch-size=2").code == 0
    dry = project.inv("dry-run", "--group=n 'é", "--batch-size=2")
    late = project.inv("drain", "--group=n 'é", "--batch-size=2")

    assert (late.code, "Nothing was drained" in late.out) == (0, True), late
    assert "  1 is left: --group: n 'é has taken its 2" in late.lines, late
    assert "The group takes nothing more: --group: n 'é has taken its 2" in dry.lines, dry
    assert list(project.states().values()).count("FAILED") == 1
    assert project.inv("drain", "--group=N 'é", "--batch-size=2").code == 0, "another name is another group"
    assert "FAILED" not in project.states().values()


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_what_a_killed_drain_held_may_be_taken_by_another_one_of_the_group(project: Workplace) -> None:
    witness = watched(project, "a/p~hang", "b/q~ms=1", "c/r~ms=1")
    killed = project.start("drain", "--group=g", "--batch-size=2", "--policy=run-order")
    started(witness, 1)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert project.sql("SELECT taken FROM batchdrain_group") == [(1,)]

    plan = project.inv("dry-run", "--group=g", "--batch-size=2", "--exclude-run=a", "--format=json").json()
    ran = project.inv("drain", "--group=g", "--batch-size=2", "--exclude-run=a")

    assert (ran.code, sorted(name for name, state in project.states().items() if state == "COMPLETE")) == (
        0, ["b/q~ms=1", "c/r~ms=1"],
    ), ran  # fmt: skip
    assert len(plan["phases"]) == 2, "what the dead one holds is given back first"
    assert project.sql("SELECT most, taken FROM batchdrain_group") == [(2, 2)]


def test_a_phase_that_is_given_back_without_a_result_returns_its_unit(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang", "b/q~ms=1")
    drain = sqlite_project.start("drain", "--group=g", "--batch-size=1", "--policy=run-order")
    started(witness, 1)
    assert sqlite_project.sql("SELECT taken FROM batchdrain_group") == [(1,)]
    drain.send_signal(signal.SIGINT)
    assert ended(drain)[0] == 130
    assert sqlite_project.sql("SELECT taken FROM batchdrain_group") == [(0,)]


def test_a_phase_that_is_tried_again_takes_no_other_unit(sqlite_project: Workplace) -> None:
    sqlite_project.configure(retry={"max_attempts": 3, "initial_s": 0.01})
    sqlite_project.fail("a/p~transient=3", "b/q")
    assert sqlite_project.inv("drain", "--group=g", "--batch-size=2").code == 0
    assert sqlite_project.sql("SELECT taken, (SELECT count(*) FROM batchdrain_attempt) FROM batchdrain_group") == [(2, 4)]


def test_what_another_drain_of_the_group_has_tried_in_vain_is_not_tried_once_more(project: Workplace) -> None:
    watched(project, *(f"run{number % 10}/p{number}~fail" for number in range(20)))
    with ThreadPoolExecutor(3) as pool:
        ran = list(pool.map(lambda _: project.inv("drain", "--group=g", "--batch-size=12"), range(3)))
    assert {one.code for one in ran} <= {0, 1}, ran
    assert project.sql("SELECT count(*), count(DISTINCT phase_id) FROM batchdrain_attempt") == [(12, 12)]

    project.sql("UPDATE batchdrain_group SET most = 13")
    plan = project.inv("dry-run", "--group=g", "--batch-size=12")
    assert "Would drain 1 of 20: 12 are skipped, 7 do not fit into the batch" in plan.lines, plan
    assert "  12 skipped by --group: a drain of g has tried it" in plan.lines


def test_a_drain_that_waits_to_try_again_ends_once_its_group_is_stopped(sqlite_project: Workplace) -> None:
    sqlite_project.configure(retry={"max_attempts": 1000, "initial_s": 0.1, "max_s": 0.1, "outage_after": 0})
    sqlite_project.fail("a/p~transient=1000")
    drain = sqlite_project.start("drain", "--group=g", "--batch-size=2")
    read_until(drain, "✗ Failed")
    sqlite_project.sql("UPDATE batchdrain_group SET stopped = 'enough'")
    code, out = ended(drain)
    assert (code, sqlite_project.session()["status"], "--group: another drain of g was stopped: enough" in out) == (
        1, "stopped", True,
    ), out  # fmt: skip
    assert sqlite_project.sql("SELECT taken FROM batchdrain_group") == [(1,)]


def test_plans_of_any_length_share_the_batch_size_that_their_drains_ask_for(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/p", "b/q", "b/r")
    for run in "ab":
        sqlite_project.inv("dry-run", f"--run-id={run}", f"--output={run}.json")
    ran = [sqlite_project.inv("drain", f"--plan={run}.json", "--group=g", "--batch-size=2") for run in "ab"]
    assert [one.code for one in ran] == [0, 0], ran
    assert sqlite_project.sql(UNITS) == [(2, 2, None)]


@pytest.mark.parametrize("flag", ["--batch-size=3", "--max-total-minutes=7"])
def test_a_drain_of_a_group_asks_for_what_the_first_one_asked_for(sqlite_project: Workplace, flag: str) -> None:
    sqlite_project.fail("r/a", "r/b")
    sqlite_project.inv("drain", "--group=g", "--batch-size=1")
    ran = sqlite_project.inv("drain", "--group=g", flag, *(() if "size" in flag else ["--batch-size=1"]))
    name, _, value = flag.partition("=")
    assert (ran.code, f"g was begun with {name} " in ran.err, f"asks for {value}" in ran.err) == (2, True, True), ran
    assert list(sqlite_project.states().values()).count("FAILED") == 1


def at_work(project: Workplace, *flags: str) -> Beside:
    """A drain of a group, whose command waits for the file `go`."""
    witness = watched(project, f"a/p~until={project.root / 'go'}", "b/q", "c/fails~fail", "d/fails~fail", "e/r")
    drain = project.start("drain", "--group=g", "--batch-size=5", "--run-id=[ab]", "--policy=run-order", *flags)
    started(witness, 1)
    return drain


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_stop_condition_of_one_drain_ends_the_group(project: Workplace) -> None:
    first = at_work(project)
    stop = ("--group=g", "--batch-size=5", "--run-id=[cd]")
    project.configure(stop={"max_consecutive_failures": 2})
    second = project.inv("drain", *stop)
    (project.root / "go").touch()
    code, out = ended(first)

    assert (second.code, project.sql(UNITS)) == (1, [(5, 3, "stop.max_consecutive_failures: 2 failures in a row")]), second
    assert (code, project.states()["b/q"]) == (0, "FAILED"), out
    assert "another drain of g was stopped: stop.max_consecutive_failures: 2 failures in a row" in out
    assert not out.rstrip().splitlines()[-1].startswith("inv resume"), "a group that was stopped takes nothing more"


def test_the_minutes_of_a_group_begin_with_its_first_drain(sqlite_project: Workplace) -> None:
    first = at_work(sqlite_project, "--max-total-minutes=60")
    sqlite_project.sql("UPDATE batchdrain_group SET until_ms = until_ms - 3600000")
    late = sqlite_project.inv("drain", "--group=g", "--batch-size=5", "--run-id=e", "--max-total-minutes=60")
    (sqlite_project.root / "go").touch()
    code, out = ended(first)

    assert (code, "the minutes of g are over" in out, sqlite_project.states()["b/q"]) == (0, True, "FAILED"), out
    assert (late.code, "the minutes of g are over" in late.out) == (0, True)


def test_a_resumed_session_stays_in_its_group(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang", "b/q", "c/r")
    drain = sqlite_project.start("drain", "--group=g", "--batch-size=2", "--policy=run-order")
    started(witness, 1)
    drain.send_signal(signal.SIGINT)
    ended(drain)
    sqlite_project.inv("drain", "--group=g", "--batch-size=2", "--run-id=c")
    sqlite_project.sql("UPDATE phases SET phase_id = 'p' WHERE run_id = 'a'")

    assert sqlite_project.inv("resume").code == 0
    assert list(sqlite_project.states().values()).count("FAILED") == 1
    assert sqlite_project.inv("drain", "--resume", "--group=g").code == 2


def test_a_group_that_somebody_removed_ends_its_drain_without_a_claim(sqlite_project: Workplace) -> None:
    first = at_work(sqlite_project)
    sqlite_project.sql("DELETE FROM batchdrain_group")
    (sqlite_project.root / "go").touch()
    code, out = ended(first)
    assert (code, "somebody removed g from batchdrain_group" in out, sqlite_project.states()["b/q"]) == (0, True, "FAILED")


def test_a_ledger_of_before_groups_refuses_one_and_drains_without(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, f"a/p~until={sqlite_project.root / 'go'}", "b/q")
    first = sqlite_project.start("drain", "--run-id=a")
    started(witness, 1)
    sqlite_project.sql("DROP TABLE batchdrain_group")
    sqlite_project.sql("ALTER TABLE batchdrain_claim DROP COLUMN group_key")
    sqlite_project.sql("UPDATE batchdrain_meta SET value = '3' WHERE name = 'schema_version'")

    ran = sqlite_project.inv("drain", "--group=g", "--run-id=b")
    (sqlite_project.root / "go").touch()
    ended(first)

    assert (ran.code, "which has no groups" in ran.err) == (78, True), ran
    assert sqlite_project.inv("drain", "--group=g", "--run-id=b").code == 0, "nobody holds a claim any more"


def test_prune_removes_old_groups_unless_a_session_is_to_be_resumed(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang", "b/q")
    drain = sqlite_project.start("drain", "--group=g", "--batch-size=2", "--policy=run-order")
    started(witness, 1)
    drain.send_signal(signal.SIGINT)
    ended(drain)
    age(sqlite_project, 40, str(sqlite_project.session()["session_id"]))
    sqlite_project.sql(f"UPDATE batchdrain_group SET begun_ms = begun_ms - {40 * 86_400_000}")

    assert sqlite_project.inv("prune", "--older-than=30d", "--yes").code == 0
    assert sqlite_project.sql("SELECT name FROM batchdrain_group") == [("g",)]
    sqlite_project.inv("resume", "--close")
    assert sqlite_project.inv("drain", "--group=h", "--batch-size=1", "--run-id=b").code == 0
    age(sqlite_project, 40, str(sqlite_project.session(0)["session_id"]))
    assert sqlite_project.inv("prune", "--older-than=30d", "--yes").code == 0
    assert sqlite_project.sql("SELECT name FROM batchdrain_group") == [("h",)]


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_failures_in_a_row_are_counted_over_all_drains_of_a_group(project: Workplace) -> None:
    project.configure(stop={"max_consecutive_failures": 3})
    project.fail("a/p~fail", "b/q~fail", "c/r~fail", "d/s~fail")
    codes = [project.inv("drain", "--group=g", "--batch-size=4", f"--run-id={run}").code for run in "abcd"]
    assert codes == [1, 1, 1, 0]
    assert project.sql(UNITS) == [(4, 3, "stop.max_consecutive_failures: 3 failures in a row")]
    assert project.states()["d/s~fail"] == "FAILED"


def test_what_all_drains_of_a_group_failed_with_is_counted_in_one_place(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_repeats": 2})
    sqlite_project.fail("a/p~fail", "b/q~fail", "c/r~fail", reason="exit code 1")
    for run in "ab":
        assert sqlite_project.inv("drain", "--group=g", "--batch-size=3", f"--run-id={run}").code == 1
    [(figures,)] = sqlite_project.sql("SELECT figures FROM batchdrain_group")
    assert sum(json.loads(figures)["repeats"].values()) == 2, "those of both drains"
