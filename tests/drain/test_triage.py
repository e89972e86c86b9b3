"""inv triage, and what becomes of its verdicts, as a user runs it."""

from __future__ import annotations

import json
import signal
import sys
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from tests.drain.diagnosing import (
    DIAGNOSER,
    HOPELESS,
    PROMISING,
    WAIT,
    diagnose,
    diagnosed,
    everything,
    has_ledger,
    hours_later,
    verdicts,
)
from tests.execution.sleep import tasks_that_sleep_once_there_is
from tests.support.workplace import DEADLINE_S, TASKS, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")


@pytest.mark.everyday("sqlite", "postgresql")
def test_verdicts_are_kept_and_heeded_by_dry_run_and_drain(project: Workplace) -> None:
    diagnose(project, {"a/1": HOPELESS, "b/2": WAIT, "c/3": PROMISING, "d/4": {"exit": 3}})
    project.fail("a/1", "b/2", "c/3", "d/4", reason="it broke")
    before = everything(project)

    ran = project.inv("triage")

    assert ran.code == 0, ran.err
    assert everything(project) == before
    assert verdicts(project) == {"a/1": "hopeless", "b/2": "wait", "c/3": "promising"}
    assert project.sql("SELECT count(*) FROM batchdrain_claim") == [(0,)]
    assert project.sql("SELECT count(*) FROM batchdrain_attempt") == [(0,)]
    assert "  - a / 1: hopeless: the branch is gone" in ran.lines
    assert "  + c / 3: promising: the service is back" in ran.lines
    assert any(line.startswith("  - b / 2: wait until 2") and line.endswith(": the queue is full") for line in ran.lines)
    assert "  ? d / 4: no verdict: looking at 'd/4' [exit 3]" in ran.lines
    log = ran.lines[ran.lines.index("  ? d / 4: no verdict: looking at 'd/4' [exit 3]") + 1]
    assert log.startswith("    Log: ")
    assert (project.root / log.removeprefix("    Log: ")).read_text() != ""
    assert "Diagnosed 4: 1 promising, 1 hopeless, 1 wait, 1 no verdict" in ran.lines

    explain_rows = project.inv("dry-run", "--explain").out
    assert "  - a / 1: skipped by triage: hopeless: the branch is gone" in explain_rows
    assert "  - b / 2: skipped by triage: wait until 2" in explain_rows
    assert "  + c / 3: chosen: promising: the service is back, " in explain_rows
    assert project.inv("drain").code == 0
    assert project.states() == {"a/1": "FAILED", "b/2": "FAILED", "c/3": "COMPLETE", "d/4": "COMPLETE"}
    skips = [event["value"] for event in project.events() if event["event"] == "phase.skipped" and event["rule"] == "triage"]
    assert len(skips) == 2


def test_a_promising_phase_goes_first_where_the_policy_says_so(project: Workplace) -> None:
    diagnose(project, {"a/1": {"exit": 1}, "a/2": {"exit": 1}, "a/3": PROMISING})
    project.fail("a/1", "a/2", "a/3")
    project.inv("triage")

    assert "] a / 1" in project.inv("dry-run", "--batch-size=1").out
    assert "] a / 3" in project.inv("dry-run", "--batch-size=1", "--policy=promising-first,smart").out
    assert "] a / 3" in project.inv("dry-run", "--batch-size=1", "--triage").out
    assert project.inv("drain", "--policy=promising-first,smart").code == 0
    assert project.taken() == ["a/3", "a/1", "a/2"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE phases SET last_failure_reason = 'another failure altogether'",
        "UPDATE batchdrain_meta SET value = replace(value, '\"until\": \"2', '\"until\": \"1') WHERE name LIKE 'verdict/%'",
        "UPDATE batchdrain_meta SET value = '{\"not\": \"a note\"}' WHERE name LIKE 'verdict/%'",
        "UPDATE batchdrain_meta SET value = replace(value, 'hopeless', 'dead') WHERE name LIKE 'verdict/%'",
    ],
)
def test_a_verdict_is_void_once_the_failure_is_another_or_its_time_is_over(project: Workplace, change: str) -> None:
    diagnose(project, {"*": HOPELESS})
    project.fail("a/1", reason="it broke 17 times")
    project.inv("triage")
    project.sql("UPDATE phases SET last_failure_reason = 'it broke 18 times'")
    assert "by triage: hopeless" in project.inv("dry-run").out

    project.sql(change)

    assert "Would drain 1 of 1" in project.inv("dry-run").out


def test_a_verdict_is_void_once_the_phase_was_executed(project: Workplace) -> None:
    diagnose(project, {"*": PROMISING})
    project.fail("a/1~alike", reason="RuntimeError: the shared service is broken")
    project.inv("triage")
    assert "promising" in project.inv("dry-run").out

    project.inv("drain")

    assert "promising" not in project.inv("dry-run").out
    project.inv("triage")
    assert diagnosed(project) == ["a/1~alike"] * 2


def test_what_has_a_verdict_is_not_diagnosed_again_unless_asked_for(project: Workplace) -> None:
    diagnose(project, {"a/1": HOPELESS, "b/2": WAIT, "c/3": PROMISING, "d/4": {"exit": 1}})
    project.fail("a/1", "b/2", "c/3", "d/4")
    project.inv("triage")

    again = project.inv("triage")

    assert "Diagnosing 1 of 2 phases" in again.out
    assert diagnosed(project) == ["a/1", "b/2", "c/3", "d/4", "d/4"]
    assert "Diagnosed 4: " in project.inv("triage", "--anew").out
    diagnose(project, {"a/1": PROMISING})
    project.inv("triage", "--anew")
    assert verdicts(project)["a/1"] == "promising"
    assert "all 4 that may be drained are promising" in project.inv("triage").out


def test_the_limit_takes_first_what_a_drain_takes_first(project: Workplace) -> None:
    diagnose(project, {})
    project.fail("a/1", "b/2", "c/3")

    ran = project.inv("triage", "--limit=2", "--format=json")

    assert sorted(found["run_id"] for found in ran.json()["diagnosed"]) == ["a", "b"]
    assert ran.json()["counts"] == {"promising": 2}
    assert [found["run_id"] for found in project.inv("triage", "--limit=2", "--format=json").json()["diagnosed"]] == ["c"]
    assert diagnosed(project) == ["a/1", "b/2", "c/3"]


def test_diagnoses_run_side_by_side(project: Workplace) -> None:
    diagnose(project, {"*": {"meet": 3}}, workers=1)
    project.fail("a/1", "a/2", "a/3")

    assert project.inv("triage", "--workers=3").code == 0
    assert set(verdicts(project).values()) == {"promising"}


def test_a_dry_triage_writes_nothing(project: Workplace) -> None:
    diagnose(project, {})
    project.fail("a/1", "b/2")

    ran = project.inv("--dry", "triage", "--run-id=b")

    assert (ran.code, ran.lines[0]) == (0, "Would diagnose 1 of 1 phase, 2 at a time")
    assert ran.lines[-1] == "  b / 2"
    assert diagnosed(project) == []
    assert not project.sessions.exists()
    assert not has_ledger(project)


def test_the_command_is_told_what_it_diagnoses_and_no_secret(sqlite_project: Workplace) -> None:
    argv = [sys.executable, "-S", str(DIAGNOSER), "--phase={run_id}/{phase_id}", "--session={session_id}"]
    diagnose(sqlite_project, {"*": {"env": True}}, argv=argv)
    sqlite_project.fail("run 1/p", reason="it broke\nand more of it")
    outer = {"DATABASE_URL": "secret", "BATCHDRAIN_ATTEMPT": "7", "BATCHDRAIN_EPOCH": "7"}

    assert sqlite_project.inv("triage", env=outer).code == 0

    env = json.loads((sqlite_project.root / "environ.json").read_text())
    names = ("TRIAGE", "RUN_ID", "PHASE_ID", "PHASE_INDEX", "FAILURE_REASON")
    assert [env[f"BATCHDRAIN_{name}"] for name in names] == ["1", "run 1", "p", "0", "it broke\nand more of it"]
    assert {"DATABASE_URL", "BATCHDRAIN_ATTEMPT", "BATCHDRAIN_EPOCH"} & set(env) == set()
    [folder] = sqlite_project.sessions.iterdir()
    assert json.loads((sqlite_project.root / "argv.json").read_text()) == ["--phase=run 1/p", f"--session={folder.name}"]
    assert folder.name.startswith("triage-")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.read_text() for path in folder.glob("run-1/p.stdout.txt")] == ["looking at 'run 1/p'\n"]
    assert sqlite_project.inv("sessions").code == 0


def test_a_triage_that_begins_in_the_second_of_another_has_a_name_of_its_own(sqlite_project: Workplace) -> None:
    diagnose(sqlite_project, {"*": HOPELESS})
    sqlite_project.fail("r/p")
    now = datetime.now(UTC)
    others = [sqlite_project.sessions / f"triage-{now + timedelta(seconds=after):%Y%m%d-%H%M%S}" for after in range(200)]
    sqlite_project.sessions.mkdir(parents=True, mode=0o700)
    for folder in others:
        folder.mkdir(mode=0o700)

    assert sqlite_project.inv("triage").code == 0

    [own] = set(sqlite_project.sessions.iterdir()) - set(others)
    assert own.name.removesuffix("-2") in {folder.name for folder in others}
    assert [list(folder.iterdir()) for folder in others if any(folder.iterdir())] == []
    assert [path.name for path in own.glob("r/*.stdout.txt")] == ["p.stdout.txt"]


def test_a_wait_is_over_when_its_time_is(sqlite_project: Workplace) -> None:
    diagnose(sqlite_project, {"*": WAIT})
    sqlite_project.fail("a/1")
    sqlite_project.inv("triage")
    assert sqlite_project.inv("drain").code == 0
    assert sqlite_project.states() == {"a/1": "FAILED"}

    hours_later(sqlite_project)

    assert sqlite_project.inv("drain").code == 0
    assert sqlite_project.states() == {"a/1": "COMPLETE"}
    sqlite_project.fail("b/2")
    sqlite_project.inv("triage")
    assert list(verdicts(sqlite_project)) == ["b/2"]  # that of a/1 is not kept for ever


def test_a_diagnosis_that_takes_too_long_is_ended_with_all_it_started(sqlite_project: Workplace) -> None:
    (sqlite_project.root / "tasks.py").write_text(tasks_that_sleep_once_there_is(sqlite_project.root / "hangs", TASKS))
    diagnose(sqlite_project, {"*": {"daemon": True, "hang": True}}, timeout_s=600)
    sqlite_project.fail("a/1")

    ran = sqlite_project.inv("triage")

    assert ran.code == 0
    assert "no verdict: timed out after 600 s (triage.timeout_s)" in ran.out
    assert not psutil.pid_exists(int((sqlite_project.root / "daemon.pid").read_text()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_diagnosis_and_keeps_what_was_said(project: Workplace, number: signal.Signals) -> None:
    diagnose(project, {"a/1": HOPELESS, "*": {"daemon": True, "hang": True}}, workers=2)
    project.fail("a/1", "b/2", "c/3", "d/4")
    before = everything(project)
    triage = project.start("triage")
    wait_for((project.root / "hangs").exists, "a diagnosis that hangs")
    wait_for(lambda: len(diagnosed(project)) == 3, "both slots to be taken")

    triage.send_signal(number)
    out, err = triage.communicate(timeout=DEADLINE_S)

    assert (triage.returncode, err) == (128 + number, b"")
    assert b"Diagnosed 4: 1 hopeless, 3 ended" in out
    assert verdicts(project) == {"a/1": "hopeless"}
    assert everything(project) == before
    assert diagnosed(project) == ["a/1", "b/2", "c/3"]
    pids = [int(line.rpartition(" ")[2]) for line in (project.root / "diagnosed.txt").read_text().splitlines()]
    assert not [pid for pid in [*pids, int((project.root / "daemon.pid").read_text())] if psutil.pid_exists(pid)]


def test_a_phase_that_moved_meanwhile_is_not_diagnosed(sqlite_project: Workplace) -> None:
    diagnose(sqlite_project, {"a/1": {"until": "go"}}, workers=1)
    sqlite_project.fail("a/1", "b/2")
    triage = sqlite_project.start("triage")
    wait_for(lambda: diagnosed(sqlite_project) == ["a/1"], "the first diagnosis")
    sqlite_project.sql("UPDATE phases SET state = 'COMPLETE' WHERE run_id = 'b'")

    (sqlite_project.root / "go").touch()
    out, _ = triage.communicate(timeout=DEADLINE_S)

    assert b"  ? b / 2: no verdict: it is COMPLETE now" in out
    assert diagnosed(sqlite_project) == ["a/1"]
