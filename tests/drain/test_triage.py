"""inv triage, and what becomes of its verdicts, as a user runs it."""

from __future__ import annotations

import json
import signal
import sys

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
from tests.workplace import DEADLINE_S, TASKS, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")


@pytest.mark.everyday("sqlite", "postgresql")
def test_verdicts_are_kept_and_heeded_by_dry_run_and_drain(work: Workplace) -> None:
    diagnose(work, {"a/1": HOPELESS, "b/2": WAIT, "c/3": PROMISING, "d/4": {"exit": 3}})
    work.fail("a/1", "b/2", "c/3", "d/4", reason="it broke")
    before = everything(work)

    ran = work.inv("triage")

    assert ran.code == 0, ran.err
    assert everything(work) == before
    assert verdicts(work) == {"a/1": "hopeless", "b/2": "wait", "c/3": "promising"}
    assert work.sql("SELECT count(*) FROM batchdrain_claim") == [(0,)]
    assert work.sql("SELECT count(*) FROM batchdrain_attempt") == [(0,)]
    assert "  - a / 1: hopeless: the branch is gone" in ran.lines
    assert "  + c / 3: promising: the service is back" in ran.lines
    assert any(line.startswith("  - b / 2: wait until 2") and line.endswith(": the queue is full") for line in ran.lines)
    assert any(line.startswith("  ? d / 4: no verdict: exit code 3: looking at 'd/4' [log: ") for line in ran.lines)
    assert "Diagnosed 4: 1 promising, 1 hopeless, 1 wait, 1 no verdict" in ran.lines

    explained = work.inv("dry-run", "--explain").out
    assert "  - a / 1: skipped by triage: hopeless: the branch is gone" in explained
    assert "  - b / 2: skipped by triage: wait until 2" in explained
    assert "  + c / 3: chosen: promising: the service is back, " in explained
    assert work.inv("drain").code == 0
    assert work.states() == {"a/1": "FAILED", "b/2": "FAILED", "c/3": "COMPLETE", "d/4": "COMPLETE"}
    skips = [event["value"] for event in work.events() if event["event"] == "phase.skipped" and event["rule"] == "triage"]
    assert len(skips) == 2


def test_a_promising_phase_goes_first_where_the_policy_says_so(work: Workplace) -> None:
    diagnose(work, {"a/1": {"exit": 1}, "a/2": {"exit": 1}, "a/3": PROMISING})
    work.fail("a/1", "a/2", "a/3")
    work.inv("triage")

    assert "] a / 1" in work.inv("dry-run", "--batch-size=1").out
    assert "] a / 3" in work.inv("dry-run", "--batch-size=1", "--policy=promising-first,smart").out
    assert "] a / 3" in work.inv("dry-run", "--batch-size=1", "--triage").out
    assert work.inv("drain", "--policy=promising-first,smart").code == 0
    assert work.taken() == ["a/3", "a/1", "a/2"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE phases SET last_failure_reason = 'another failure altogether'",
        "UPDATE batchdrain_meta SET value = replace(value, '\"until\": \"2', '\"until\": \"1') WHERE name LIKE 'verdict/%'",
        "UPDATE batchdrain_meta SET value = '{\"not\": \"a note\"}' WHERE name LIKE 'verdict/%'",
        "UPDATE batchdrain_meta SET value = replace(value, 'hopeless', 'dead') WHERE name LIKE 'verdict/%'",
    ],
)
def test_a_verdict_is_void_once_the_failure_is_another_or_its_time_is_over(work: Workplace, change: str) -> None:
    diagnose(work, {"*": HOPELESS})
    work.fail("a/1", reason="it broke 17 times")
    work.inv("triage")
    work.sql("UPDATE phases SET last_failure_reason = 'it broke 18 times'")
    assert "by triage: hopeless" in work.inv("dry-run").out

    work.sql(change)

    assert "Would drain 1 of 1" in work.inv("dry-run").out


def test_a_verdict_is_void_once_the_phase_was_executed(work: Workplace) -> None:
    diagnose(work, {"*": PROMISING})
    work.fail("a/1~alike", reason="RuntimeError: the shared service is broken")
    work.inv("triage")
    assert "promising" in work.inv("dry-run").out

    work.inv("drain")

    assert "promising" not in work.inv("dry-run").out
    work.inv("triage")
    assert diagnosed(work) == ["a/1~alike"] * 2


def test_what_has_a_verdict_is_not_diagnosed_again_unless_asked_for(work: Workplace) -> None:
    diagnose(work, {"a/1": HOPELESS, "b/2": WAIT, "c/3": PROMISING, "d/4": {"exit": 1}})
    work.fail("a/1", "b/2", "c/3", "d/4")
    work.inv("triage")

    again = work.inv("triage")

    assert "Diagnosing 1 of 2 phases" in again.out
    assert diagnosed(work) == ["a/1", "b/2", "c/3", "d/4", "d/4"]
    assert "Diagnosed 4: " in work.inv("triage", "--anew").out
    diagnose(work, {"a/1": PROMISING})
    work.inv("triage", "--anew")
    assert verdicts(work)["a/1"] == "promising"
    assert "all 4 that may be drained are promising" in work.inv("triage").out


def test_the_limit_takes_first_what_a_drain_takes_first(work: Workplace) -> None:
    diagnose(work, {})
    work.fail("a/1", "b/2", "c/3")

    ran = work.inv("triage", "--limit=2", "--format=json")

    assert sorted(found["run_id"] for found in ran.json()["diagnosed"]) == ["a", "b"]
    assert ran.json()["counts"] == {"promising": 2}
    assert [found["run_id"] for found in work.inv("triage", "--limit=2", "--format=json").json()["diagnosed"]] == ["c"]
    assert diagnosed(work) == ["a/1", "b/2", "c/3"]


def test_diagnoses_run_side_by_side(work: Workplace) -> None:
    diagnose(work, {"*": {"meet": 3}}, workers=1)
    work.fail("a/1", "a/2", "a/3")

    assert work.inv("triage", "--workers=3").code == 0
    assert set(verdicts(work).values()) == {"promising"}


def test_a_dry_triage_writes_nothing(work: Workplace) -> None:
    diagnose(work, {})
    work.fail("a/1", "b/2")

    ran = work.inv("--dry", "triage", "--run-id=b")

    assert (ran.code, ran.lines[0]) == (0, "Would diagnose 1 of 1 phases, 2 side by side")
    assert ran.lines[-1] == "  b / 2"
    assert diagnosed(work) == []
    assert not work.sessions.exists()
    assert not has_ledger(work)


def test_the_command_is_told_what_it_diagnoses_and_no_secret(lite: Workplace) -> None:
    argv = [sys.executable, "-S", str(DIAGNOSER), "--phase={run_id}/{phase_id}", "--session={session_id}"]
    diagnose(lite, {"*": {"env": True}}, argv=argv)
    lite.fail("run 1/p", reason="it broke\nand more of it")
    outer = {"DATABASE_URL": "secret", "BATCHDRAIN_ATTEMPT": "7", "BATCHDRAIN_EPOCH": "7"}

    assert lite.inv("triage", env=outer).code == 0

    env = json.loads((lite.root / "environ.json").read_text())
    names = ("TRIAGE", "RUN_ID", "PHASE_ID", "PHASE_INDEX", "FAILURE_REASON")
    assert [env[f"BATCHDRAIN_{name}"] for name in names] == ["1", "run 1", "p", "0", "it broke\nand more of it"]
    assert {"DATABASE_URL", "BATCHDRAIN_ATTEMPT", "BATCHDRAIN_EPOCH"} & set(env) == set()
    [folder] = lite.sessions.iterdir()
    assert json.loads((lite.root / "argv.json").read_text()) == ["--phase=run 1/p", f"--session={folder.name}"]
    assert folder.name.startswith("triage-")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.read_text() for path in folder.glob("*.stdout.txt")] == ["looking at 'run 1/p'\n"]
    assert lite.inv("sessions").code == 0


def test_a_wait_is_over_when_its_time_is(lite: Workplace) -> None:
    diagnose(lite, {"*": WAIT})
    lite.fail("a/1")
    lite.inv("triage")
    assert lite.inv("drain").code == 0
    assert lite.states() == {"a/1": "FAILED"}

    hours_later(lite)

    assert lite.inv("drain").code == 0
    assert lite.states() == {"a/1": "COMPLETE"}
    lite.fail("b/2")
    lite.inv("triage")
    assert list(verdicts(lite)) == ["b/2"]  # that of a/1 is not kept for ever


def test_a_diagnosis_that_takes_too_long_is_ended_with_all_it_started(lite: Workplace) -> None:
    (lite.root / "tasks.py").write_text(tasks_that_sleep_once_there_is(lite.root / "hangs", TASKS))
    diagnose(lite, {"*": {"daemon": True, "hang": True}}, timeout_s=600)
    lite.fail("a/1")

    ran = lite.inv("triage")

    assert ran.code == 0
    assert "no verdict: timed out after 600 s (triage.timeout_s)" in ran.out
    assert not psutil.pid_exists(int((lite.root / "daemon.pid").read_text()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_diagnosis_and_keeps_what_was_said(work: Workplace, number: signal.Signals) -> None:
    diagnose(work, {"a/1": HOPELESS, "*": {"daemon": True, "hang": True}}, workers=2)
    work.fail("a/1", "b/2", "c/3", "d/4")
    before = everything(work)
    triage = work.start("triage")
    wait_for((work.root / "hangs").exists, "a diagnosis that hangs")
    wait_for(lambda: len(diagnosed(work)) == 3, "both slots to be taken")

    triage.send_signal(number)
    out, err = triage.communicate(timeout=DEADLINE_S)

    assert (triage.returncode, err) == (128 + number, b"")
    assert b"Diagnosed 4: 1 hopeless, 3 ended" in out
    assert verdicts(work) == {"a/1": "hopeless"}
    assert everything(work) == before
    assert diagnosed(work) == ["a/1", "b/2", "c/3"]
    pids = [int(line.rpartition(" ")[2]) for line in (work.root / "diagnosed.txt").read_text().splitlines()]
    assert not [pid for pid in [*pids, int((work.root / "daemon.pid").read_text())] if psutil.pid_exists(pid)]


def test_a_phase_that_moved_meanwhile_is_not_diagnosed(lite: Workplace) -> None:
    diagnose(lite, {"a/1": {"until": "go"}}, workers=1)
    lite.fail("a/1", "b/2")
    triage = lite.start("triage")
    wait_for(lambda: diagnosed(lite) == ["a/1"], "the first diagnosis")
    lite.sql("UPDATE phases SET state = 'COMPLETE' WHERE run_id = 'b'")

    (lite.root / "go").touch()
    out, _ = triage.communicate(timeout=DEADLINE_S)

    assert b"  ? b / 2: no verdict: it is COMPLETE now" in out
    assert diagnosed(lite) == ["a/1"]
